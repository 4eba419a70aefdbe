package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Waits on a connection.
const (
	tick      = 100 * time.Millisecond
	askEvery  = time.Second            // how the printer is, while nothing is printed
	answerIn  = 3 * time.Second        // the printer may be busy, or behind a slow network
	confirmIn = 10 * time.Second       // from one confirmation to the next
	mendEvery = 5 * time.Second        // from one attempt to go on after an error to the next
	settle    = 300 * time.Millisecond // for answers to somebody before
)

var (
	errUnconfirmed = errors.New("it does not confirm what it prints: switch it off and on; if that does not help, set the other way to confirm")
	errNoReports   = errors.New("it does not report its state by itself (GS a): use another printer")
	errFull        = errors.New("it takes no data: switch it off and on")
)

// link is one connection to a printer. Everything but the two loops is of the goroutine
// that called dial.
type link struct {
	p      *Printer
	conn   io.ReadWriteCloser
	window int  // bands that may wait for their confirmation
	asks   bool // and does nothing else

	in    chan []byte   // what came
	out   chan []byte   // what goes
	gone  chan struct{} // the last of out is on its way
	ended chan error
	stop  chan struct{}

	unread, unsent []byte
	writing        bool
	ear            ear
	status         status
	resumed        int      // times that printing went on after it had stopped
	ranOut         bool     // the paper, since it was last asked
	proven         bool     // it has done what it was told
	waiting        []string // identifiers to be confirmed
	asked          byte     // n of DLE EOT without its answer
	askedAt        time.Time
	next           byte      // n to ask
	wrote, moved   time.Time // since when it writes, and waits for a confirmation
	mended         time.Time
}

// dial connects.
func (p *Printer) dial(ctx context.Context) (*link, error) {
	conn, err := p.o.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	l := &link{p: p, conn: conn, window: 8, in: make(chan []byte), out: make(chan []byte, 1), gone: make(chan struct{}, 1),
		ended: make(chan error, 2), stop: make(chan struct{}), next: 1, moved: time.Now()}
	if p.o.Baud > 0 {
		l.window = 2
	}
	go l.read()  // ends with close
	go l.write() // ends with close
	return l, nil
}

func (l *link) close() {
	close(l.stop)
	l.conn.Close()
}

func (l *link) read() {
	for {
		b := make([]byte, 256)
		n, err := l.conn.Read(b)
		if n > 0 {
			select {
			case l.in <- b[:n]:
			case <-l.stop:
				return
			}
		}
		if err != nil {
			l.ended <- err
			return
		}
	}
}

func (l *link) write() {
	for {
		select {
		case <-l.stop:
			return
		case b := <-l.out:
			if _, err := l.conn.Write(b); err != nil {
				l.ended <- err
				return
			}
			l.gone <- struct{}{}
		}
	}
}

// send queues bytes.
func (l *link) send(b ...[]byte) { l.unsent = append(l.unsent, slices.Concat(b...)...) }

// confirm asks for a confirmation of what was sent.
func (l *link) confirm() {
	id := identifier(l.p.mark)
	l.p.mark++
	l.send(confirm(id, l.p.o.ByStatus))
	if len(l.waiting) == 0 {
		l.moved = time.Now()
	}
	l.waiting = append(l.waiting, id)
}

// await serves the connection until something holds.
func (l *link) await(ctx context.Context, holds func() bool) error {
	clock := time.NewTicker(tick)
	defer clock.Stop()
	for !holds() {
		if len(l.unread) > 0 {
			l.hear(l.unread[0])
			l.unread = l.unread[1:]
			continue
		}
		l.flush()
		var over <-chan struct{}
		var jobs chan *job
		switch {
		case l.p.job != nil && l.p.paper != uncut:
			over = l.p.job.ctx.Done()
		case l.p.job == nil && l.p.paper == clean:
			jobs = l.p.jobs
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			l.p.finish(l.p.wrap(l.p.job.ctx.Err()))
		case l.p.job = <-jobs:
		case l.unread = <-l.in:
		case <-l.gone:
			l.writing = false
		case err := <-l.ended:
			return fmt.Errorf("%w: %w: plug it in and switch it on", ErrLost, err)
		case <-clock.C:
			if err := l.tick(time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush hands what is queued to the writer, if that is free.
func (l *link) flush() {
	if !l.writing && len(l.unsent) > 0 {
		l.out <- l.unsent
		l.unsent, l.writing, l.wrote = nil, true, time.Now()
	}
}

// tick looks after what takes too long, and asks how the printer is.
func (l *link) tick(now time.Time) error {
	if l.status.waits() {
		l.moved, l.wrote = now, now
	}
	switch {
	case l.asked != 0 && now.Sub(l.askedAt) > answerIn:
		return ErrSilent
	case l.writing && now.Sub(l.wrote) > confirmIn:
		return errFull
	case len(l.waiting) > 0 && now.Sub(l.moved) > confirmIn:
		return errUnconfirmed
	}
	if l.writing || len(l.unsent) > 0 {
		return nil
	}
	if (l.status.cutter || l.status.jam) && !l.status.cover && !l.asks && now.Sub(l.mended) > mendEvery {
		l.mended = now
		l.send(goOn)
	}
	if l.asked == 0 && now.Sub(l.askedAt) > askEvery {
		l.ask(now)
	}
	return nil
}

// ask asks the next of four questions.
func (l *link) ask(now time.Time) {
	l.asked, l.askedAt = l.next, now
	l.next = l.next%4 + 1
	l.send(ask(l.asked))
}

// hear takes one byte of the printer's.
func (l *link) hear(b byte) {
	before := l.status.stopped()
	switch kind, part := l.ear.take(b); kind {
	case report:
		l.status.report(part)
	case answer:
		l.status.answer(l.asked, part[0])
		l.asked = 0
	case paperIs:
		if l.p.o.ByStatus && len(l.waiting) > 0 {
			l.confirmed(1)
		}
		return
	case marked:
		l.confirmed(1 + slices.Index(l.waiting, string(part)))
		return
	case nothing:
		return
	}
	if before && !l.status.stopped() {
		l.resumed++
	}
	l.ranOut = l.ranOut || l.status.out
	l.p.heard(l.status, l.proven)
}

// confirmed takes the first n of those that wait; a printer answers in order.
func (l *link) confirmed(n int) {
	if n > 0 {
		l.waiting, l.moved = l.waiting[n:], time.Now()
	}
}
