package follow

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

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
		o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"UTC","policies":` + policies + `}`)}
		o.publish()
	}
	site(`{}`)
	a, _ := o.device("gate")
	lane := a.config.Lanes[0]
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
	if !judgesBy("venue-hall")() {
		t.Error("the set before is not in force")
	}
	delete(o.files, "sites/LMC.json")
	o.publish()
	o.eventually("the configuration's policy again", judgesBy(lane.Policy))
}
