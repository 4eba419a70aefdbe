package policy

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/policy/facts"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

// shipped compiles every profile that comes with the program.
func shipped(t testing.TB) map[string]*Policy {
	names, err := fs.Glob(Shipped, "profiles/*.json")
	if err != nil || len(names) < 11 {
		t.Fatal(names, err)
	}
	out := map[string]*Policy{}
	for _, name := range names {
		data, err := Shipped.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, cases, err := Compile(data)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(path.Base(name), ".json")] = p
		for _, c := range cases {
			if err := p.Check(c); err != nil {
				t.Errorf("%s: %s: %v", name, c.Name, err)
			}
		}
	}
	return out
}

// TestProfilesAreCovered shows that every rule of every shipped profile decides at
// least one of its tests, that every parameter has a source and every rule a cite.
func TestProfilesAreCovered(t *testing.T) {
	names, _ := fs.Glob(Shipped, "profiles/*.json")
	for _, name := range names {
		data, err := Shipped.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, cases, err := Compile(data)
		if err != nil {
			t.Fatal(err)
		}
		decided := map[string]bool{}
		for _, c := range cases {
			v, err := p.Try(c)
			if err != nil {
				t.Fatal(err)
			}
			decided[v.Rule] = true
		}
		for _, r := range p.rules {
			if !decided[r.name] {
				t.Errorf("%s: no test is decided by rule %s", name, r.name)
			}
			if r.cite == "" {
				t.Errorf("%s: rule %s has no cite", name, r.name)
			}
		}
		for _, o := range []*facts.Object{p.windows, p.dates, p.lists} {
			for _, parameter := range o.Names() {
				if p.sources[parameter] == "" {
					t.Errorf("%s: %s has no source", name, parameter)
				}
			}
		}
		if strings.HasPrefix(path.Base(name), "hk-border") && len(cases) < 40 {
			t.Errorf("%s: %d tests", name, len(cases))
		}
	}
}

// TestDocumented parses the example of the manual, and looks for every profile there.
func TestDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```json\n")
	example, _, ok := strings.Cut(rest, "```")
	if _, err := Parse([]byte(example)); !ok || err != nil {
		t.Errorf("the example: %v", err)
	}
	for name := range shipped(t) {
		kind, place, _ := strings.Cut(name, "-")
		if !strings.Contains(string(manual), "`"+name+"`") && !(strings.Contains(string(manual), "`"+kind+"-") && strings.Contains(string(manual), "`-"+place+"`")) && name != "hk-border-arrival" {
			t.Errorf("%s is not in the manual", name)
		}
	}
}
