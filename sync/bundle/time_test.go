package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/publish"
)

// year signs the timestamp anew on a host that is a year ahead.
func (c *centre) year() {
	c.t.Helper()
	path := filepath.Join(c.dir, "timestamp.json")
	m, err := metadata.Timestamp().FromFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	m.Signed.Version++
	m.Signed.Expires = m.Signed.Expires.AddDate(1, 0, 0)
	m.Signed.UnrecognizedFields["published"] = c.now.AddDate(1, 0, 0).Unix()
	if err := os.WriteFile(path, signed(c.t, m, c.keys.Timestamp), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// TestSignedAheadOfTheClock: one wrong signature must not end the life of a device.
func TestSignedAheadOfTheClock(t *testing.T) {
	c := newCentre(t)
	s := c.device(filepath.Join(t.TempDir(), "bundle.db"))
	take(t, s, c.now)
	for range 2 {
		c.year()
		set, changed, err := s.Refresh(t.Context(), known(c.now))
		if !errors.Is(err, ErrRefused) || changed || !set.Published.Equal(noon) || !strings.Contains(err.Error(), "set its clock") {
			t.Fatalf("%+v, %v, %v", set, changed, err)
		}
	}
	c.change("trust/HK.json", "right again") // a higher version, and the right time
	take(t, s, c.now)
	content(t, s, "trust/HK.json", "right again")

	c.now = c.now.Add(Slack) // clocks are never the same
	c.sign()
	if set, _, err := s.Refresh(t.Context(), known(c.now.Add(-Slack))); err != nil || !set.Published.Equal(c.now) {
		t.Errorf("%+v, %v", set, err)
	}
	c.now = c.now.Add(Slack)
	c.sign()
	if _, _, err := s.Refresh(t.Context(), Time{Now: c.now.Add(-time.Hour), Doubt: time.Hour - Slack, Known: true}); err != nil {
		t.Errorf("within the doubt: %v", err)
	}
}

// TestHealedByANewerTimestamp: nobody vouched for the clock when the wrong one came.
func TestHealedByANewerTimestamp(t *testing.T) {
	c := newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	take(t, s, c.now)
	c.year()
	unknown := Time{Now: c.now}
	if set, _, err := s.Refresh(t.Context(), unknown); err != nil || !set.Published.Equal(noon.AddDate(1, 0, 0)) {
		t.Fatalf("%+v, %v", set, err)
	}
	s.Close()
	s = c.device(path) // it is kept
	c.change("policy/door.json", "new")
	set, changed, err := s.Refresh(t.Context(), Time{Now: c.now})
	if err != nil || !changed || !set.Published.Equal(c.now) {
		t.Fatalf("%+v, %v, %v", set, changed, err)
	}
}

// TestNoNewSetWhileTheClockIsBehind: a device without a clock of its own wakes in 1970, where
// nothing has ever expired.
func TestNoNewSetWhileTheClockIsBehind(t *testing.T) {
	c := newCentre(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	lost := Time{Now: time.Unix(40, 0)}
	if _, changed, err := s.Refresh(t.Context(), lost); !errors.Is(err, ErrClock) || changed {
		t.Fatalf("the first set: %v, %v", changed, err)
	}
	take(t, s, c.now)
	c.now = c.now.Add(time.Hour)
	c.sign()
	if set, _, err := s.Refresh(t.Context(), lost); err != nil || !set.Published.Equal(c.now) { // a newer word about the same set
		t.Fatalf("%+v, %v", set, err)
	}
	c.change("policy/door.json", "new")
	if set, changed, err := s.Refresh(t.Context(), lost); !errors.Is(err, ErrClock) || changed || set.Version != "1" || !errors.Is(s.Status().Fault, ErrClock) {
		t.Fatalf("%+v, %v, %v", set, changed, err)
	}
	s.Close()
	s = c.device(path)
	content(t, s, "trust/HK.json", `{"v":1}`)
	if _, changed, err := s.Refresh(t.Context(), known(c.now.AddDate(0, 0, 4))); !errors.Is(err, ErrRefused) || changed {
		t.Fatalf("expired by then: %v, %v", changed, err)
	}
	if set := take(t, s, c.now); !set.Expires.Equal(c.now.Add(publish.DefaultLifetimes.Timestamp)) {
		t.Errorf("%+v", set)
	}
}
