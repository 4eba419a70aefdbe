package appliance

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/mrz"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/hardware/document"
	"example.org/checkpoint/hardware/thermal"
)

const (
	// shownFor is how long before a code its holder may have shown a document. No device says
	// that who laid it down has gone, and where a rule wants no more than that there was one
	// it would serve whoever comes next: it is as short as taking the document back and
	// raising the code allow. Who is slower is referred, and shows both again.
	shownFor = 8 * time.Second
	// doubtFor is how long staff are told of a document that was not read for certain.
	doubtFor = 20 * time.Second
	// warmFor is how old a temperature may be that counts as that of who stands there.
	warmFor = 2 * time.Second
)

// beside is what the devices beside camera and board gave of the person who stands at
// the lane. It counts for one verdict and not for the next person's. Nothing of a
// document is kept but of which kind it is, and digests of its number.
type beside struct {
	log  *slog.Logger
	keys map[string][]byte // of schemes, for the numbers of documents

	mu       sync.Mutex
	document *policy.Document
	shown    time.Time // when
	doubt    time.Time // when one was not read for certain
	warm     thermal.Reading
}

// paper takes a document as that of the next to be judged. What is shown while somebody is
// judged or let through, or while the lane serves nobody, may be of one who has been judged:
// that is nobody's, and to be shown again.
func (l *laneLoop) paper(r document.Reading) {
	if awaits(l.controller.State()) {
		l.beside.paper(r)
	}
}

// awaits reports whether a document that is shown now is that of the next to be judged. At a
// venue's door the lane is ready again while it still tells somebody to come in.
func awaits(l lane.Lane) bool { return l.Invites() && l.View().Screen != lane.ScreenPass }

// paper takes what the document reader gave. A zone is believed whole or not at all.
func (b *beside) paper(r document.Reading) {
	now := time.Now()
	d, why := paperOf(r, b.keys, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.document, b.shown, b.doubt = d, now, time.Time{}
	if why != nil {
		b.doubt = now
		b.log.Info("a document was not read for certain: staff look at it", "why", why)
	}
}

// paperOf is what rules may know of a document, or all that speaks against the reading,
// without anything of the person.
func paperOf(r document.Reading, keys map[string][]byte, today time.Time) (*policy.Document, []string) {
	if len(r.Lines) == 0 {
		return nil, []string{"half a zone: " + r.Half}
	}
	if len(r.Differs) > 0 {
		return nil, []string{fmt.Sprintf("read twice, and %d characters otherwise", len(r.Differs))}
	}
	z, err := mrz.Parse(r.Lines)
	if err != nil {
		return nil, []string{err.Error()}
	}
	var why []string
	for _, d := range z.Doubts {
		why = append(why, fmt.Sprintf("%v: %v at line %d column %d", d.Field, d.Why, d.Line, d.Column))
	}
	if expires, known := z.Expiry.Expires(today); known && today.After(expires.AddDate(0, 0, 1)) {
		why = append(why, "it has expired")
	}
	if why != nil || !z.Sound() {
		return nil, why
	}
	kind, number := kindOf(z)
	d := &policy.Document{Type: kind, Digests: map[string][16]byte{}}
	for scheme, key := range keys {
		d.Digests[scheme] = credential.DigestOf(key, number)
	}
	return d, nil
}

// kindOf names a document in the words of the rules, "" for those that they have no word
// for, and gives its number.
func kindOf(z mrz.Zone) (kind, number string) {
	switch z.Kind {
	case mrz.TD3:
		return "PASSPORT", z.Number
	case mrz.Permit:
		if lifelong, err := mrz.HomeReturn(z.Number); err == nil {
			return "HRP", lifelong
		}
		if number, err := mrz.ExitPermit(z.Number); err == nil {
			return "EEP", number
		}
	}
	return "", z.Number
}

func (b *beside) temperature(r thermal.Reading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.warm = r
}

// doubted reports whether the document shown last was not read for certain.
func (b *beside) doubted(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.doubt.IsZero() && now.Sub(b.doubt) < doubtFor
}

// take gives what counts for a verdict now, and forgets it: what comes next may be of
// somebody else.
func (b *beside) take(now time.Time) (d policy.Devices) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.shown) < shownFor {
		d.Document = b.document
	}
	b.document = nil
	if now.Sub(b.warm.At) < warmFor {
		d.Temperature = &policy.Temperature{Celsius: b.warm.Object, Uncertainty: b.warm.Uncertainty}
	}
	b.warm = thermal.Reading{}
	return d
}

// use judges by inspect, with what the lane's other devices gave, from the next
// presentation on.
func (l *laneLoop) use(inspect func(inspection.Presentation) verdict.Verdict) {
	l.controller.Use(func(p inspection.Presentation) verdict.Verdict {
		p.Devices = l.beside.take(time.Now())
		return inspect(p)
	})
}
