package card_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/card"
	sim "example.org/checkpoint/simulators/card"
)

var atr = []byte{0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 1, 0, 0, 0, 0, 0x6A}

// ours is a card of the profile, as its description says.
func ours(token []byte) *sim.Card {
	return &sim.Card{
		Application: []byte("\xF0CHKPT\x01"), ID: []byte{0x48, 0x01}, ATR: atr,
		Content: append(binary.BigEndian.AppendUint16(nil, uint16(len(token))), token...),
	}
}

func token(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// bench is one daemon and its driver.
type bench struct {
	*card.Reader
	daemon *sim.Daemon
	cards  []*sim.Card
	events chan card.Event
}

func serve(t testing.TB, minor uint32, o card.Options) *bench {
	o.Socket = filepath.Join(t.TempDir(), "pcscd.comm")
	d, err := sim.NewDaemon(o.Socket, minor)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{card.New(o), d, nil, make(chan card.Event, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, func(e card.Event) { b.events <- e }) }() // ends with the test
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		d.Stop()
		if n := d.Connections(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
		for _, e := range d.Errors() {
			t.Error(e)
		}
		for _, c := range b.cards {
			for _, e := range c.Errors() {
				t.Error(e)
			}
		}
	})
	return b
}

func (b *bench) insert(c *sim.Card) {
	b.cards = append(b.cards, c)
	b.daemon.Insert(c)
}

// expect waits for what happens next.
func (b *bench) expect(t testing.TB, want ...card.Kind) (last card.Event) {
	t.Helper()
	for _, k := range want {
		select {
		case last = <-b.events:
			if last.Kind != k {
				t.Fatalf("%v (%v), want %v", last, last.Why, k)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("not %v: %v", k, b.Fault())
		}
	}
	return last
}

// fault waits for one that says want, or for none if want is empty.
func (b *bench) fault(t testing.TB, want string) {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		err := b.Fault()
		if want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%v, want %q", err, want)
		}
	}
}

// TestRead reads tokens of every size, from cards of several kinds, through every version
// of the daemon.
func TestRead(t *testing.T) {
	t.Parallel()
	for minor := uint32(3); minor <= 5; minor++ {
		t.Run(fmt.Sprintf("4:%d", minor), func(t *testing.T) {
			b := serve(t, minor, card.Options{Reader: "Virtual"})
			for i, n := range []int{1, 239, 240, 241, 1200, 4096} {
				c := ours(token(n))
				c.T0 = i%2 == 1
				c.Most = []int{0, 200, 130}[i%3]
				b.insert(c)
				if e := b.expect(t, card.Inserted); !bytes.Equal(e.ATR, atr) {
					t.Errorf("ATR % x", e.ATR)
				}
				if e := b.expect(t, card.Read); !bytes.Equal(e.Token, token(n)) {
					t.Errorf("%d bytes: %x", n, e.Token)
				}
				b.daemon.Remove()
				b.expect(t, card.Removed)
			}
			b.fault(t, "")
		})
	}
}

// TestUnread: other cards, cards without a good file.
func TestUnread(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	for _, c := range []struct {
		name   string
		change func(*sim.Card)
		want   error
	}{
		{"another application", func(c *sim.Card) { c.Application = []byte("\xA0\x00\x00\x02\x47\x10\x01") }, card.ErrForeign},
		{"no file", func(c *sim.Card) { c.ID = []byte{1, 2} }, card.ErrForeign},
		{"empty file", func(c *sim.Card) { c.Content = nil }, card.ErrDamaged},
		{"no length", func(c *sim.Card) { c.Content = []byte{1} }, card.ErrDamaged},
		{"no token", func(c *sim.Card) { c.Content = []byte{0, 0} }, card.ErrDamaged},
		{"too long", func(c *sim.Card) { c.Content = token(5000); c.Content[0] = 0x10; c.Content[1] = 0x01 }, card.ErrDamaged},
		{"cut off", func(c *sim.Card) { c.Content = c.Content[:500] }, card.ErrDamaged},
		{"crumbs", func(c *sim.Card) { c.Most = 2 }, card.ErrDamaged},
		{"no answer to reset", func(c *sim.Card) { c.ATR = nil }, card.ErrHeld},
	} {
		x := ours(token(1000))
		c.change(x)
		b.insert(x)
		if e := b.expect(t, card.Inserted, card.Unread); !errors.Is(e.Why, c.want) || e.Token != nil {
			t.Errorf("%s: %v, want %v", c.name, e.Why, c.want)
		}
		b.daemon.Remove()
		b.expect(t, card.Removed)
	}
	b.insert(ours(token(10)))
	b.expect(t, card.Inserted, card.Read)
	b.fault(t, "")
}

// TestMoved: a card that is taken away while it is read is not read, at whichever command.
func TestMoved(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	for n := 1; n <= 8; n++ {
		b.daemon.RemoveAfter(n)
		b.insert(ours(token(1000)))
		if e := b.expect(t, card.Inserted, card.Unread); !errors.Is(e.Why, card.ErrHeld) {
			t.Errorf("at command %d: %v", n, e.Why)
		}
		b.expect(t, card.Removed)
	}
}

