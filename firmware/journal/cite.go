package journal

import (
	"fmt"
	"maps"

	"example.org/checkpoint/firmware/event"
)

// cite has what comes after a decision name the record of it, as its note "of": the
// decision itself is never rewritten. It needs writing.
func (j *Journal) cite(r *event.Record) {
	l := j.lanes[r.Lane]
	if l == nil || r.Boot != j.boot || r.Presentation == 0 || r.Presentation != l.asked {
		return
	}
	switch r.Kind {
	case event.Presented, event.Claimed:
		l.decided = fmt.Sprintf("%016x/%d", r.Epoch, r.Seq)
	case event.Override, event.Reconciled:
		if l.decided != "" {
			note := map[string]string{"of": l.decided}
			maps.Copy(note, r.Note)
			r.Note = note
		}
	}
}
