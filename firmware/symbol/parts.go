package symbol

import (
	"bytes"
	"slices"
	"time"
	"unicode/utf8"
)

// Part says which of several symbols that hold one text together a symbol is (section 8). The zero
// Part is that of a symbol on its own.
type Part struct {
	Index, Of int   // from 0; how many there are, up to 16
	Parity    uint8 // of the whole text: all its bytes, XORed
}

// mostTexts is how many texts are collected at a time.
const mostTexts = 4

// partsWait is how long the parts of a text are kept after the last of them was in sight: as long as a
// code must be out of sight to be a new one to a lane (1.5 s), and half a second by which a frame that
// is studied beside may come late. The parts of one person are not joined with those of the next.
const partsWait = 2 * time.Second

// Parts joins symbols that hold one text together, from one picture or from several in turn. Its
// zero value is ready.
type Parts struct{ texts []collected }

type collected struct {
	of      int
	parity  uint8
	last    time.Time // when a part was seen
	symbols [16]*Symbol
}

// Join takes the symbols of a picture and returns those that stand alone, and each text of several
// parts once they are all known, for as long as one of them is seen. Parts of which others are
// missing are kept back; they are forgotten 2 s after the last of them was seen. Times must not
// run backwards.
func (p *Parts) Join(symbols []Symbol, at time.Time) []Symbol {
	p.texts = slices.DeleteFunc(p.texts, func(t collected) bool { return at.Sub(t.last) > partsWait })
	if !slices.ContainsFunc(symbols, func(s Symbol) bool { return s.Part.Of > 0 }) {
		return symbols
	}
	var out []Symbol
	seen := map[*collected]Symbol{}
	for _, s := range symbols {
		if s.Part.Of == 0 {
			out = append(out, s)
			continue
		}
		t := p.text(s.Part, at)
		t.last = at
		if old := t.symbols[s.Part.Index]; old != nil && !bytes.Equal(old.Bytes, s.Bytes) {
			t.symbols = [16]*Symbol{} // another text of the same parity
		}
		t.symbols[s.Part.Index] = &s
		seen[t] = s
	}
	for i := range p.texts {
		t := &p.texts[i]
		if last, ok := seen[t]; ok {
			if s, whole := t.whole(); whole {
				s.Corners = last.Corners
				out = append(out, s)
			}
		}
	}
	return out
}

// Missing is how many parts of the text seen last are yet to be shown; 0 where none is begun.
func (p *Parts) Missing() (missing int) {
	var last time.Time
	for i := range p.texts {
		t := &p.texts[i]
		if !t.last.Before(last) {
			last, missing = t.last, t.of
			for _, s := range t.symbols {
				if s != nil {
					missing--
				}
			}
		}
	}
	return missing
}

// text is the collection that a part belongs to. The oldest gives way to a new one.
func (p *Parts) text(part Part, at time.Time) *collected {
	for i := range p.texts {
		if p.texts[i].of == part.Of && p.texts[i].parity == part.Parity {
			return &p.texts[i]
		}
	}
	if cap(p.texts) < mostTexts {
		p.texts = append(make([]collected, 0, mostTexts), p.texts...)
	}
	fresh := collected{of: part.Of, parity: part.Parity, last: at}
	if len(p.texts) < mostTexts {
		p.texts = append(p.texts, fresh)
		return &p.texts[len(p.texts)-1]
	}
	oldest := 0
	for i := range p.texts {
		if p.texts[i].last.Before(p.texts[oldest].last) {
			oldest = i
		}
	}
	p.texts[oldest] = fresh
	return &p.texts[oldest]
}

// whole joins all parts, if they are there and their parity is right. Parts that do not belong
// together are forgotten.
func (t *collected) whole() (Symbol, bool) {
	s := Symbol{Format: FormatQR}
	parity := uint8(0)
	for _, part := range t.symbols[:t.of] {
		if part == nil {
			return Symbol{}, false
		}
		s.Text += part.Text
		s.Bytes = append(s.Bytes, part.Bytes...)
		for _, b := range part.Bytes {
			parity ^= b
		}
	}
	if parity != t.parity {
		t.symbols = [16]*Symbol{}
		return Symbol{}, false
	}
	if utf8.Valid(s.Bytes) { // a character may be cut in two
		s.Text = string(s.Bytes)
	}
	return s, true
}
