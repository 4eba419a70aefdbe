package hall

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestLyingHub: a hub that says that everybody was there is passed over.
func TestLyingHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, centre := newMeeting(), newMeeting()
		hub.forges = true
		a := newGate(t, "a", hub, centre)
		if c := a.admits("x"); c.Placed != 1 || !a.State().Lied {
			t.Errorf("%+v, %+v", c, a.State())
		}
		b := newGate(t, "b", hub)
		if c := b.admits("x"); !c.Alone {
			t.Errorf("%+v", c)
		}
	})
}

// TestLiesAreForgotten: a hub that takes marks as it should a day after its last lie is named no longer,
// one that was away for that day is.
func TestLiesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := newMeeting()
		a := newGate(t, "a", hub)
		today := func(d time.Duration) {
			t.Helper()
			time.Sleep(d)
			if err := a.keys.set(dayKey{time.Now().UTC().Format(time.DateOnly), key, true}); err != nil {
				t.Fatal(err)
			}
		}
		lie := func(code string) {
			t.Helper()
			a.mend(t.Context())
			hub.set(func() { hub.forges = true })
			if c := a.admits(code); !c.Alone || !a.State().Lied {
				t.Errorf("%+v, %+v", c, a.State())
			}
			hub.set(func() { hub.forges = false })
		}
		lie("x")
		today(honest - time.Minute)
		lie("y")
		a.mend(t.Context())
		today(honest - time.Minute)
		if c := a.admits("z"); c.Alone || !a.State().Lied {
			t.Errorf("%+v, %+v", c, a.State())
		}
		hub.set(func() { hub.away = true })
		a.admits("v")
		today(honest)
		if a.mend(t.Context()); !a.State().Lied {
			t.Error("forgotten of one that is away")
		}
		hub.set(func() { hub.away = false })
		a.mend(t.Context())
		if c := a.admits("w"); c.Alone || a.State().Lied {
			t.Errorf("%+v, %+v", c, a.State())
		}
	})
}
