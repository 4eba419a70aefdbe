package follow

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/sync/bundle"
)

// TestKeysOfEveryPurpose: a set whose keys.json holds a key that cannot be read is refused whole,
// whatever it is for: without those of answers and devices nobody could be asked, and no hall met.
func TestKeysOfEveryPurpose(t *testing.T) {
	a := newDevice(t)
	a.config.Lanes[0].Policy = "venue-market"
	rules, err := os.ReadFile("../policy/profiles/venue-market.json")
	if err != nil {
		t.Fatal(err)
	}
	for purpose, good := range map[string]bool{"mark": false, "reply": false, "device": false, "": true} {
		keys := `{"v":1,"keys":[]}`
		if !good {
			keys = `{"v":1,"keys":[{"kid":"0011223344556677","purpose":"` + purpose + `","alg":-7,"spki":"AA=="}]}`
		}
		set := bundle.Set{Version: "7", FS: fstest.MapFS{"policy/venue-market.json": {Data: rules}, "keys.json": {Data: []byte(keys)}}}
		if _, err := a.parse(set); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "keys.json") {
			t.Errorf("%q: %v", purpose, err)
		}
	}
}

// TestPolicyOfALane: a set may say by which of its policies a lane judges, also in place of one
// that it does not hold. One that names a policy it does not hold is refused, and the one before
// stays in force.
func TestPolicyOfALane(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	text, err := fs.ReadFile(o.files, "policy/venue-market.json")
	if err != nil {
		t.Fatal(err)
	}
	o.files["policy/venue-hall.json"] = &fstest.MapFile{Data: []byte(strings.Replace(string(text), `"venue-market"`, `"venue-hall"`, 1))}
	site := func(policies string) {
		o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"UTC","lanes":["1","3"],"policies":` + policies + `}`)}
		o.publish()
	}
	site(`{}`)
	a, _ := o.device("gate")
	lane := a.config.Lanes[slices.IndexFunc(a.config.Lanes, func(l config.Lane) bool { return l.Name == "1" })]
	judgesBy := func(name string) func() bool {
		return func() bool {
			rules := a.rules.Load()
			return rules != nil && rules.PolicyOf(lane.At("LMC")) == name
		}
	}
	o.eventually("the configuration's policy", judgesBy(lane.Policy))
	site(`{"` + lane.Name + `":"venue-hall"}`)
	o.eventually("the set's policy", judgesBy("venue-hall"))
	site(`{"` + lane.Name + `":"venue-circus"}`)
	o.eventually("a set refused", func() bool { return strings.Contains(a.Status().Set.Rejected, "sites/LMC.json") })
	site(`{"` + lane.Name + `-":"venue-market"}`)
	o.eventually("a set refused that names a lane which the site does not have", func() bool { return strings.Contains(a.Status().Set.Rejected, "correct its name") })
	activated, err := a.device.Journal.Recent(100)
	if err != nil || !slices.ContainsFunc(activated, func(r event.Record) bool { return r.Kind == event.BundleActivated && r.Note["unlisted"] == "2" }) {
		t.Errorf("the lane that the site does not list is not named: %v", err)
	}
	if !judgesBy("venue-hall")() {
		t.Error("the set before is not in force")
	}
	delete(o.files, "sites/LMC.json")
	o.publish()
	o.eventually("the configuration's policy again", judgesBy(lane.Policy))
}

// TestForVersion: a set for a later version of the program is refused with a sentence, before anything else
// in it is read that this version may not know.
func TestForVersion(t *testing.T) {
	for facts, want := range map[string]string{
		"": "", `{"v":1}`: "", `{"v":1,"min_version":"1.3.2","vocabulary":7}`: "", `{"v":1,"min_version":"1.4.0"}`: "install that first",
		`{"v":1,"min_version":"soon"}`: "a release", `{"v":2}`: "a release", `{`: "a release", `{"v":1,"min_version":1}`: "a release",
	} {
		files := fstest.MapFS{"policy/venue-market.json": {Data: []byte("of a later version")}}
		if facts != "" {
			files["facts.json"] = &fstest.MapFile{Data: []byte(facts)}
		}
		if err := ForVersion(files, "1.3.2"); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", facts, err)
		}
		a := newDevice(t)
		a.config.Version = "1.3.2"
		if _, err := a.parse(bundle.Set{Version: "7", FS: files}); err == nil || strings.Contains(err.Error(), "facts.json") != (want != "") {
			t.Errorf("%s: %v", facts, err)
		}
	}
}
