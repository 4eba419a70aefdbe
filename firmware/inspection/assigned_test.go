package inspection_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestSetAssignsPolicy has the set give one lane of a site another policy than it is configured
// for: that lane alone judges by it, by its own rules and limits, and no more from the next set on.
func TestSetAssignsPolicy(t *testing.T) {
	w := newWorld(t)
	rules, err := os.ReadFile("../policy/profiles/venue-estate.json")
	if err != nil {
		t.Fatal(err)
	}
	w.add("policy/venue-estate.json", rules)
	door := inspection.Lane{Name: "M", Site: "LMC", Kind: "venue", Direction: "in", VenueClass: "market", Profile: "door", Policy: "venue-market"}
	code := []byte(w.hk.HealthCode(today(issuer.Green)))
	ask := func(l inspection.Lane) verdict.Verdict {
		return w.load(t).Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: l, Codes: [][]byte{code}})
	}
	by := func(v verdict.Verdict) string {
		i := slices.IndexFunc(v.Lists, func(l verdict.List) bool { return strings.HasPrefix(l.Name, "policy/") })
		return v.Lists[i].Name
	}
	market := func(when string, l inspection.Lane) {
		t.Helper()
		if v := ask(l); v.Outcome != verdict.Admit || by(v) != "policy/venue-market.json" {
			t.Errorf("%s: %+v", when, v)
		}
	}
	w.add("sites/LMC.json", []byte(`{"v":1,"quotas":[]}`))
	market("no member", door)
	w.add("sites/LMC.json", []byte(`{"v":1,"lanes":["M","N"],"policies":{"M":"venue-estate"}}`))
	// The estate's rules look for the person in a list, and a door does not learn who it is.
	if v := ask(door); v.Outcome != verdict.Refer || v.Reason != verdict.PolicyError || by(v) != "policy/venue-estate.json" {
		t.Errorf("a profile that the lane's facts do not do for: %+v", v)
	}
	other, elsewhere, unset := door, door, door
	other.Name, elsewhere.Site, unset.Policy = "N", "HZMB", "venue-unheard-of"
	market("another lane", other)
	market("another site", elsewhere)
	if v := ask(unset); by(v) != "policy/venue-estate.json" {
		t.Errorf("a lane whose own policy the set does not have: %+v", v)
	}
	if got := w.load(t).PolicyOf(door); got != "venue-estate" {
		t.Errorf("judges by %q", got)
	}
	w.add("sites/LMC.json", []byte(`{"v":1}`))
	market("the member is gone", door)
}

// TestSetAssignsNoSuchPolicy: a set that names a policy it does not hold is refused whole.
func TestSetAssignsNoSuchPolicy(t *testing.T) {
	many := []string{}
	for i := range 1025 {
		many = append(many, fmt.Sprintf(`"%d":"venue-market"`, i))
	}
	for site, says := range map[string]string{
		`{"v":1,"policies":{"M":"venue-circus"}}`:                              "add policy/venue-circus.json",
		`{"v":1,"policies":{"M":""}}`:                                          "no such policy",
		`{"v":1,"lanes":["M"],"policies":{"m":"venue-market"}}`:                `"m": correct its name, or add it`,
		`{"v":1,"lanes":[],"policies":{"M":"venue-market"}}`:                   "does not list",
		`{"v":1,"lanes":"M","policies":{"M":"venue-market"}}`:                  "which lane judges",
		`{"v":1,"policies":{"":"venue-market"}}`:                               "without a name",
		`{"v":1,"policies":{"M":["venue-market"]}}`:                            "which lane judges",
		`{"v":1,"policies":["venue-market"]}`:                                  "which lane judges",
		`{"v":2,"policies":{"M":"venue-market"}}`:                              "which lane judges",
		`{"v":1,"policies":{` + strings.Join(many, ",") + `}}`:                 "at most 1024",
		`{"v":1,"policies":{"M":"venue-market"}`:                               "which lane judges",
		`{"v":1,"policies":{"L":"venue-market","M":"../policy/venue-market"}}`: "no such policy",
	} {
		w := newWorld(t)
		w.add("sites/LMC.json", []byte(site))
		if _, err := inspection.Load(w.files, "8", time.Time{}); err == nil || !strings.Contains(err.Error(), "sites/LMC.json") || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", site, err, says)
		}
	}
}
