package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"example.org/checkpoint/firmware/verdict"
)

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

// withoutOne returns a case once for every fact in it, without that fact: variables,
// their members, and the members of what is in their lists. A code, a dose, a test, a
// stay or a reason is no fact but a statement: who hides one shows another presentation.
func withoutOne(t *testing.T, c Case) []Case {
	var out []Case
	for name, raw := range c.Facts {
		var whole any
		if err := json.Unmarshal(raw, &whole); err != nil {
			t.Fatal(err)
		}
		less := thinned(whole)
		if name != "codes" {
			less["."] = nil
		}
		for what, value := range less {
			again := c
			again.Name, again.Facts = name+what, maps.Clone(c.Facts)
			if value == nil {
				delete(again.Facts, name)
			} else if again.Facts[name], _ = json.Marshal(value); again.Facts[name] == nil {
				t.Fatal(what)
			}
			out = append(out, again)
		}
	}
	return out
}

// thinned returns a value once for every member that it has anywhere, without it.
func thinned(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			less := maps.Clone(v)
			delete(less, name)
			out["."+name] = less
			for what, value := range thinned(member) {
				with := maps.Clone(v)
				with[name] = value
				out["."+name+what] = with
			}
		}
	case []any:
		for i, item := range v {
			for what, value := range thinned(item) {
				with := slices.Clone(v)
				with[i] = value
				out[fmt.Sprintf("[%d]%s", i, what)] = with
			}
		}
	}
	return out
}

// TestNothingKept decides many cases in between: what a case gets does not depend on who
// came before, in any order, so that no decision can rewrite another.
func TestNothingKept(t *testing.T) {
	for name, p := range shipped(t) {
		made := MadeUp(noon)
		first := make([]verdict.Verdict, len(made))
		for i, c := range made {
			first[i], _ = p.Try(c)
		}
		for i := len(made) - 1; i >= 0; i -= 7 {
			if v, err := p.Try(made[i]); err != nil || !reflect.DeepEqual(v, first[i]) {
				t.Errorf("%s: %s: %v %+v, was %+v", name, made[i].Name, err, v, first[i])
			}
		}
	}
}

// TestClockUnknown admits nobody while nobody vouches for the time (R05).
func TestClockUnknown(t *testing.T) {
	p, err := Parse(with(admitWhen("true")))
	if err != nil {
		t.Fatal(err)
	}
	for confidence, want := range map[string]verdict.Reason{"trusted": verdict.Satisfied, "drifting": verdict.Satisfied, "unknown": verdict.ClockUnknown} {
		if v := p.Decide(Input{Now: noon, Confidence: confidence}); v.Reason != want || (v.Outcome == verdict.Admit) != (want == verdict.Satisfied) {
			t.Errorf("%s: %+v", confidence, v)
		}
	}
}

// FuzzReadCase reads lines of facts: whatever is taken is decided, written down the same
// way twice, and costs no more than any other.
func FuzzReadCase(f *testing.F) {
	for _, c := range MadeUp(noon) {
		line, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	p := shipped(f)["hk-border-arrival"]
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := ReadCase(line)
		if err != nil {
			return
		}
		v, err := p.Try(c)
		again, err2 := p.Try(c)
		if err != nil || err2 != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%v %v\n%+v\n%+v", err, err2, v, again)
		}
	})
}
