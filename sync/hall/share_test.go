package hall

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/sign1"
)

// room is a line between devices, those of them that are on.
type room map[string]func([]byte) []byte

var errSilence = errors.New("nobody answers")

// seat is a device's place at it.
type seat struct {
	room room
	name string
}

func (s seat) AskPeers(_ context.Context, _ string, data []byte) ([]byte, error) {
	for name, answer := range s.room {
		if name == s.name {
			continue
		}
		if text := answer(data); text != nil {
			return text, nil
		}
	}
	return nil, errSilence
}

func (s seat) Serve(_ string, answer func([]byte) []byte) error {
	s.room[s.name] = answer
	return nil
}

// sharer is a gate that has come into a room and hands its keys out there.
func sharer(t *testing.T, name string, hub, names *meeting, all room, trusted sign1.Keys) (*gate, *Sharing) {
	t.Helper()
	g := &gate{T: t, dir: t.TempDir(), name: name}
	g.open(hub)
	key, _, err := enrol.Load(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	trusted[key.ID()] = key.Public()
	s := &Sharing{Hall: g.Hall, Site: "HZMB", Names: names, Line: seat{all, name}, Sign: key.Sign, Trusted: func() sign1.Keys { return trusted },
		Log: slog.New(slog.DiscardHandler), missing: map[string]time.Time{}}
	if err := s.Line.Serve("", s.hand); err != nil {
		t.Fatal(err)
	}
	return g, s
}

// TestLostKeyOfTheDay: a key that nobody has any more keeps nobody from those that came after it.
func TestLostKeyOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, names, all, trusted := newMeeting(), newMeeting(), room{}, sign1.Keys{}
		day := time.Now().UTC().Format(time.DateOnly)
		come := func(name string) (*gate, *Sharing) {
			g, s := sharer(t, name, hub, names, all, trusted)
			for i := 0; i < 2 && s.agree(t.Context(), day) != nil; i++ {
				time.Sleep(orphaned + time.Second)
			}
			return g, s
		}
		come("a")
		delete(all, "a") // for good
		b, bs := come("b")
		b.Settle(b.admits("x").N, true)
		off := all["b"]
		delete(all, "b")
		_, cs := come("c")
		all["b"] = off
		for _, s := range []*Sharing{cs, bs} {
			if err := s.agree(t.Context(), day); !errors.Is(err, errNobody) {
				t.Fatal("the lost key:", err)
			}
		}
		d, _ := come("d")
		d.refuses("x")
	})
}

// TestEarlierKeyOfTheDay: who made a day's second key, because nobody was there to hand out the first,
// gets the first as soon as somebody is, and so does who comes later; a code used under it counts.
func TestEarlierKeyOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, names, all, trusted := newMeeting(), newMeeting(), room{}, sign1.Keys{}
		come := func(name string) (*gate, *Sharing) { return sharer(t, name, hub, names, all, trusted) }
		day := time.Now().UTC().Format(time.DateOnly)
		agree := func(s *Sharing) {
			t.Helper()
			if err := s.agree(t.Context(), day); err != nil {
				t.Fatal(err)
			}
		}
		a, as := come("a")
		agree(as)
		a.Settle(a.admits("x").N, true)
		off := all["a"]
		delete(all, "a")

		b, bs := come("b")
		if err := bs.agree(t.Context(), day); !errors.Is(err, errNobody) {
			t.Fatal(err)
		}
		time.Sleep(orphaned + time.Second)
		agree(bs)
		if err := bs.agree(t.Context(), day); !errors.Is(err, errNobody) || a.keys.get(day).id() == b.keys.get(day).id() {
			t.Fatalf("the first key is forgotten: %v", err)
		}

		all["a"] = off
		agree(as)
		agree(bs)
		c, cs := come("c")
		agree(cs)
		for _, g := range []*gate{b, c} {
			g.refuses("x")
		}
		b.Settle(b.admits("y").N, true)
		a.refuses("y")
		c.refuses("y")

		// The next day somebody new comes, and asks for the key of the day before, too.
		time.Sleep(24 * time.Hour)
		_, ds := come("d")
		for _, s := range []*Sharing{as, ds} {
			for _, at := range days(time.Now(), 26*time.Hour) {
				if err := s.agree(t.Context(), at); err != nil {
					t.Fatal(at, err)
				}
			}
		}
		if old := ds.Hall.keys.get(day); old == nil || old.id() != a.keys.get(day).id() {
			t.Error("who comes later does not get the key of the day before")
		}
		if got := days(time.Now().Add(12*time.Hour), 26*time.Hour); !slices.Equal(got, []string{"2000-01-02", "2000-01-03", "2000-01-01"}) {
			t.Errorf("the days that count: %v", got)
		}
		if names.size() != 2 {
			t.Errorf("%d days have a name: one was made of a day that is over", names.size())
		}
	})
}
