package policy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

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