// TestQuick: a card exchanged for another between two looks is two cards.
func TestQuick(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	b.insert(ours([]byte("one")))
	b.expect(t, card.Inserted, card.Read)
	b.daemon.Remove()
	b.insert(ours([]byte("two")))
	if e := b.expect(t, card.Removed, card.Inserted, card.Read); string(e.Token) != "two" {
		t.Errorf("%q", e.Token)
	}
}

// TestHiccups: what passes is tried again, and slow answers are waited for.
func TestHiccups(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	b.daemon.Crumble()
	for name, hiccup := range map[string]func(){
		"unresponsive":   func() { b.daemon.Refuse(sim.Unreachable, sim.Sharing) },
		"torn answer":    func() { b.daemon.Answer([]byte{0x90}) },
		"late":           func() { b.daemon.Late(300 * time.Millisecond) },
		"late no longer": func() { b.daemon.Late(0) },
	} {
		hiccup()
		b.insert(ours(token(300)))
		if e := b.expect(t, card.Inserted, card.Read); !bytes.Equal(e.Token, token(300)) {
			t.Errorf("%s: %x", name, e.Token)
		}
		b.daemon.Remove()
		b.expect(t, card.Removed)
	}
	b.daemon.Refuse(sim.Sharing, sim.Sharing, sim.Sharing, sim.Sharing)
	b.insert(ours(token(300)))
	b.expect(t, card.Inserted, card.Unread, card.Read)
}

// TestHung: a card that never answers costs the connection, which comes back.
func TestHung(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	b.daemon.Late(6 * time.Second)
	b.insert(ours(token(300)))
	if e := b.expect(t, card.Inserted, card.Unread); !errors.Is(e.Why, card.ErrHeld) {
		t.Error(e.Why)
	}
	b.daemon.Late(0)
	b.expect(t, card.Removed, card.Inserted)
	for e := b.expect(t); e.Token == nil; { // until the daemon has given up the old connection, it lets nobody else have the card
		select {
		case e = <-b.events:
			if e.Kind == card.Read && !bytes.Equal(e.Token, token(300)) {
				t.Errorf("%x", e.Token)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("not read")
		}
	}
	b.fault(t, "")
}

// TestUnplug loses the reader, then the daemon, with a card on it: it is gone each time,
// and back with them.
func TestUnplug(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	for range 2 {
		c := ours([]byte("token"))
		b.insert(c)
		b.expect(t, card.Inserted, card.Read)
		b.daemon.Plug(false)
		b.expect(t, card.Removed)
		b.fault(t, "plug it in")
		if !errors.Is(b.Fault(), card.ErrNoReader) {
			t.Error(b.Fault())
		}
		b.daemon.Plug(true)
		b.fault(t, "")

		b.insert(c)
		b.expect(t, card.Inserted, card.Read)
		b.daemon.Stop()
		b.expect(t, card.Removed)
		b.fault(t, "start it")
		if err := b.daemon.Start(); err != nil {
			t.Fatal(err)
		}
		b.expect(t, card.Inserted, card.Read)
		b.fault(t, "")
		b.daemon.Remove()
		b.expect(t, card.Removed)
	}
}

// TestFaults: another reader than the one wanted, another version of the daemon.
func TestFaults(t *testing.T) {
	t.Parallel()
	serve(t, 4, card.Options{Reader: "ACS"}).fault(t, "no card reader")
	serve(t, 2, card.Options{}).fault(t, "it speaks version 4:2")
	b := serve(t, 2, card.Options{})
	b.fault(t, "start it")
	if strings.Contains(b.Fault().Error(), "\n") {
		t.Error("more than a line")
	}
}

// TestPlaces: a daemon built for more readers, as Fedora's.
func TestPlaces(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	b.fault(t, "")
	b.daemon.Stop()
	b.daemon.Places(48)
	b.fault(t, "start it")
	if err := b.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.insert(ours(token(300)))
		b.expect(t, card.Inserted, card.Read)
		b.daemon.Remove()
		b.expect(t, card.Removed)
	}
}

// TestTurnedAway: a daemon that does not hear this user.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	b := serve(t, 4, card.Options{})
	b.fault(t, "")
	b.daemon.TurnAway(true)
	b.daemon.Stop()
	if err := b.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	b.fault(t, "polkit")
	b.daemon.TurnAway(false)
	b.fault(t, "")
}

// TestSilent: no way of printing an event tells what the card holds.
func TestSilent(t *testing.T) {
	t.Parallel()
	e := card.Event{Kind: card.Read, Token: []byte("secret")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("event", "card", e)
	if text := fmt.Sprintf("%v %+v %#v %d %s %q %x", e, e, e, e, e, e, e) + log.String(); strings.Contains(text, "secret") || strings.Contains(text, "115") {
		t.Error(text)
	}
}

// BenchmarkCard is from the card laid on the reader to its token of 1,200 bytes, of which
// up to 150 ms are until the next look.
func BenchmarkCard(b *testing.B) {
	d := serve(b, 4, card.Options{})
	for b.Loop() {
		d.insert(ours(token(1200)))
		d.expect(b, card.Inserted, card.Read)
		b.StopTimer()
		d.daemon.Remove()
		d.expect(b, card.Removed)
		b.StartTimer()
	}
}
