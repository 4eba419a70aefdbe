package follow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/simulators/issuer"
)

// TestAsksCentre: a device without a file and without a lease asks for both, keeps the keys
// over a restart without a centre, and asks for tokens before they run out.
func TestAsksCentre(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	day := time.Now().UTC().Format(time.DateOnly)
	o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"UTC","quotas":[{"quota":"q","scope":{"direction":"out","scheme":"HK"}}]}`)}
	var q centre.Quota
	o.post("/quota?quota=q&day="+day+"&tokens=150", nil, &q)
	folder := filepath.Join(o.dir, "site-keys", "LMC")
	site := issuer.NewSite("LMC")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "1.json"), site.PrivateFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	o.publish()
	a, stop := o.device("gate")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { a.askCentre(ctx); close(done) }() // ended below
	end := func() { cancel(); <-done }
	t.Cleanup(end)
	o.eventually("a site key", func() bool { _, ok := a.siteKeys()[[8]byte(site.KID)]; return ok })
	held := func() uint64 {
		all, err := a.device.Journal.Holdings()
		if err != nil || len(all) != 1 {
			return 0
		}
		return all[0].Tokens
	}
	o.eventually("a lease", func() bool { return held() == leaseAhead })
	if out := string(o.get("/quota")); !strings.Contains(out, fmt.Sprintf(`"out":%d`, leaseAhead)) {
		t.Errorf("at the centre: %s", out)
	}

	// Next week's key takes the place of this one.
	next := issuer.NewSite("LMC")
	if err := os.WriteFile(filepath.Join(folder, "1.json"), next.PrivateFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.askSiteKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := a.siteKeys()
	if _, ok := keys[[8]byte(next.KID)]; !ok || len(keys) != 1 {
		t.Errorf("%d keys, want the new one", len(keys))
	}

	// Another site's key spoils the answer, and what was given before stays.
	if err := os.WriteFile(filepath.Join(folder, "2.json"), issuer.NewSite("HZMB").PrivateFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.askSiteKeys(t.Context()); err == nil || len(a.siteKeys()) != 1 {
		t.Errorf("another site's key: %v, %d keys", err, len(a.siteKeys()))
	}
	end()
	stop()
	o.stop()
	a, _ = o.device("gate")
	if _, ok := a.siteKeys()[[8]byte(next.KID)]; !ok {
		t.Error("without a centre the device does not have its key")
	}
}

// TestLeaseOfTomorrow: before a day begins its tokens are asked for, and they last until it has ended; of a
// quota that has nothing left a device asks less and less often.
func TestLeaseOfTomorrow(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	east := 22 - time.Now().UTC().Hour() // of Greenwich, where it is between 22 and 23 o'clock
	if east > 12 {
		east -= 24
	}
	name := fmt.Sprintf("Etc/GMT%+d", -east)
	if east == 0 {
		name = "Etc/GMT"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	today, tomorrow := time.Now().In(zone), time.Now().In(zone).AddDate(0, 0, 1)
	o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"` + name + `","quotas":[{"quota":"q"}]}`)}
	var q centre.Quota
	o.post("/quota?quota=q&day="+tomorrow.Format(time.DateOnly)+"&tokens=50", nil, &q)
	o.publish()
	a, _ := o.device("gate")
	o.eventually("rules and line", func() bool { return a.rules.Load() != nil && a.link.State().Connected })
	pauses := map[order.Share]pause{}
	a.askLeases(t.Context(), pauses)
	all, err := a.device.Journal.Holdings()
	if err != nil || len(all) != 1 || all[0].Day != tomorrow.Format(time.DateOnly) || all[0].Tokens != 50 {
		t.Fatalf("%+v, %v", all, err)
	}
	midnight := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day()+1, 0, 0, 0, 0, zone)
	if all[0].Expires.Before(midnight) {
		t.Errorf("it ends at %v, the day at %v", all[0].Expires, midnight)
	}
	if len(pauses) != 1 || pauses[order.Share{Quota: "q", Day: today.Format(time.DateOnly)}].last != askEvery/2 {
		t.Errorf("of today, which has no quota: %+v", pauses)
	}
	for range 9 {
		for s, p := range pauses {
			pauses[s] = pause{last: p.last}
		}
		a.askLeases(t.Context(), pauses)
	}
	if got := pauses[order.Share{Quota: "q", Day: today.Format(time.DateOnly)}].last; got != leaseAgain {
		t.Errorf("after ten questions it waits for %v", got)
	}
}
