package lane

import (
	"crypto/sha256"
	"time"
)

const (
	// gone is how long a text must be out of sight before it is new again. It also
	// bridges frames in which a code that is still held up was not read.
	gone = 1500 * time.Millisecond
	// pause is the time after which a person who may try again may do so with the
	// same text, without taking it away.
	pause = 1500 * time.Millisecond
	// remembered is how many texts are kept apart; beyond it the one seen longest
	// ago is forgotten first.
	remembered = 16
	// MaxCodes is how many codes one presentation holds at most.
	MaxCodes = 8
)

// Sight remembers what a lane has in view, so that a code held still is presented
// once. It keeps digests, never texts. The zero Sight has seen nothing; copy it
// freely.
type Sight struct {
	turn uint64 // presentations so far
	seen [remembered]sighting
}

// sighting is one text that was in view; the zero sighting is none.
type sighting struct {
	text [sha256.Size]byte
	last time.Time
	turn uint64    // the presentation it was part of; 0 for none yet
	free time.Time // when it may be presented again; zero for not while in view
}

// Look takes the texts of one frame, which may be none, and returns those that are
// a new presentation, in the order given. A lane that is not ready takes none; they
// wait for as long as they are in view.
func (s Sight) Look(now time.Time, texts [][]byte, ready bool) (Sight, [][]byte) {
	for i, e := range s.seen {
		if now.Sub(e.last) >= gone {
			s.seen[i] = sighting{}
		}
	}
	var fresh [][]byte
	for _, text := range texts[:min(len(texts), MaxCodes)] {
		e := s.find(sha256.Sum256(text))
		e.last = now
		if ready && (e.turn == 0 || !e.free.IsZero() && !now.Before(e.free)) {
			e.turn, e.free = s.turn+1, time.Time{}
			fresh = append(fresh, text)
		}
	}
	if fresh != nil {
		s.turn++
	}
	return s, fresh
}

// Again lets the texts of the last presentation be presented once more after a
// pause, for a person who may try again.
func (s Sight) Again(now time.Time) Sight {
	for i := range s.seen {
		if e := &s.seen[i]; s.turn > 0 && e.turn == s.turn {
			e.free = now.Add(pause)
		}
	}
	return s
}

// find returns the sighting of a text; a text not known takes the place of none or
// of the one seen longest ago.
func (s *Sight) find(text [sha256.Size]byte) *sighting {
	oldest := &s.seen[0]
	for i := range s.seen {
		e := &s.seen[i]
		if e.text == text && !e.last.IsZero() {
			return e
		}
		if e.last.Before(oldest.last) {
			oldest = e
		}
	}
	*oldest = sighting{text: text}
	return oldest
}
