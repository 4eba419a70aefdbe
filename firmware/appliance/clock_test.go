package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/clock"
	"example.org/checkpoint/firmware/journal/statefile"
)

// TestClockOverARestart: a program that is started anew goes on from the time that it trusted first
// since the machine was switched on, whatever the machine's clock says meanwhile.
func TestClockOverARestart(t *testing.T) {
	o := newOffice(t)
	c := o.configured("gate")
	c.Centre.URL, c.Clock.Within.Duration = "", time.Second
	open := func() *Appliance {
		t.Helper()
		a, err := New(c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, func() {}) }() // ends with end
	path := filepath.Join(c.Device.State, clockFile)
	var text []byte
	o.eventually("the time is kept", func() (there bool) {
		var err error
		text, err = os.ReadFile(path)
		return err == nil
	})
	end()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	a = open()
	if r := a.clock.Read(); r.Fault != nil || r.Confidence != clock.Trusted {
		t.Errorf("%+v", r)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	var kept struct{ Time time.Time }
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	other := kept.Time.Add(-30 * time.Hour).Format(time.RFC3339Nano)
	text = bytes.Replace(text, []byte(kept.Time.Format(time.RFC3339Nano)), []byte(other), 1)
	if err := statefile.Replace(path, text); err != nil { // as if the machine's clock were 30 hours ahead now
		t.Fatal(err)
	}
	a = open()
	defer a.close()
	if r := a.clock.Read(); !errors.Is(r.Fault, clock.ErrStepped) || time.Since(r.Time) < 29*time.Hour {
		t.Errorf("%+v", r)
	}
}
