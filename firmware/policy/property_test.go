package policy

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
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
		for _, o := range []object{p.windows, p.dates, p.lists} {
			for parameter := range o.values {
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

// TestNobodyIsMadeRed gives every profile presentations of which none is red: no
// verdict says so (R82). With a red one, nobody is admitted, but where codes are
// not asked for at all (R78, R44).
func TestNobodyIsMadeRed(t *testing.T) {
	reds := 0
	for name, p := range shipped(t) {
		for _, c := range MadeUp(noon) {
			facts, err := c.facts()
			if err != nil {
				t.Fatal(err)
			}
			red := anyRed(facts)
			v := p.decide(facts)
			if red {
				reds++
			}
			if !red && (words.Red(v.Reason) || words.Red(v.Person) || words.Red(v.Place)) {
				t.Errorf("%s: %s: %+v", name, c.Name, v)
			}
			if red && v.Outcome == verdict.Admit && name != "venue-polling-station" {
				t.Errorf("%s: %s: %+v", name, c.Name, v)
			}
		}
	}
	if reds < 500 {
		t.Fatalf("only %d reds", reds)
	}
	p, err := Parse(with(`{"name":"r","when":"true","outcome":"refuse","reason":"red-confirmed","risk":"person"}`))
	if err != nil {
		t.Fatal(err)
	}
	if v := p.Decide(Input{Now: noon}); v.Outcome != verdict.Refer || v.Reason != verdict.PolicyError || v.Person != "" {
		t.Errorf("a rule turned somebody red: %+v", v)
	}
}

// TestLessNeverAdmits takes one fact after the other away from every presentation
// that is refused: none is admitted then.
func TestLessNeverAdmits(t *testing.T) {
	tried, made := 0, MadeUp(noon)
	for name, p := range shipped(t) {
		data, err := Shipped.ReadFile("profiles/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		_, cases, err := Compile(data)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range append(cases, made...) {
			if i >= len(cases) && i%3 != 0 {
				continue
			}
			if v, err := p.Try(c); err != nil || v.Outcome != verdict.Refuse {
				continue
			}
			for _, less := range withoutOne(t, c) {
				tried++
				if v, err := p.Try(less); err == nil && v.Outcome == verdict.Admit {
					t.Errorf("%s: %s without %s is admitted by %s", name, c.Name, less.Name, v.Rule)
				}
			}
		}
	}
	if tried < 3000 {
		t.Fatalf("only %d tries", tried)
	}
}

// withoutOne returns a case once for every fact in it, without that fact. A code is
// no fact: who hides one shows another presentation.
func withoutOne(t *testing.T, c Case) []Case {
	var out []Case
	for name, raw := range c.Facts {
		again := c
		again.Name, again.Facts = name, maps.Clone(c.Facts)
		delete(again.Facts, name)
		if name != "codes" {
			out = append(out, again)
			continue
		}
		var codes []map[string]json.RawMessage
		if err := json.Unmarshal(raw, &codes); err != nil {
			t.Fatal(err)
		}
		for i, code := range codes {
			for member := range code {
				less := slices.Clone(codes)
				less[i] = maps.Clone(code)
				delete(less[i], member)
				again := c
				again.Name, again.Facts = name+"."+member, maps.Clone(c.Facts)
				again.Facts["codes"], _ = json.Marshal(less)
				out = append(out, again)
			}
		}
	}
	return out
}
