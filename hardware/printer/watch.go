package printer

import (
	"context"
	"time"
)

// Watch asks the printer how it is until the context ends, and returns nil then. It sends nothing
// but DLE EOT, which prints nothing, feeds nothing and cuts nothing, whatever hangs in the
// printer. It takes the place of Run.
func (p *Printer) Watch(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := p.watch(ctx); ctx.Err() == nil {
			p.report(err)
			p.pause(ctx, firstWait)
		}
	}
	p.report(errStarting)
	return nil
}

// watch asks over one connection until it ends.
func (p *Printer) watch(ctx context.Context) error {
	l, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	l.asks = true
	for range 4 {
		l.ask(time.Now())
		if err := l.await(ctx, func() bool { return l.asked == 0 }); err != nil {
			return err
		}
	}
	l.proven = true
	p.heard(l.status, true)
	return l.await(ctx, func() bool { return false })
}
