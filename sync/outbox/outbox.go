// Package outbox brings the journal's events to the centre: at least once, in order, and
// kept here until the centre's signed mark says that it has stored them.
//
// One batch is under way at a time, the larger the better the line carries it. It is sent again, with
// the events that came since, until a mark covers it; the centre knows an event by (device, epoch, seq), so sending
// again doubles nothing. No acknowledgement of the carrier and no error answer deletes.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/sync/sign1"
)

var (
	ErrMark   = errors.New("outbox: the centre's mark is not believed")         // bad signature or shape, or for another device
	ErrRefuse = errors.New("outbox: the journal refuses the centre's mark")     // the centre holds another event under this number
	ErrKeep   = errors.New("outbox: the centre's mark is not written yet")      // the disk failed; it is asked for again
	ErrNoMark = errors.New("outbox: the centre has not confirmed what we sent") // published, but no mark came in time
)

// Journal is where the events wait.
type Journal interface {
	// Entries gives the oldest events the centre has not marked, oldest epoch first.
	Entries(max, maxBytes int) ([]journal.Entry, error)
	// Mark moves the cursor; it refuses a hash that is not that event's with journal.ErrMark,
	// and says journal.ErrAhead where it cannot tell. Any other error is of its disk.
	Mark(epoch, seq uint64, hash [32]byte) error
	// Changed wakes after an append.
	Changed() <-chan struct{}
}

// Link carries bytes to the centre and back.
type Link interface {
	// Publish returns once the carrier has stored the batch. The carrier may drop a second
	// batch with the same id.
	Publish(ctx context.Context, id string, batch []byte) error
	// Marks gives the marks for this device as they come.
	Marks() <-chan []byte
	// LastMark gives the newest mark for this device; nil when there is none yet.
	LastMark(ctx context.Context) ([]byte, error)
}

// Options say who sends and whom to believe.
type Options struct {
	Device   string
	Sign     Sign              // with the device key
	MarkKeys func() sign1.Keys // the mark keys of the bundle in force, those trusted now
	Patience time.Duration     // wait for the carrier, and for a mark before sending again; 0 = 10 s; the latter doubles up to 2 min
	Log      *slog.Logger
}

// State is what health shows. "Connected" says little; Accepted says that data moves.
type State struct {
	Accepted   time.Time // when the last mark was accepted; zero = not since the start
	Epoch, Seq uint64    // the last event the centre has confirmed since the start
	Withheld   uint64    // events too large to send, of which the centre got the hash only
	Fault      error     // why nothing moves; nil = well
}

// Outbox sends one journal.
type Outbox struct {
	journal Journal
	link    Link
	o       Options
	hurry   chan struct{}
	most    int // events in the next batch

	mu    sync.Mutex
	state State
}

// New prepares an outbox; Run does the work.
func New(j Journal, l Link, o Options) *Outbox {
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	return &Outbox{journal: j, link: l, o: o, hurry: make(chan struct{}, 1), most: usualEvents}
}

// Hurry ends a wait that was for the line or for a mark: the line is up again, or
// there are other mark keys.
func (o *Outbox) Hurry() {
	select {
	case o.hurry <- struct{}{}:
	default:
	}
}

// State may be called from any goroutine.
func (o *Outbox) State() State {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state
}

const (
	firstPause  = 250 * time.Millisecond // after the first failure
	longPause   = 15 * time.Second       // between tries when the line is down
	longPatient = 2 * time.Minute        // for a mark, when the centre does not confirm
	quiet       = 30 * time.Second       // looks again even if no wake came
)

// Run sends until ctx ends; it returns ctx's error and never gives up.
func (o *Outbox) Run(ctx context.Context) error {
	failures, attempt := 0, 0
	var last batch
	for ctx.Err() == nil {
		if failures > 0 || attempt > 0 {
			o.recall(ctx, last)
		}
		next, err := o.next()
		switch {
		case err != nil:
			failures++
			o.fault(err)
			o.pause(ctx, backoff(firstPause, failures, longPause))
			continue
		case next.count == 0:
			failures, attempt = 0, 0
			o.idle(ctx)
			continue
		case next.epoch != last.epoch || next.first != last.first:
			attempt = 0 // something was confirmed
		}
		last = next
		began := time.Now()
		if err := o.publish(ctx, next, attempt); err != nil {
			failures++
			o.fault(err)
			o.pause(ctx, backoff(firstPause, failures, longPause))
			continue
		}
		failures = 0
		if o.confirmed(ctx, next, backoff(o.o.Patience, attempt+1, longPatient)) {
			attempt = 0
			if time.Since(began) < o.o.Patience/8 {
				o.most = min(2*o.most, maxEvents)
			}
			continue
		}
		attempt++
		o.most = min(o.most, usualEvents)
	}
	return ctx.Err()
}

