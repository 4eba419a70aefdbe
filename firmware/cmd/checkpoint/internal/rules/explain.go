package rules

import (
	"fmt"
	"io"
	"os"
	"strings"

	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

type explainCmd struct {
	File     string `arg:"" type:"existingfile" help:"Policy file."`
	Facts    string `type:"existingfile" placeholder:"FILE" help:"Lines of JSON, one presentation each. Without, the tests of the policy file."`
	Case     string `placeholder:"TEXT" help:"Only presentations whose name contains this."`
	Language string `default:"en" enum:"zh-Hant,zh-Hans,en,ja,ko,pt" help:"What is said: zh-Hant, zh-Hans, en, ja, ko or pt."`
}

func (c *explainCmd) Run() error { return c.run(os.Stdout) }

func (c *explainCmd) run(w io.Writer) error {
	p, cases, err := readPolicy(c.File)
	if err == nil && c.Facts != "" {
		cases, err = readCases(c.Facts)
	}
	if err != nil {
		return err
	}
	said := 0
	for _, one := range cases {
		if !strings.Contains(one.Name, c.Case) {
			continue
		}
		said++
		if err := c.explain(w, p, one); err != nil {
			return err
		}
	}
	if said == 0 {
		return fmt.Errorf("no presentation has %q in its name", c.Case)
	}
	return nil
}

func (c *explainCmd) explain(w io.Writer, p *policy.Policy, one policy.Case) error {
	v, steps, err := p.Explain(one)
	if err != nil {
		return fmt.Errorf("%s: %w", one.Name, err)
	}
	fmt.Fprintf(w, "%s\n", one.Name)
	for _, s := range steps {
		mark := " "
		if s.Kind == "rule" && s.Name == v.Rule {
			mark = "→"
		}
		fmt.Fprintf(w, "%s %-5s%-24s%s\n", mark, s.Kind, s.Name, s.Result)
	}
	at, _ := one.Now()
	fmt.Fprintf(w, "  verdict     %s: %s\n", strings.ToUpper(v.Outcome.String()), v.Reason)
	for _, voice := range []struct{ who, says string }{
		{"holder", words.Holder(v, c.Language)}, {"officer", words.Officer(v.Reason).In(c.Language)}, {"auditor", words.Auditor(v, at, c.Language)},
		{"urgent", urgent(p, v)},
	} {
		if voice.says != "" {
			fmt.Fprintf(w, "  %-12s%s\n", voice.who, voice.says)
		}
	}
	_, err = fmt.Fprintln(w)
	return err
}

// urgent says for which urgent reasons a supervisor may overrule (R29).
func urgent(p *policy.Policy, v verdict.Verdict) string {
	var out []string
	for _, r := range policy.UrgentReasons {
		if p.Overrides.Allow(v, r) {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "a supervisor with a second person may overrule for " + strings.Join(out, ", ") + " (" + p.Overrides.Cite + ")"
}
