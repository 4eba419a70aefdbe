package rules

import (
	"fmt"
	"io"
	"os"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/policy"
)

type diffCmd struct {
	A     string `arg:"" type:"existingfile" help:"Policy file."`
	B     string `arg:"" type:"existingfile" help:"The one to compare with it."`
	Facts string `type:"existingfile" placeholder:"FILE" help:"Lines of JSON, one presentation each. Without, the tests of both files and presentations that are made up."`
	At    string `placeholder:"RFC3339" help:"The time of made-up presentations; without, now, or when the later policy begins."`
}

func (c *diffCmd) Run() error { return c.run(os.Stdout) }

func (c *diffCmd) run(w io.Writer) error {
	a, ofA, err := readPolicy(c.A)
	if err != nil {
		return err
	}
	b, ofB, err := readPolicy(c.B)
	if err != nil {
		return err
	}
	cases := append(ofA, ofB...)
	if c.Facts != "" {
		cases, err = readCases(c.Facts)
	} else {
		var at time.Time
		if at, err = c.at(a, b); err == nil {
			cases = append(cases, policy.MadeUp(at)...)
		}
	}
	if err != nil {
		return err
	}
	var outcome, reason, same, before int
	for _, one := range cases {
		if !a.InForce(one) || !b.InForce(one) {
			before++
			continue
		}
		x, errA := a.Try(one)
		y, errB := b.Try(one)
		switch {
		case errA != nil || errB != nil:
			return fmt.Errorf("%s: it cannot be tried", one.Name)
		case x.Outcome != y.Outcome:
			outcome++
			fmt.Fprintf(w, "%s: %s (%s) → %s (%s, rule %s)\n", one.Name, x.Outcome, x.Reason, y.Outcome, y.Reason, y.Rule)
		case x.Reason != y.Reason:
			reason++
		default:
			same++
		}
	}
	fmt.Fprintf(w, "%d presentations: the outcome of %d changes, of %d only the reason, of %d neither; %d are before one of the policies is in force\n",
		len(cases), outcome, reason, same, before)
	if outcome > 0 {
		return exit.ErrNo
	}
	return nil
}

func (c *diffCmd) at(a, b *policy.Policy) (time.Time, error) {
	if c.At != "" {
		at, err := input.Time(c.At)
		if err != nil {
			return at, fmt.Errorf("--at: %w", err)
		}
		return at, nil
	}
	at := time.Now()
	for _, p := range []*policy.Policy{a, b} {
		if at.Before(p.Effective()) {
			at = p.Effective()
		}
	}
	return at, nil
}
