package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/policy/facts"
	"example.org/checkpoint/firmware/policy/lines"
	"example.org/checkpoint/firmware/verdict"
)

// TestProfiles compiles the shipped policies, which run their own tests.
func TestProfiles(t *testing.T) {
	files, err := filepath.Glob("profiles/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".json"); p.Profile() != want {
			t.Errorf("%s: profile %s", file, p.Profile())
		}
		t.Logf("%s: at most %d cost units", file, p.Cost())
	}
}

// with writes a policy of some rules.
func with(rules string, rest ...string) []byte {
	return []byte(`{"v":1,"profile":"p",` + strings.Join(append(rest, `"rules":[`+rules+`]`), ",") + `}`)
}

func admitWhen(when string) string {
	b, _ := json.Marshal(when)
	return `{"name":"r","when":` + string(b) + `,"outcome":"admit","reason":"satisfied","cite":"R1"}`
}

func TestDecide(t *testing.T) {
	const ten = `[0,1,2,3,4,5,6,7,8,9]`
	now := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	facts := Input{Now: now, Confidence: "trusted", Lane: Lane{Site: "LW", Kind: "border", Direction: "out"}}
	for when, want := range map[string]verdict.Verdict{
		`clock.confidence == "trusted" && lane.direction == "out"`: {Outcome: verdict.Admit, Reason: "satisfied", Rule: "r", Cite: "R1"},
		`lane.direction == "in"`:                                   {Outcome: verdict.Refer, Reason: verdict.NoRule},
		`has(holder.age)`:                                          {Outcome: verdict.Refer, Reason: verdict.NoRule},
		`holder.age > 18`:                                          {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`codes[0].colour == "green"`:                               {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`resident`:                                                 {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`temperature > 37.3`:                                       {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`document.type == "HKID"`:                                  {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`venue.inside < 100`:                                       {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`1 / (size(codes)) == 1`:                                   {Outcome: verdict.Refer, Reason: verdict.PolicyError, Rule: "r", Cite: "R1"},
		`codes == codes`:                                           {Outcome: verdict.Admit, Reason: "satisfied", Rule: "r", Cite: "R1"},
		`now < timestamp("2026-01-03T00:00:00Z")`:                  {Outcome: verdict.Admit, Reason: "satisfied", Rule: "r", Cite: "R1"},
		ten + `.all(a, ` + ten + `.all(b, a + b >= 0))`:            {Outcome: verdict.Admit, Reason: "satisfied", Rule: "r", Cite: "R1"},
	} {
		for _, fact := range []string{"holder.age", "resident", "temperature", "document.type", "venue.inside"} {
			if want.Reason == verdict.PolicyError && strings.HasPrefix(when, fact) {
				want.Measured = "missing " + fact // so that staff know what to look for
			}
		}
		p, err := Parse(with(admitWhen(when)))
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		if got := p.Decide(facts); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
}

// TestOversize shows that more facts than costs were counted for reach no rule.
func TestOversize(t *testing.T) {
	p, err := Parse(with(admitWhen(`true`)))
	if err != nil {
		t.Fatal(err)
	}
	codes := func(n int) *facts.Facts {
		f, err := facts.Read(map[string]json.RawMessage{"now": json.RawMessage(`"2026-01-01T00:00:00Z"`),
			"codes": json.RawMessage("[" + strings.Repeat(`{"format":"HCT1"},`, n-1) + `{"format":"HCT1"}]`)}, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if got := p.decide(codes(MaxCodes)); got.Outcome != verdict.Admit {
		t.Errorf("%+v", got)
	}
	if got := p.decide(codes(MaxCodes + 1)); got.Outcome != verdict.Refer || got.Reason != verdict.PolicyError {
		t.Errorf("%+v", got)
	}
}

func TestFirstRuleDecides(t *testing.T) {
	p, err := Parse(with(`{"name":"a","when":"false","outcome":"admit","reason":"satisfied"},{"name":"b","when":"true","outcome":"refuse","reason":"watch"},{"name":"c","when":"true","outcome":"admit","reason":"satisfied"}`,
		`"default":{"outcome":"admit","reason":"satisfied"}`, `"effective_from":"2026-01-01T00:00:00Z"`))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := p.Decide(Input{Now: start}); got.Rule != "b" || got.Outcome != verdict.Refuse {
		t.Errorf("%+v", got)
	}
	if got := p.Decide(Input{Now: start.Add(-time.Second)}); got.Reason != verdict.PolicyError || got.Outcome != verdict.Refer {
		t.Errorf("before it is in force: %+v", got)
	}
}

func TestParseRefuses(t *testing.T) {
	const ten = `[0,1,2,3,4,5,6,7,8,9]`
	for name, data := range map[string][]byte{
		"no JSON":              []byte(`{`),
		"version":              []byte(`{"v":2,"profile":"p","rules":[` + admitWhen("true") + `]}`),
		"no rules":             with(``),
		"no bool":              with(admitWhen(`"admit"`)),
		"dyn":                  with(admitWhen(`dyn(document.match)`)),
		"unknown fact":         with(admitWhen(`codes.exists(c, c.color == "red")`)),
		"unknown variable":     with(admitWhen(`name == "CHAN"`)),
		"unknown window":       with(admitWhen(`windows.test_h > 1`)),
		"types":                with(admitWhen(`holder.age > "18"`)),
		"makes a code":         with(admitWhen(`checkpoint.Code{format: 1}.format == "HCT1"`)),
		"syntax":               with(admitWhen(`codes.exists(`)),
		"outcome":              with(`{"name":"r","when":"true","outcome":"maybe","reason":"satisfied"}`),
		"reason with a blank":  with(`{"name":"r","when":"true","outcome":"admit","reason":"a b"}`),
		"name twice":           with(admitWhen("true") + "," + admitWhen("false")),
		"default":              with(admitWhen("true"), `"default":{"outcome":"admit"}`),
		"reason of nobody":     with(`{"name":"r","when":"true","outcome":"admit","reason":"because"}`),
		"reason of the checks": with(`{"name":"r","when":"true","outcome":"refuse","reason":"bad-signature"}`),
		"long cite":            with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","cite":"` + strings.Repeat("R", 201) + `"}`),
		"cite of two lines":    with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","cite":"a\nb"}`),
		"long default":         with(admitWhen("true"), `"default":{"name":"`+strings.Repeat("n", 20_000)+`","outcome":"refer","reason":"no-rule"}`),
		"long source":          with(admitWhen("true"), `"source":"`+strings.Repeat("S", 20_000)+`"`),
		"long hotline":         with(admitWhen("true"), `"hotline":"`+strings.Repeat("1", 65)+`"`),
		"long entry":           with(admitWhen("true"), `"lists":{"l":["`+strings.Repeat("x", 65)+`"]}`),
		"source of nothing":    with(admitWhen("true"), `"sources":{"test_h":"R21"}`),
		"wanted":               with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","wanted":"<= test_h"}`),
		"measures a birth":     with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","measured":"holder.birth"}`),
		"measures a place":     with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","measured":"stays[0].place"}`),
		"measures since birth": with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","measured":"int(now - [holder].map(h, h.birth)[0])"}`),
		"measures a term of a birth": with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","measured":"u"}`,
			`"terms":[{"name":"t","means":"holder.birth"},{"name":"u","means":"string(t)"}]`),
		"measures a list":      with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","measured":"codes"}`),
		"risk":                 with(`{"name":"r","when":"true","outcome":"admit","reason":"satisfied","risk":"both"}`),
		"term is a list":       with(admitWhen("true"), `"terms":[{"name":"t","means":"codes"}]`),
		"term hides a fact":    with(admitWhen("true"), `"terms":[{"name":"now","means":"true"}]`),
		"term of itself":       with(admitWhen("true"), `"terms":[{"name":"t","means":"!t"}]`),
		"overrides a red":      with(admitWhen("true"), `"overrides":{"of":["red-confirmed"],"second_person":true}`),
		"overrides alone":      with(admitWhen("true"), `"overrides":{"of":["test-missing"]}`),
		"urgent for whom":      with(admitWhen("true"), `"overrides":{"urgent":["shopping"]}`),
		"costs too much":       with(admitWhen(ten + `.all(a, ` + ten + `.all(b, ` + ten + `.all(c, ` + ten + `.all(d, ` + ten + `.all(e, a+b+c+d+e >= 0)))))`)),
		"unbounded text":       with(admitWhen(`codes.exists(c, c.scheme.matches("(a+)+$") && duration(string(now) + c.scheme) > duration("1s"))`)),
		"a test that fails":    with(admitWhen("true"), `"tests":[{"name":"t","facts":{"now":"2026-01-01T00:00:00Z"},"outcome":"refuse","reason":"x"}]`),
		"a test's own window":  with(admitWhen("true"), `"tests":[{"name":"t","windows":{"test_h":1},"facts":{"now":"2026-01-01T00:00:00Z"},"outcome":"admit","reason":"satisfied"}]`),
		"red":                  with(admitWhen("true"), `"red":"admit"`),
		"long hotlines":        with(admitWhen("true"), `"hotlines":{"HK":"`+strings.Repeat("1", 65)+`"}`),
		"unasked and refers":   with(`{"name":"r","when":"true","outcome":"refer","reason":"no-rule","unasked":true}`),
		"a test without facts": with(admitWhen("true"), `"tests":[{"name":"t","facts":{"weather":"fine"},"outcome":"admit","reason":"satisfied"}]`),
		"a test's wrong type":  with(admitWhen("true"), `"tests":[{"name":"t","facts":{"now":"noon"},"outcome":"admit","reason":"satisfied"}]`),
	} {
		_, err := Parse(data)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for line := range strings.Lines(err.Error()) {
			if len(line) > lines.MaxFault+1 {
				t.Errorf("%s: a fault of %d bytes", name, len(line))
			}
		}
	}
}

// TestVocabulary holds the words of the rules against those of the facts page:
// each is in the table and compiles.
func TestVocabulary(t *testing.T) {
	env, err := environment(parametersOf(file{Windows: map[string]int64{"test_h": 48}}, &lines.Faults{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range strings.Fields(`now clock.confidence lane.site lane.kind lane.direction lane.venue_class codes
		codes[0].format codes[0].kind codes[0].scheme codes[0].profile codes[0].colour codes[0].meaning codes[0].reasons
		codes[0].reasons[0].class codes[0].reasons[0].since codes[0].reasons[0].until codes[0].reasons[0].authority
		codes[0].provenance codes[0].holder_bound codes[0].fresh codes[0].issued codes[0].expires codes[0].local_day
		codes[0].days codes[0].set_by codes[0].reasons[0].days codes[0].reasons[0].left doses[0].days tests[0].days stays[0].days codes[0].status_age codes[0].revocation_age codes[0].trust_age codes[0].converts_to
		holder.age_band holder.birth holder.age holder.exempt holder.guardian_consent holder.exemptions[0].class
		holder.exemptions[0].source holder.endorsements holder.cohorts document.type document.match
		doses[0].day doses[0].product doses[0].number doses[0].of tests[0].sampled tests[0].kind tests[0].negative
		stays[0].place stays[0].last stays[0].risk document resident venue.inside venue.capacity
		face.checked face.similarity face.liveness temperature temperature_uncertainty windows.test_h`) {
		if _, issues := env.Compile(fact); issues.Err() != nil {
			t.Errorf("%s: %v", fact, issues.Err())
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("profiles/venue-metro.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(with(`{"name":"r","when":"t","outcome":"refuse","reason":"watch","risk":"place","measured":"now","wanted":"< d"}`, `"dates":{"d":"2026-01-01T00:00:00Z"}`,
		`"sources":{"d":"S0"}`, `"terms":[{"name":"t","means":"now < dates.d"}]`, `"given":{"g":{"now":"2026-01-01T00:00:00Z","codes":[{}]}}`,
		`"tests":[{"name":"t","given":"g","code":{"colour":null},"outcome":"refer","reason":"no-rule"}]`))
	f.Add(with(admitWhen(`codes.exists(c, c.colour == "green")`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		if p.Cost() > MaxCost {
			t.Fatalf("costs %d", p.Cost())
		}
		p.Decide(Input{Now: time.Unix(1_800_000_000, 0)})
	})
}