func (o *Outbox) publish(ctx context.Context, b batch, attempt int) error {
	signed, err := o.o.Sign("batch", b.payload)
	if err != nil {
		return fmt.Errorf("outbox: sign a batch: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.o.Patience)
	defer cancel()
	// With the attempt in the id, a batch the carrier already passed on reaches the centre
	// again, which then repeats its mark.
	id := fmt.Sprintf("%s/%016x/%d-%d/%d", o.o.Device, b.epoch, b.first, b.last(), attempt)
	if err := o.link.Publish(ctx, id, signed); err != nil {
		if ctx.Err() != nil {
			o.most = max(o.most/2, 1)
		}
		return fmt.Errorf("outbox: publish: %w", err)
	}
	if b.withheld > 0 && attempt == 0 {
		o.o.Log.Error("an event is too large to send; the centre gets its hash", "epoch", b.epoch, "seq", b.first)
		o.mu.Lock()
		o.state.Withheld += b.withheld
		o.mu.Unlock()
	}
	return nil
}

// confirmed waits for a mark that covers the batch.
func (o *Outbox) confirmed(ctx context.Context, b batch, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case data := <-o.link.Marks():
			if seq, ok := o.accept(data, b); ok && seq >= b.last() {
				return true
			}
		case <-timer.C:
			if o.State().Fault == nil { // else the reason is known better
				o.fault(ErrNoMark)
			}
			return false
		case <-o.hurry:
			return false
		}
	}
}

// recall asks for a mark that went past us while the line was down.
func (o *Outbox) recall(ctx context.Context, b batch) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if data, err := o.link.LastMark(ctx); err == nil && data != nil {
		o.accept(data, b)
	}
}

// accept checks a mark and hands it to the journal. One that is older than the batch under
// way says nothing new and is passed over.
func (o *Outbox) accept(data []byte, b batch) (seq uint64, ok bool) {
	m, err := openMark(o.o.MarkKeys(), o.o.Device, data)
	if err != nil {
		o.fault(err)
		return 0, false
	}
	if m.Epoch != b.epoch || m.Seq < b.first {
		return 0, false
	}
	err = o.journal.Mark(m.Epoch, m.Seq, [32]byte(m.Hash))
	if errors.Is(err, journal.ErrAhead) { // the answer to what we sent of that epoch is still to come
		return 0, false
	}
	if err != nil {
		why := ErrKeep
		if errors.Is(err, journal.ErrMark) {
			why = ErrRefuse
		}
		o.fault(fmt.Errorf("%w: %w", why, err))
		return 0, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state.Fault != nil {
		o.o.Log.Info("events reach the centre again")
	}
	o.state.Accepted, o.state.Epoch, o.state.Seq, o.state.Fault = time.Now(), m.Epoch, m.Seq, nil
	return m.Seq, true
}

// fault notes why nothing moves and logs it when it is news.
func (o *Outbox) fault(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state.Fault == nil || o.state.Fault.Error() != err.Error() {
		o.o.Log.Warn("events do not reach the centre", "err", err)
	}
	o.state.Fault = err
}

func (o *Outbox) idle(ctx context.Context) {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-o.journal.Changed():
	case <-timer.C:
	}
}

func (o *Outbox) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-o.hurry:
	}
}

// backoff doubles from first, n = 1, up to most, and spreads by half so that a hall does
// not come back as one.
func backoff(first time.Duration, n int, most time.Duration) time.Duration {
	d := most
	if n < 16 {
		d = min(first<<(n-1), most)
	}
	return d + time.Duration(rand.Int64N(int64(d)/2+1))
}
