package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
)

// memory holds, by the id of its line, what was admitted or obeyed.
type memory map[string]kept

type kept struct {
	counts []verdict.Count
	stated *statement
}

// maxKept bounds the lines that are remembered; later ones are not.
const maxKept = 1 << 18

func (m *memory) add(id json.RawMessage, a answer) {
	if *m == nil {
		*m = memory{}
	}
	k := kept{}
	if a.verdict.Outcome == verdict.Admit {
		k = kept{a.verdict.Counts, a.stated}
	}
	if len(*m) < maxKept {
		(*m)[string(id)] = k
	}
}

// past is what the lane has seen before a question.
type past struct {
	counts []verdict.Count
	book   order.Book
	leases order.Leases
	marks  map[epoch]uint64 // highest sequence number
}

type epoch struct {
	device string
	epoch  uint64
}

// past puts together what the lines with these ids have left behind, in order.
func (m memory) past(ids []json.RawMessage) (past, error) {
	p := past{marks: map[epoch]uint64{}}
	for _, id := range ids {
		k, ok := m[string(id)]
		if !ok {
			return p, fmt.Errorf("after: no line before this one has the id %s", id)
		}
		p.counts = append(p.counts, k.counts...)
		if k.stated != nil {
			if err := p.apply(*k.stated); err != nil {
				return p, fmt.Errorf("after: %s: %w", id, err)
			}
		}
	}
	return p, nil
}

// counted reports whether any of counts was counted before and still counts.
func (p past) counted(counts []verdict.Count, at time.Time) bool {
	for _, before := range p.counts {
		for _, c := range counts {
			if bytes.Equal(c.Identity, before.Identity) && at.Before(before.Until) {
				return true
			}
		}
	}
	return false
}

// apply takes a statement of the centre; order.ErrOld where it changes nothing.
func (p *past) apply(s statement) error {
	switch s.what {
	case "order":
		_, err := p.book.Apply(s.order, s.order.NotBefore, false)
		return err
	case "lease":
		return p.leases.Take(s.lease)
	case "mark":
		at := epoch{s.mark.Device, s.mark.Epoch}
		if seq, known := p.marks[at]; known && s.mark.Seq <= seq {
			return fmt.Errorf("mark %d: %w: %d", s.mark.Seq, order.ErrOld, seq)
		}
		p.marks[at] = s.mark.Seq
	}
	return nil
}
