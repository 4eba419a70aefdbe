package controller

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

var errFull = errors.New("no space")

// unattended serves a lane that opens itself, and with one device that hangs.
func unattended(t *testing.T, hangs string) *bench {
	b := serve(t, &bench{lane: lane.Lane{Unattended: true}, hangs: hangs})
	time.Sleep(2 * time.Second)
	synctest.Wait()
	return b
}

// later lets time pass and everything that it brings happen.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bench) expect(t *testing.T, s lane.State, faults lane.Fault) {
	t.Helper()
	if l := b.State(); l.State != s || l.Faults != faults {
		t.Errorf("%v with faults %q, want %v with %q", l, l.Faults, s, faults)
	}
}

// TestInspectionHangs: two people are told to try again, the third finds the lane
// closed; it opens when the inspection has returned.
func TestInspectionHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "inspection")
		for range 2 {
			b.present()
			later(3 * time.Second)
			b.expect(t, lane.Ready, 0)
			if got := b.shown(); got != "retry blue" {
				t.Errorf("shows %q", got)
			}
		}
		b.present()
		later(time.Minute)
		b.expect(t, lane.Secured, lane.InspectionFault)
		if got := b.shown(); got != "closed red" {
			t.Errorf("shows %q", got)
		}
		b.wakeUp()
		later(2 * time.Second)
		b.expect(t, lane.Ready, 0)
		b.present()
		if !b.isOpen() {
			t.Error("the next person is not admitted")
		}
		b.stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
		want := []string{"presented too-slow", "presented too-slow", "presented interrupted", "claimed", "settle interrupted"}
		if !slices.Equal(b.journal, want) {
			t.Errorf("journal %q, want %q", b.journal, want)
		}
	})
}

// TestJournalHangs: nobody is admitted, nothing is lost, and the lane opens when the
// journal has answered.
func TestJournalHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "journal")
		b.present()
		later(time.Minute)
		b.expect(t, lane.Secured, 0)
		if l := b.State(); !l.Unanswered || b.isOpen() {
			t.Errorf("lane %+v, open %v", l, b.isOpen())
		}
		b.wakeUp()
		later(2 * time.Second)
		b.expect(t, lane.Ready, 0)
		if want := []string{"claimed", "settle interrupted"}; !slices.Equal(b.journal, want) {
			t.Errorf("journal %q, want %q", b.journal, want)
		}
		b.stop()
		<-b.done
	})
}

// TestBacklog: with a journal that hangs, refusals go on until half its queue is full.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "journal")
		for range backlog + 1 {
			b.expect(t, lane.Ready, 0)
			b.view("!expired")
			later(2 * time.Second)
		}
		b.view("!expired")
		later(2 * time.Second)
		b.view("!expired")
		later(time.Minute)
		b.expect(t, lane.Secured, lane.JournalFault)
		b.wakeUp()
		later(2 * time.Second)
		b.expect(t, lane.Ready, 0)
		presented := 0
		for _, line := range b.journal {
			if line == "presented expired" || line == "presented interrupted" {
				presented++
			}
		}
		if n := b.State().Asked; uint64(presented) != n {
			t.Errorf("%d of %d presentations are in the journal", presented, n)
		}
		b.stop()
		<-b.done
	})
}

// TestJournalFails: out of service until what could not be written is written.
func TestJournalFails(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		journal    []string
	}{
		{"on a claim", "A", []string{"settle interrupted"}},
		{"on a refusal", "!expired", []string{"presented expired"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := unattended(t, "")
				b.set(func() { b.broken = errFull })
				b.view(tc.text)
				later(time.Minute)
				b.expect(t, lane.Secured, lane.JournalFault)
				if got := b.shown(); got != "closed red" || b.isOpen() {
					t.Errorf("shows %q, open %v", got, b.isOpen())
				}
				b.set(func() { b.broken = nil })
				later(3 * time.Second)
				b.expect(t, lane.Ready, 0)
				if !slices.Equal(b.journal, tc.journal) {
					t.Errorf("journal %q, want %q", b.journal, tc.journal)
				}
				b.stop()
				if err := <-b.done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestGateHangs: the lane does not wait for people who cannot pass.
func TestGateHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "gate")
		b.present()
		if got := b.shown(); got != "look white-moving" {
			t.Errorf("shows %q before the gate has answered", got)
		}
		later(time.Minute)
		b.expect(t, lane.Secured, lane.BarrierFault)
		b.wakeUp()
		later(2 * time.Second)
		b.expect(t, lane.Ready, 0)
		if b.isOpen() {
			t.Error("open with nobody admitted")
		}
		if want := []string{"claimed", "settle interrupted"}; !slices.Equal(b.journal, want) {
			t.Errorf("journal %q, want %q", b.journal, want)
		}
		b.stop()
		<-b.done
	})
}

