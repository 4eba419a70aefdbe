package hall

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// newcomer is somebody at a device, and where they come again if something interrupts them.
type newcomer struct {
	person    bench.Person
	at, again *session
	from, to  time.Time // they were there
}

// load has people come to both devices while things break at random, then has everybody come
// again whom that has interrupted, with the same code, every other one at the other device.
func (x *torture) load(long time.Duration) {
	x.t.Helper()
	out, later := map[*session]newcomer{}, []newcomer{}
	next := func(s *session) {
		s.sent++
		n := newcomer{person: s.traveller(), at: s, again: s, from: time.Now()}
		n.person.ID, n.person.Act, n.person.Again = s.sent, bench.Hesitates, false // whom something interrupts goes away, and comes again afterwards
		if s.sent%2 == 0 {
			n.again = map[*session]*session{x.session: x.other, x.other: x.session}[s]
		}
		out[s] = n
		s.benchIn.Say(bench.Order{Person: &n.person})
	}
	back := func(s *session, l bench.Line, ok, more bool) {
		if !ok {
			x.t.Fatal("the bench has ended")
		}
		if l.Passage == nil {
			return
		}
		if x.done["people "+l.Passage.End]++; l.Passage.End != "passed" {
			n := out[s]
			n.to = time.Now()
			later = append(later, n)
		}
		if delete(out, s); more {
			next(s)
		}
	}
	next(x.session)
	next(x.other)
	all := victims
	if long == 0 {
		all = slices.Compact(slices.Clone(victims))
	}
	deck, end := []string{}, time.Now().Add(long)
	for rounds, going := 0, true; going || len(out) > 0; {
		pause := time.Duration(300+x.rand.IntN(1500)) * time.Millisecond
		if !going {
			pause = 90 * time.Second
		}
		select {
		case l, ok := <-x.benchLines:
			back(x.session, l, ok, going)
		case l, ok := <-x.other.benchLines:
			back(x.other, l, ok, going)
		case <-time.After(pause):
			if !going {
				x.t.Fatal("somebody does not come back")
			}
			if len(deck) == 0 {
				if rounds++; rounds > 1 && time.Now().After(end) {
					going = false
					x.join()
					continue
				}
				deck = slices.Clone(all)
				x.rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
			}
			x.torment(deck[0])
			deck = deck[1:]
		}
	}
	for _, what := range victims {
		if x.done[what] == 0 {
			x.t.Errorf("under load, never: %s", what)
		}
	}
	for _, n := range later {
		switch got, passed := x.visits(n.again, n.person); {
		case passed:
			x.done["came again, and through"]++
		case x.doubtful(n): // staff let them in
			x.done["may have passed, and not let again"]++
		default:
			x.t.Errorf("interrupted under load, and come again: does not pass: %+v; the device's record ends\n%s", got, x.recordOf(n.at))
		}
	}
}

// doubtful reports whether the record says that nobody knows whether somebody has passed: their
// device lost its board while they stood in the open gate. That alone leaves a code used.
func (x *torture) doubtful(n newcomer) bool {
	x.t.Helper()
	x.must(n.at.stopDevice())
	defer x.start(n.at)
	text, err := n.at.export(x.t)
	x.must(err)
	for line := range figures.Lines(text) {
		var e struct {
			Time time.Time
			Type string
			Data struct{ Note struct{ Code string } }
		}
		x.must(json.Unmarshal(line, &e))
		if e.Type == "checkpoint.interrupted.v1" && e.Data.Note.Code == "used" && e.Time.After(n.from) && e.Time.Before(n.to.Add(10*time.Second)) {
			return true
		}
	}
	return false
}

// interrupt has somebody be let and the program die before they have gone in: with the same code
// they are through when they come again, at that device or the other, also if the hub or the
// centre is away while the program starts.
func (x *torture) interrupt() {
	x.t.Helper()
	for _, w := range []struct {
		when      string
		at, again *session
		away      *process.Link
	}{
		{"interrupted, at that device again", x.session, x.session, nil},
		{"interrupted, at the other device", x.other, x.session, nil},
		{"interrupted and the hub away", x.session, x.other, x.hubLink},
		{"interrupted and the centre away", x.other, x.other, x.other.link},
	} {
		p := w.at.let(x.t)
		w.at.device.Kill()
		if w.away != nil {
			w.away.Set(true)
		}
		x.start(w.at)
		if w.away != nil {
			time.Sleep(2 * time.Second) // it finds nobody there
			w.away.Set(false)
			w.at.says(x.t, "hall-away", false)
			w.at.says(x.t, "centre-offline", false)
		}
		x.through(w.again, p, w.when)
		x.done["interrupted, and through"]++
	}
}

// loseBoard has the board's cable pulled while somebody stands before the open gate: nobody knows
// whether they have passed, so their code stays used and the record says why.
func (x *torture) loseBoard() {
	x.t.Helper()
	s, from := x.session, time.Now()
	p := s.let(x.t)
	for _, pulled := range []bool{true, false} {
		x.must(s.press(bench.Fault{Lane: s.Lanes[0].Name, Name: "board", On: pulled}))
		s.says(x.t, "gate-lost", pulled)
	}
	n := newcomer{person: p, at: s, from: from, to: time.Now()}
	s.shows(x.t, "white")
	if got := s.visit(x.t, p); got.End != "sent-away" || !x.doubtful(n) {
		x.t.Errorf("the board was lost while they stood in the open gate: %+v; the device's record ends\n%s", got, x.recordOf(s))
	}
}

// let has people come who are let and do not go in, until one was, and gives them as one who
// would walk through. The lane waits for them for as long as relax says.
func (s *session) let(t *testing.T) bench.Person {
	t.Helper()
	var got bench.Passage
	for range 6 {
		s.shows(t, "white")
		p := s.traveller()
		p.Act = bench.Withdraws
		if got = s.visit(t, p); got.Saw == "green" {
			p.Act = bench.Walks
			return p
		}
	}
	t.Fatalf("nobody is let: %+v", got)
	return bench.Person{}
}

// visits has one person come until they are through, at most six times.
func (x *torture) visits(s *session, p bench.Person) (got bench.Passage, passed bool) {
	x.t.Helper()
	for n := range 6 {
		s.shows(x.t, "white")
		if got = s.visit(x.t, p); got.End == "passed" {
			if n > 0 {
				x.done[fmt.Sprintf("through at visit %d", n+1)]++
			}
			return got, true
		}
	}
	return got, false
}

// through has one person come until they are through.
func (x *torture) through(s *session, p bench.Person, when string) {
	x.t.Helper()
	if got, passed := x.visits(s, p); !passed {
		x.t.Errorf("%s: does not pass: %+v; the device's record ends\n%s", when, got, x.recordOf(s))
	}
}

// recordOf is the end of a device's record; a running program keeps that to itself.
func (x *torture) recordOf(s *session) []byte {
	x.t.Helper()
	x.must(s.stopDevice())
	page, err := s.checkpoint(x.t.Context(), "journal", "list", "--state", s.path("device"), "-n", "40")
	if err != nil {
		page = append(page, err.Error()...)
	}
	x.start(s)
	return page
}
