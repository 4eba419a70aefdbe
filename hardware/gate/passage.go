package gate

import "example.org/checkpoint/hardware/gate/internal/wire"

// passage follows one body along three beams that overlap (G10 to G12), and turns
// them into what is reported of two:
//
//	through        EntryBroken … ExitBroken EntryWhole ExitWhole
//	stepped back   EntryBroken … EntryWhole
//	two at once    EntryBroken … Followed EntryBroken ExitBroken … ExitWhole EntryWhole
//	from the exit  Reversed ExitBroken … ExitWhole
//	out of order   ExitBroken EntryBroken … ExitWhole EntryWhole
//
// ExitBroken is thus not reported before somebody is through, and a passage is never
// reported of somebody who went back. Bodies that leave no gap are one body: beams
// cannot tell.
type passage struct {
	at    place
	exit  bool // came from the exit; beams are seen in its mirror
	twice bool // the first beam was whole and broke again
	last  beams
	saw   beams // beams broken since the lane was empty, not mirrored

	entryBroken, exitBroken bool // as reported

	missed [3]int // for each beam, what speaks for its being dead
}

// beams are broken ones in the order in which a body meets them.
type beams uint8

const (
	first beams = 1 << iota
	second
	third
)

// place is where the body is.
type place uint8

const (
	nowhere place = iota
	at1           // in the first beam
	at2           // first and second
	at3           // in the second, past the first or not, and perhaps in the third
	at4           // second and third
	at5           // in the third
	mixed         // several bodies, or something that no body does

	// Ends of a passage.
	through
	back
	vanished
)

// steps is where a body is that was at a place, by the beams that are broken now:
// none, 1, 2, 1+2, 3, 1+3, 2+3, all. A slow bus may leave out a place.
var steps = [...][8]place{
	nowhere: {nowhere, at1, mixed, at2, mixed, mixed, mixed, mixed},
	at1:     {back, at1, at3, at2, at5, mixed, at4, at3},
	at2:     {back, at1, at3, at2, at5, mixed, at4, at3},
	at3:     {vanished, at1, at3, at2, at5, mixed, at4, at3},
	at4:     {through, mixed, at3, mixed, at5, mixed, at4, at3},
	at5:     {through, mixed, at3, mixed, at5, mixed, at4, mixed},
	mixed:   {vanished, mixed, mixed, mixed, mixed, mixed, mixed, mixed},
}

// A beam is dead after three bodies that no beams should see so, or thirty that could
// have missed it (G15: no change over N passages).
const (
	odd   = 10
	usual = 1
	dead  = 30
)

// ordered turns inputs into broken beams, in their order from the entry.
func ordered(in wire.Inputs) (b beams) {
	for i, beam := range [...]wire.Inputs{wire.Entry, wire.Middle, wire.Exit} {
		if in&beam == 0 {
			b |= 1 << i
		}
	}
	return b
}

func (b beams) mirrored() beams { return b&second | b&first<<2 | b&third>>2 }

// begin takes the first beams that are seen, and returns the state.
func (p *passage) begin(b beams) []Kind {
	*p = passage{missed: p.missed, last: b, saw: b, entryBroken: b&^third != 0, exitBroken: b&third != 0}
	if b != 0 {
		p.at = mixed
	}
	return []Kind{pick(p.entryBroken, EntryBroken, EntryWhole), pick(p.exitBroken, ExitBroken, ExitWhole)}
}

// step takes the beams that are broken now, and returns what is to be reported.
func (p *passage) step(b beams) (did []Kind) {
	p.saw |= b
	if p.at == nowhere && b&first == 0 && b&third != 0 { // the mirror turns everything below round
		p.exit, p.last = true, 0
		did = append(did, Reversed)
		did = p.leave(true, did)
	}
	if p.exit {
		b = b.mirrored()
	}
	was := p.at
	p.at = steps[was][b]
	broke, mended := b&^p.last, p.last&^b
	if was != nowhere && was != at1 && was != at2 && broke&first != 0 {
		p.twice = true
	}
	if p.twice && mended&third != 0 && b != 0 {
		p.at = mixed // one left while another comes
	}
	p.last = b
	switch p.at {
	case through:
		if !p.exit {
			did = p.leave(true, did)
		}
		return p.empty(did, p.entry(false, nil), p.leave(false, nil))
	case back:
		return p.empty(did, p.entry(false, nil), p.leave(false, nil))
	case vanished:
		did = p.leave(true, did)
		return p.empty(did, p.leave(false, nil), p.entry(false, nil))
	case mixed:
		if was == mixed {
			return did
		}
		if was != nowhere && !p.exit {
			did, p.entryBroken = append(did, Followed), false
			return p.leave(true, p.entry(true, did))
		}
		return p.entry(true, p.leave(true, did))
	}
	if !p.exit {
		did = p.entry(p.at != nowhere, did)
	}
	return did
}

// empty ends a passage and counts which beams did not take part in it.
func (p *passage) empty(did []Kind, more ...[]Kind) []Kind {
	for _, m := range more {
		did = append(did, m...)
	}
	weight := odd
	if p.at == back {
		weight = usual
	}
	for i := range p.missed {
		if p.missed[i] += weight; p.saw>>i&1 == 1 {
			p.missed[i] = 0
		}
	}
	p.at, p.exit, p.twice, p.last, p.saw = nowhere, false, false, 0, 0
	return did
}

// entry and leave report the two beams of old, when they change.
func (p *passage) entry(broken bool, did []Kind) []Kind {
	if broken == p.entryBroken {
		return did
	}
	p.entryBroken = broken
	return append(did, pick(broken, EntryBroken, EntryWhole))
}

func (p *passage) leave(broken bool, did []Kind) []Kind {
	if broken == p.exitBroken {
		return did
	}
	p.exitBroken = broken
	return append(did, pick(broken, ExitBroken, ExitWhole))
}

func pick(broken bool, yes, no Kind) Kind {
	if broken {
		return yes
	}
	return no
}

// deadBeams are those that people pass without breaking, as inputs.
func (p *passage) deadBeams() (found wire.Inputs) {
	for i, beam := range [...]wire.Inputs{wire.Entry, wire.Middle, wire.Exit} {
		if p.missed[i] >= dead {
			found |= beam
		}
	}
	return found
}