// TestScreensHang: a display that hangs stops neither service nor lamp; when it is
// back it shows how things are, not how they were.
func TestScreensHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "display")
		b.view("A")
		if got := last(b.lamps).Lamp; got != lane.LampGreen || !b.isOpen() {
			t.Errorf("lamp %v, open %v", got, b.isOpen())
		}
		b.wakeUp()
		if got := b.shown(); got != "go green" || len(b.display) != 2 {
			t.Errorf("shows %q, after %v", got, b.display)
		}
		b.stop()
		<-b.done
	})
}

// TestBoardLost: the board is away and back.
func TestBoardLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "")
		b.report(lane.Failed{Fault: lane.BoardFault})
		later(time.Minute)
		b.expect(t, lane.Secured, lane.BoardFault)
		b.report(lane.Recovered{Fault: lane.BoardFault})
		later(time.Minute)
		b.expect(t, lane.Secured, 0)
		b.report(lane.Clear{}, lane.AlarmCleared{})
		later(time.Second)
		b.expect(t, lane.Ready, 0)
		b.stop()
		<-b.done
	})
}

// TestHopeless holds up codes of which the journal can never write what is said of
// them: the lane goes on, and what comes after them is written.
func TestHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := unattended(t, "")
		for _, text := range []string{"!expired citing law", "A citing law"} {
			b.view(text)
			b.expect(t, lane.Ready, 0)
			if got := b.shown(); got != "refer amber" || b.isOpen() {
				t.Errorf("%s: shows %q, open %v", text, got, b.isOpen())
			}
			later(5 * time.Second)
		}
		b.Evacuate(b.ctx)
		later(time.Second)
		if want := []string{"presented expired stripped", "presented policy-error stripped", "evacuated"}; !slices.Equal(b.journal, want) {
			t.Errorf("journal %q, want %q", b.journal, want)
		}
		b.stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
	})
}

// TestHopelessSettle: a claim ends although the event that ends it has no time.
func TestHopelessSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := build(t, &bench{})
		w := b.start(b.ctx)
		w.hand(order{lane.Settle{Event: event.Event{At: time.Unix(1<<60, 0), Kind: event.Passed, Presentation: 1}, Used: true}, 0})
		w.hand(order{lane.Record{Event: event.Event{Kind: "no such kind"}}, 0})
		w.hand(order{lane.Record{Event: event.Event{Kind: event.Alarm}}, 0})
		<-w.close()
		if want := []string{"settle passed stripped", "alarm"}; !slices.Equal(b.journal, want) {
			t.Errorf("journal %q, want %q", b.journal, want)
		}
	})
}

// TestListCannotBeRead: a disk that does not give a part of a mapped list any more refers who is
// asked for, and ends nothing.
func TestListCannotBeRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(name, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := syscall.Mmap(int(f.Fd()), 0, 1<<16, syscall.PROT_READ, syscall.MAP_SHARED)
	if err := errors.Join(err, f.Close(), os.Truncate(name, 0)); err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(list)
	synctest.Test(t, func(t *testing.T) {
		b := build(t, &bench{lane: lane.Lane{Unattended: true}})
		b.Use(func(p inspection.Presentation) verdict.Verdict {
			if list[1<<15] > 0 {
				t.Error("it could be read")
			}
			return b.inspect(p)
		})
		ctx, stop := context.WithCancel(t.Context())
		go func() { b.done <- b.Run(ctx, b.lane) }() // ends with stop
		b.report(lane.AlarmCleared{}, lane.Clear{})
		later(2 * time.Second)
		b.view("A")
		if v := b.State().Verdict; v.Outcome != verdict.Refer || b.isOpen() {
			t.Errorf("judged %+v, open %v", v, b.isOpen())
		}
		stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
	})
}

// TestInspectionPanics holds a code up that makes the inspection panic: its holder is
// referred, nothing of the code is logged, and the next person passes.
func TestInspectionPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := build(t, &bench{lane: lane.Lane{Unattended: true}})
		b.Log = slog.New(slog.NewTextHandler(&log, nil))
		b.Use(func(p inspection.Presentation) verdict.Verdict {
			if text := string(p.Codes[0]); strings.HasPrefix(text, "hostile") {
				panic("cannot parse " + text)
			}
			return b.inspect(p)
		})
		ctx, stop := context.WithCancel(t.Context())
		go func() { b.done <- b.Run(ctx, b.lane) }() // ends with stop
		b.report(lane.AlarmCleared{}, lane.Clear{})
		later(2 * time.Second)
		for range 3 {
			b.view("hostile Ms Chan")
			if v := b.State().Verdict; v.Outcome != verdict.Refer || v.Reason != verdict.PolicyError || b.isOpen() {
				t.Errorf("judged %+v, open %v", v, b.isOpen())
			}
			later(5 * time.Second)
		}
		b.view("A")
		if !b.isOpen() {
			t.Error("the next person is not admitted")
		}
		stop()
		if err := <-b.done; err != nil {
			t.Error(err)
		}
		if got := log.String(); !strings.Contains(got, "an inspection panicked") || !strings.Contains(got, "hang_test.go") || strings.Contains(got, "Chan") {
			t.Errorf("logged %q", got)
		}
	})
}
