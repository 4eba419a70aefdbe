package clock

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// restarted is the clock of a program that is started anew on a machine that has been up for so
// long, and that keeps its anchor in a file.
func restarted(m *machine, floor time.Time, boot string, up time.Duration, path string) *Clock {
	c := New(m.now, floor)
	c.uptime = func() (string, time.Duration, error) { return boot, up, nil }
	c.Resume(path)
	return c
}

// TestRestart: a time server that lies while the program is started anew moves nothing; the machine's
// own start ends what was trusted before.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, m := filepath.Join(t.TempDir(), "clock.json"), &machine{}
		c := restarted(m, time.Time{}, "one", time.Hour, path)
		if err := c.Keep(path); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("nobody has vouched for any time yet")
		}
		if err := errors.Join(c.Trust(m.now(), 10*time.Millisecond), c.Keep(path)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5000 * time.Second) // half a second at 100 ppm
		for _, off := range []time.Duration{30 * time.Hour, -30 * time.Hour} {
			m.off = off
			c = restarted(m, time.Now().Add(-3*day), "one", time.Hour+5000*time.Second, path)
			if err := c.Trust(m.now(), 10*time.Millisecond); !errors.Is(err, ErrStepped) {
				t.Errorf("a lie of %v: %v", off, err)
			}
			if r := expect(t, c, Trusted, ErrStepped); time.Until(r.Time).Abs() > time.Millisecond || r.Uncertainty != 1510*time.Millisecond {
				t.Errorf("a lie of %v: %+v", off, r)
			}
			c.Alone()
			expect(t, c, Drifting, ErrStepped)
		}
		m.off = 2 * time.Second // within doubt and bound
		if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
			t.Error(err)
		}
		m.off = 30 * time.Hour
		for name, c := range map[string]*Clock{
			"another boot":             restarted(m, time.Now().Add(-day), "two", 2*time.Hour, path),
			"up for less than before":  restarted(m, time.Now().Add(-day), "one", time.Minute, path),
			"a floor that is later":    restarted(m, time.Now().Add(29*time.Hour), "one", time.Hour+5000*time.Second, path),
			"a file that says nothing": restarted(m, time.Now().Add(-day), "one", 2*time.Hour, os.DevNull),
		} {
			if err := c.Trust(m.now(), 10*time.Millisecond); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestKeep: the file is written when the floor or the first trusted time is another, and no more often.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock.json")
	c := New(nil, time.Time{})
	c.Resume(path)
	keep := func(want bool) {
		t.Helper()
		_ = os.Remove(path)
		if err := c.Keep(path); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("written: %v", err == nil)
		}
	}
	for _, want := range []bool{true, false} {
		if err := c.Trust(time.Now(), time.Second); err != nil {
			t.Fatal(err)
		}
		keep(want)
	}
	signed := time.Now().Add(time.Hour)
	c.Raise(signed) // which proves it wrong
	keep(true)
	floored := New(nil, time.Time{})
	floored.Resume(path)
	if r := floored.Read(); !floored.Floor().Equal(signed) || r.Confidence != Unknown {
		t.Errorf("the floor does not stay: %v, want %v, %+v", floored.Floor(), signed, r)
	}
	floored.Lower(signed.Add(-time.Hour))
	if err := floored.Keep(path); err != nil {
		t.Fatal(err)
	}
	floored = New(nil, time.Time{})
	if floored.Resume(path); !floored.Floor().Equal(signed.Add(-time.Hour)) {
		t.Errorf("lowered, and started anew: %v", floored.Floor())
	}
	if err := c.Trust(time.Now().Add(time.Hour), time.Second); err != nil {
		t.Fatal(err)
	}
	keep(true)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"boot":"`) || strings.Contains(string(text), `"boot":""`) {
		t.Errorf("%s %v", text, err)
	}
	if c = New(nil, time.Time{}); c.Read().Confidence != Unknown {
		t.Error("trusted by nobody")
	}
	if c.Resume(path); c.Read().Confidence != Trusted {
		t.Errorf("%+v", c.Read())
	}
	if err := c.Keep(filepath.Join(t.TempDir(), "none", "x")); err != nil {
		t.Error("it is there already: ", err)
	}
}

// FuzzResume: whatever stands in the file, the clock goes on, never below its floor.
func FuzzResume(f *testing.F) {
	floor := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	f.Add([]byte(`{"v":1,"boot":"one","up_ns":3600000000000,"time":"2026-11-22T05:35:09.07596288Z","within_ns":1000102600}`))
	f.Add([]byte(`{"v":1,"boot":"one","up_ns":-9223372036854775808,"time":"0001-01-01T00:00:00Z","within_ns":9223372036854775807}`))
	f.Add([]byte(`{"v":1,"boot":"one","time":"9999-12-31T23:59:59Z"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "clock.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := restarted(&machine{}, floor, "one", 2*time.Hour, path)
		_ = c.Trust(floor.Add(time.Hour), time.Second)
		if r := c.Read(); r.Time.Before(floor) || r.Uncertainty < 0 || r.Uncertainty > maxWithin+time.Minute {
			t.Errorf("%+v", r)
		}
	})
}
