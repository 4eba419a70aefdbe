// Package rules is "checkpoint policy": the tools of who writes the rules of a lane.
package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/verdict/words"
)

// Commands is "checkpoint policy".
type Commands struct {
	Test    testCmd    `cmd:"" help:"Run the tests that policy files bring along. Exit 0: all hold, 2: not all."`
	Explain explainCmd `cmd:"" help:"Say what every rule makes of a presentation, and to whom what is said."`
	Diff    diffCmd    `cmd:"" help:"Say whose outcome changes from one policy to another. Exit 0: nobody's, 2: somebody's."`
	Facts   factsCmd   `cmd:"" help:"Write presentations as facts only, less what is personal."`
	Cost    costCmd    `cmd:"" help:"Say what every rule may cost at most, and all of them together."`
	Reasons reasonsCmd `cmd:"" help:"List the reasons that rules may give, with the words for officers."`
}

// Help is shown by "checkpoint policy --help".
func (Commands) Help() string {
	return `Tools for who writes the rules of a lane. docs/policy.md tells how a policy file is written;
"checkpoint bundle profiles" writes those that come with the program.

A presentation is a line of JSON with facts, never with a code's payload:

  {"name": "green of today", "facts": {"now": "2026-11-21T12:00:00+08:00", "codes": [{"format":
   "HCT1", "scheme": "HK", "colour": "green", "meaning": "may-cross"}]}}`
}

// readPolicy compiles a policy file and does not run its tests.
func readPolicy(name string) (*policy.Policy, []policy.Case, error) {
	data, err := input.File(name)
	if err != nil {
		return nil, nil, err
	}
	p, cases, err := policy.Compile(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s", name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return p, cases, nil
}

// readCases reads lines of JSON; empty ones are left out.
func readCases(name string) ([]policy.Case, error) {
	data, err := input.File(name)
	if err != nil {
		return nil, err
	}
	var out []policy.Case
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		c, err := policy.ReadCase(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if c.Name == "" {
			c.Name = fmt.Sprintf("line %d", n)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

type testCmd struct {
	Files []string `arg:"" name:"file" type:"existingfile" help:"Policy files."`
}

func (c *testCmd) Run() error { return c.run(os.Stdout) }

func (c *testCmd) run(w io.Writer) error {
	var no error
	for _, name := range c.Files {
		p, cases, err := readPolicy(name)
		if err != nil {
			fmt.Fprintln(w, err)
			no = exit.ErrNo
			continue
		}
		bad, decided := 0, map[string]bool{}
		for _, c := range cases {
			if err := p.Check(c); err != nil {
				fmt.Fprintf(w, "%s: %s: %v\n", name, c.Name, err)
				bad++
			}
			if v, err := p.Try(c); err == nil {
				decided[v.Rule] = true
			}
		}
		if bad > 0 {
			no = exit.ErrNo
		}
		fmt.Fprintf(w, "%s: %d of %d tests hold", name, len(cases)-bad, len(cases))
		if idle := undecided(p, decided); len(idle) > 0 {
			fmt.Fprintf(w, "; no test is decided by %s", strings.Join(idle, ", "))
		}
		fmt.Fprintln(w)
	}
	return no
}

func undecided(p *policy.Policy, decided map[string]bool) []string {
	var out []string
	for _, l := range p.Costs() {
		if l.Kind == "rule" && !decided[l.Name] {
			out = append(out, l.Name)
		}
	}
	return out
}

type costCmd struct {
	File string `arg:"" type:"existingfile" help:"Policy file."`
}

func (c *costCmd) Run() error { return c.run(os.Stdout) }

func (c *costCmd) run(w io.Writer) error {
	p, _, err := readPolicy(c.File)
	if err != nil {
		return err
	}
	lines := p.Costs()
	slices.SortStableFunc(lines, func(a, b policy.Line) int { return int(int64(b.Units) - int64(a.Units)) })
	fmt.Fprintf(w, "%9s  %9s\n", "decides", "measures")
	for _, l := range lines {
		fmt.Fprintf(w, "%9d  %9d  %s %s\n", l.Units, l.Measured, l.Kind, l.Name)
	}
	fmt.Fprintf(w, "%9d  of at most %d units: every term and rule once, and the dearest measurement\n", p.Cost(), uint64(policy.MaxCost))
	return nil
}

type reasonsCmd struct {
	Language string `default:"en" enum:"zh-Hant,zh-Hans,en,ja,ko,pt" help:"zh-Hant, zh-Hans, en, ja, ko or pt."`
}

func (c *reasonsCmd) Run() error { return c.run(os.Stdout) }

func (c *reasonsCmd) run(w io.Writer) error {
	for _, r := range words.Reasons() {
		if words.ForRules(r) {
			fmt.Fprintf(w, "%-24s%s\n", r, words.Officer(r).In(c.Language))
		}
	}
	return nil
}
