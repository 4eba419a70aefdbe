package policy

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"example.org/checkpoint/firmware/policy/facts"
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

// TestNobodyIsMadeRed gives every profile presentations of which none is red: no
// verdict says so (R82). With a red one, nobody is admitted, but where codes are
// not asked for at all (R78, R44).
func TestNobodyIsMadeRed(t *testing.T) {
	reds := 0
	for name, p := range shipped(t) {
		for _, c := range MadeUp(noon) {
			stated, err := c.facts()
			if err != nil {
				t.Fatal(err)
			}
			red := anyRed(stated)
			v := p.decide(stated)
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

// TestRedWins has rules that look at no red: a red code is never admitted, whatever its
// scheme and its place among the others, and the verdict names who made it red (R78).
func TestRedWins(t *testing.T) {
	const reds = `[{"format":"HCT1","scheme":"HK","colour":"green","meaning":"may-cross"},{"format":"HCT1","scheme":"GD","colour":"red","reasons":[{"class":6,"authority":"CDC"}]},{"format":"HCT1","scheme":"MO","colour":"amber","meaning":"high-risk"}]`
	all := `{"name":"all","when":"true","outcome":"admit","reason":"satisfied","measured":"lane.site"}`
	for rules, want := range map[string]verdict.Verdict{
		string(with(all)): {Outcome: verdict.Refuse, Reason: "red", Rule: "all", Measured: "LW", Ruled: verdict.Satisfied, SetBy: "GD, CDC; MO", Person: "red"},
		string(with(all, `"red":"refer"`, `"hotline":"1"`, `"hotlines":{"GD":"12345"}`)): {Outcome: verdict.Refer, Reason: "red", Rule: "all", Measured: "LW",
			Ruled: verdict.Satisfied, SetBy: "GD, CDC; MO", Person: "red", Hotline: "12345"},
		string(with(`{"name":"lane","when":"true","outcome":"refer","reason":"wrong-direction"},{"name":"red","when":"codes.exists(c, c.colour == 'red')","outcome":"refuse","reason":"high-risk","risk":"person"}`)): {
			Outcome: verdict.Refuse, Reason: "high-risk", Rule: "red", SetBy: "GD, CDC; MO", Person: "high-risk"},
		string(with(`{"name":"kind","when":"true","outcome":"admit","reason":"satisfied","risk":"person"}`)): {Outcome: verdict.Refuse, Reason: "red", Rule: "kind",
			Ruled: verdict.Satisfied, SetBy: "GD, CDC; MO", Person: verdict.Satisfied},
		string(with(`{"name":"open","when":"true","outcome":"admit","reason":"not-required","unasked":true}`)): {Outcome: verdict.Admit, Reason: "not-required", Rule: "open"},
	} {
		p, err := Parse([]byte(rules))
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Try(Case{Facts: map[string]json.RawMessage{"now": json.RawMessage(`"2026-11-21T12:00:00Z"`), "lane": json.RawMessage(`{"site":"LW"}`), "codes": json.RawMessage(reds)}})
		if err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%s:\n%v %+v\nwant %+v", rules, err, v, want)
		}
	}
	if _, err := Parse(with(`{"name":"open","when":"true","outcome":"refer","reason":"no-rule","unasked":true}`)); err == nil {
		t.Error("a rule that refers and asks for nothing")
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

// TestLifted goes through every kind of red that is over: only those whom the words of
// its reason name, by the lists of the policy, have lifted it (R80, R81).
func TestLifted(t *testing.T) {
	p, err := Parse(with(admitWhen("true"), `"lists":{"may_lift_medical":["HA"],"may_lift_health":["CDC"],"may_lift_community":["street"]}`))
	if err != nil {
		t.Fatal(err)
	}
	by := map[words.Body]string{words.Hospital: "HA", words.Health: "CDC", words.Community: "street"}
	for class := int64(1); class <= 13; class++ {
		for _, authority := range []string{"HA", "CDC", "street", "me", ""} {
			for _, left := range []int{-1, 0} {
				v, err := p.Try(Case{Facts: map[string]json.RawMessage{"now": json.RawMessage(`"2026-11-21T12:00:00Z"`),
					"codes": json.RawMessage(fmt.Sprintf(`[{"format":"HCT1","scheme":"HK","colour":"green","reasons":[{"class":%d,"authority":%q,"left":%d}]}]`, class, authority, left))}})
				want := verdict.Satisfied
				if reason := redReasons[class]; reason != "" && left == 0 {
					want = "colour-contradicts"
				} else if body := words.LiftedBy(reason); reason != "" && body != words.NewTest && by[body] != authority {
					want = "lift-unknown"
				}
				if err != nil || v.Reason != want {
					t.Errorf("class %d, %q, %d days left: %v %s, want %s", class, authority, left, err, v.Reason, want)
				}
			}
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

// TestZones counts calendar days where the clock is changed: 14 days ago is 14 days
// ago, though one of them had 25 hours (R02).
func TestZones(t *testing.T) {
	p, err := Parse(with(`{"name":"r","when":"codes[0].reasons[0].days >= 14","outcome":"refer","reason":"watch"}`, `"default":{"outcome":"refuse","reason":"watch"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ zone, since, now, want string }{
		{"Europe/Lisbon", "2026-10-20T00:00:00+01:00", "2026-11-02T23:59:59Z", "refuse"},
		{"Europe/Lisbon", "2026-10-20T00:00:00+01:00", "2026-11-03T00:00:00Z", "refer"},
		{"Europe/Lisbon", "2026-03-20T00:00:00Z", "2026-04-02T23:59:59+01:00", "refuse"},
		{"Europe/Lisbon", "2026-03-20T00:00:00Z", "2026-04-03T00:00:00+01:00", "refer"},
		{"Asia/Hong_Kong", "2026-11-07T00:00:00+08:00", "2026-11-20T15:59:59Z", "refuse"},
		{"Asia/Hong_Kong", "2026-11-07T00:00:00+08:00", "2026-11-20T16:00:00Z", "refer"},
	} {
		c := Case{Zone: tc.zone, Facts: map[string]json.RawMessage{"now": json.RawMessage(`"` + tc.now + `"`),
			"codes": json.RawMessage(`[{"format":"HCT1","reasons":[{"class":7,"since":"` + tc.since + `"}]}]`)}}
		if v, err := p.Try(c); err != nil || v.Outcome.String() != tc.want {
			t.Errorf("%s at %s: %v %+v", tc.zone, tc.now, err, v)
		}
	}
}

// TestReported shows that both risks are told, whichever rule decides (R07), and
// that nothing longer than its bound reaches a verdict.
func TestReported(t *testing.T) {
	p, err := Parse(with(`{"name":"a","when":"true","outcome":"refer","reason":"child","measured":"lane.site","wanted":"<= d_h"},
		{"name":"b","when":"true","outcome":"refuse","reason":"watch","risk":"person"},{"name":"c","when":"true","outcome":"refuse","reason":"amber","risk":"person"},
		{"name":"d","when":"resident","outcome":"refuse","reason":"risk-place","risk":"place"}`, `"windows":{"d_h":7}`, `"sources":{"d_h":"R21"}`, `"hotline":"12345"`))
	if err != nil {
		t.Fatal(err)
	}
	want := verdict.Verdict{Outcome: verdict.Refer, Reason: "child", Rule: "a", Measured: strings.Repeat("x", maxMeasured), Threshold: "≤ 7 h (R21)",
		Person: "watch", Place: verdict.PolicyError, Hotline: "12345"}
	if got := p.Decide(Input{Now: noon, Lane: Lane{Site: strings.Repeat("x", 1000)}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	resident := false
	want.Place = ""
	if got := p.Decide(Input{Now: noon, Lane: Lane{Site: strings.Repeat("x", 1000)}, Resident: &resident}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestOverrides lets a supervisor overrule what the file names, and nothing else (R29).
func TestOverrides(t *testing.T) {
	o := shipped(t)["hk-border-departure"].Overrides
	for _, tc := range []struct {
		v      verdict.Verdict
		urgent string
		want   bool
	}{
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}, "funeral", true},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing"}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}.AtMost(verdict.Refer, verdict.Stale), "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "test-missing", Yields: true}, "shopping", false},
		{verdict.Verdict{Outcome: verdict.Refuse, Reason: "red-confirmed", Rule: "red-confirmed", Yields: true}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "red-ended", Rule: "red-clock-over", Yields: true}, "funeral", false},
		{verdict.Verdict{Outcome: verdict.Refuse, Reason: verdict.BadSignature, Yields: true}, "treatment", false},
		{verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Yields: true}, "treatment", false},
	} {
		if got := o.Allow(tc.v, tc.urgent); got != tc.want {
			t.Errorf("%+v for %s: %t", tc.v, tc.urgent, got)
		}
	}
}

// TestOneFinding lets staff set aside one finding (R29), and only where nothing else
// speaks against the person: no other rule, no red, and nothing that holds whatever the
// rules say.
func TestOneFinding(t *testing.T) {
	borders := shipped(t)
	const hk = `{"format":"HCT1","profile":"gate","scheme":"HK","issued":"2026-11-21T08:00:00+08:00","colour":"green","meaning":"may-cross"`
	const old = `[{"kind":"PCR","negative":true,"sampled":"2026-11-18T08:00:00+08:00"}]`
	for _, c := range []struct {
		code, more string
		reason     verdict.Reason
		yields     bool
	}{
		{hk + `}`, `,"tests":` + old, "test-out-of-date", true},
		{hk + `}`, `,"tests":` + old + `,"document":{"type":"HKID","match":false}`, "test-out-of-date", false},
		{hk + `}`, `,"tests":` + old + `,"clock":{"confidence":"unknown"}`, "test-out-of-date", false},
		{hk + `},{"format":"HCT1","profile":"gate","scheme":"PC","colour":"none"}`, `,"tests":` + old, "test-out-of-date", false},
		{hk + `},{"format":"HCT1","profile":"door","scheme":"HK","colour":"green","meaning":"may-cross"}`, `,"tests":` + old, "test-out-of-date", false},
		{strings.Replace(hk, "21T08", "20T08", 1) + `}`, ``, "not-today", true},
		{strings.Replace(hk, "21T08", "20T08", 1) + `}`, `,"tests":` + old, "test-out-of-date", false},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9}]`, 1) + `}`, ``, "amber-arrival", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9,"days":21}]`, 1) + `}`, ``, "amber-ended", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":8,"days":21}]`, 1) + `}`, ``, "amber-ended", true},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"amber","meaning":"watch","reasons":[{"class":9}]`, 1) + `}`,
			`,"tests":[{"kind":"PCR","negative":false,"sampled":"2026-11-21T08:00:00+08:00"}]`, "amber-arrival", false},
		{strings.Replace(hk, `"green","meaning":"may-cross"`, `"red","meaning":"high-risk"`, 1) + `}`, `,"tests":` + old, "red", false},
	} {
		for _, name := range []string{"hk-border-departure", "hk-border-arrival"} {
			var stated map[string]json.RawMessage
			line := `{"now":"2026-11-21T12:00:00+08:00","clock":{"confidence":"trusted"},"holder":{"age":40},"codes":[` + c.code + `]` + c.more + `}`
			if err := json.Unmarshal([]byte(line), &stated); err != nil {
				t.Fatal(line, err)
			}
			p := borders[name]
			v, err := p.Try(Case{Facts: stated, Windows: map[string]int64{"test_required": 0}})
			if err != nil || v.Reason != c.reason || p.Overrides.Allow(v, "funeral") != c.yields {
				t.Errorf("%s: %s: %v %s by %s may be overruled: %t, %v", name, line, v.Outcome, v.Reason, v.Rule, p.Overrides.Allow(v, "funeral"), err)
			}
		}
	}
}

// most are the largest facts that reach a rule: eight codes full of reasons, tests,
// doses and stays, of which none decides early.
func most(t testing.TB) *facts.Facts {
	n := func(of any, times int) []any { return slices.Repeat([]any{of}, times) }
	type m = map[string]any
	code := m{"format": "HCT1", "profile": "gate", "scheme": "HK", "colour": "none", "issued": noon, "days": 1, "local_day": "2026-11-20",
		"reasons": n(m{"class": 3, "authority": "CHP", "days": 30, "left": -2}, facts.MaxItems), "trust_age": "1h"}
	all := m{"now": noon, "lane": m{"kind": "border", "direction": "none"}, "codes": n(code, MaxCodes),
		"tests":    n(m{"sampled": noon.Add(time.Hour), "kind": "PCR", "negative": true}, facts.MaxItems*MaxCodes),
		"doses":    n(m{"day": noon, "product": "A", "number": 1, "of": 2}, facts.MaxItems*MaxCodes),
		"stays":    n(m{"place": "X", "last": noon.AddDate(0, 0, -90)}, facts.MaxItems*MaxCodes),
		"holder":   m{"age": 40, "exempt": n("nobody-knows", facts.MaxItems), "endorsements": n("other", facts.MaxItems), "cohorts": n("none", facts.MaxItems)},
		"resident": true, "temperature": 36.5, "temperature_uncertainty": 0.5}
	c := Case{Facts: map[string]json.RawMessage{}}
	for name, of := range all {
		raw, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		c.Facts[name] = raw
	}
	f, err := c.facts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMostIsWithinCost runs every term and rule of every profile, watched, on the
// largest facts: none costs more than was counted before it was signed.
func TestMostIsWithinCost(t *testing.T) {
	most := most(t)
	for name, p := range shipped(t) {
		env, err := environment(p.parameters)
		if err != nil {
			t.Fatal(err)
		}
		data, err := Shipped.ReadFile("profiles/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var f file
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		s := &scene{policy: p, parameters: p.parameters, facts: most}
		watch := func(what, expression string, limit uint64) {
			checked, issues := env.Compile(expression)
			if issues.Err() != nil {
				t.Fatal(issues.Err())
			}
			program, err := env.Program(checked, cel.EvalOptions(cel.OptTrackCost))
			if err != nil {
				t.Fatal(err)
			}
			_, details, _ := program.Eval(s)
			if cost := details.ActualCost(); cost == nil || *cost > limit {
				t.Errorf("%s: %s costs %d, counted %d", name, what, *cost, limit)
			}
		}
		for i, e := range f.Terms {
			watch("term "+e.Name, e.Means, p.terms[i].cost)
			if env, err = env.Extend(cel.Variable(e.Name, cel.DynType)); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range f.Rules {
			watch("rule "+e.Name, e.When, p.rules[i].cost)
		}
	}
}

// BenchmarkMost decides on the largest facts under the border's rules.
func BenchmarkMost(b *testing.B) {
	p, most := shipped(b)["hk-border-departure"], most(b)
	for b.Loop() {
		p.decide(most)
	}
}
