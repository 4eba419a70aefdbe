package printer

import (
	"context"
	"time"
)

// session serves one connection until it ends; met says that the printer answered.
func (p *Printer) session(ctx context.Context) (met bool, err error) {
	l, err := p.dial(ctx)
	if err != nil {
		return false, err
	}
	defer l.close()
	l.send(headEnd)
	for range 4 {
		l.ask(time.Now())
		if err := l.await(ctx, func() bool { return l.asked == 0 }); err != nil {
			return false, err
		}
	}
	if err := l.await(ctx, func() bool { return !l.status.waits() }); err != nil {
		return true, err
	}
	l.send(padding(p.o.Dots))
	if p.o.ByStatus {
		if err := l.quiet(ctx); err != nil {
			return true, err
		}
	}
	if err := l.begin(ctx); err != nil {
		return true, err
	}
	for {
		if err := p.serve(ctx, l); err != nil {
			return true, err
		}
	}
}

// serve does the next thing that is to be done.
func (p *Printer) serve(ctx context.Context, l *link) error {
	if err := l.await(ctx, func() bool { return !l.status.waits() }); err != nil {
		return err
	}
	switch {
	case p.paper == spoilt:
		l.send(void(p.o.Dots))
		return p.cut(ctx, l)
	case p.paper == uncut:
		return p.cut(ctx, l)
	case p.job != nil:
		return p.slip(ctx, l)
	}
	l.proven = true
	p.heard(l.status, true)
	return l.await(ctx, func() bool { return p.job != nil || l.status.waits() })
}

// begin sets the printer up, and sees that it reports its state: one that was switched off
// and on has forgotten that.
func (l *link) begin(ctx context.Context) error {
	l.status.known = false
	l.send(initialise, reports)
	l.moved = time.Now()
	late := time.Now().Add(answerIn)
	err := l.await(ctx, func() bool {
		if l.status.waits() {
			late = time.Now().Add(answerIn)
		}
		return l.status.known || time.Now().After(late)
	})
	if err == nil && !l.status.known {
		err = errNoReports
	}
	return err
}

// quiet lets answers to somebody before pass.
func (l *link) quiet(ctx context.Context) error {
	end := time.Now().Add(settle)
	return l.await(ctx, func() bool { return time.Now().After(end) })
}

// slip prints the slip, up to its end or until it is spoilt.
func (p *Printer) slip(ctx context.Context, l *link) error {
	if err := l.begin(ctx); err != nil || p.job == nil {
		return err
	}
	p.job.begun++
	p.paper = spoilt
	resumed := l.resumed
	l.ranOut = false
	split := func() bool { return l.resumed != resumed || p.job == nil }
	for rest := p.job.bands; len(rest) > 0 || len(l.waiting) > 0; {
		for len(rest) > 0 && len(l.waiting) < l.window && !l.status.waits() {
			l.send(rest[0])
			l.confirm()
			rest = rest[1:]
		}
		n, more := len(l.waiting), len(rest) > 0
		if err := l.await(ctx, func() bool {
			return split() || len(l.waiting) < n || more && n < l.window && !l.status.waits()
		}); err != nil {
			return err
		}
		if split() { // printing went on, and nobody knows at which row
			if p.job != nil && l.ranOut && len(rest) == 0 && len(l.waiting) <= 1 {
				p.finish(ErrUnsure)
			}
			p.interrupted()
			return nil
		}
	}
	p.paper = uncut
	return p.cut(ctx, l)
}

// cut cuts off what the printer holds. A slip that is whole is not lost when that fails.
func (p *Printer) cut(ctx context.Context, l *link) error {
	l.send(cutOff)
	l.confirm()
	failed := func() bool { return p.job != nil && p.paper == uncut && l.status.stopped() }
	for len(l.waiting) > 0 {
		if err := l.await(ctx, func() bool { return len(l.waiting) == 0 || failed() }); err != nil {
			return err
		}
		if len(l.waiting) > 0 {
			p.finish(ErrNotCut)
		}
	}
	if p.job != nil && p.paper == uncut {
		p.finish(nil)
	}
	p.paper = clean
	return nil
}

// heard keeps what the printer says about itself. That it is well is believed once it has
// proven it.
func (p *Printer) heard(s status, proven bool) {
	p.mu.Lock()
	p.low = s.low
	p.mu.Unlock()
	if f := s.fault(); f != nil || proven {
		p.report(f)
	}
}
