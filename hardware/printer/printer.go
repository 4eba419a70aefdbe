// Package printer prints slips on an ESC/POS receipt printer: one at /dev/usb/lp*, on the
// network (port 9100) or on a serial line.
//
// A slip ends in a bar. It is good once the printer has confirmed every row of it and the
// bar, and only then is it cut off. Whatever was interrupted before, by paper that ran out,
// an open cover or a pulled cable, is marked as void, cut off and printed again whole: so
// of each slip exactly one good one comes out. Paper that has run out can no longer be
// marked: it shows by the missing bar. What stands last is printed last, so a code belongs
// at the end: then a slip without its end has none.
//
// The commands are those of Epson's ESC/POS reference, named there as here: ESC @,
// GS a (the printer reports its state by itself), GS v 0, GS V, GS ( H or GS r (it
// confirms what it has done), and in real time DLE EOT and DLE ENQ.
package printer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"sync"
	"time"
)

// What keeps a printer from printing, one at a time, the first thing to do first.
var (
	ErrLost    = errors.New("printer lost")
	ErrSilent  = errors.New("it does not answer: is it an ESC/POS printer, and its cable one for both ways? switch it off and on")
	ErrCover   = errors.New("its cover is open: close it")
	ErrPaper   = errors.New("it has no paper: put in a new roll")
	ErrCutter  = errors.New("its cutter is stuck: open the cover, free the cutter, close the cover")
	ErrJam     = errors.New("it reports an error that can be mended: open the cover, take out jammed paper, close the cover")
	ErrBroken  = errors.New("it reports a failure: switch it off and on; if that does not help, replace it")
	ErrHot     = errors.New("its head is hot: it goes on by itself when it has cooled")
	ErrOffline = errors.New("it is offline: let go of its feed button, or switch it off and on")
)

// What can become of a slip.
var (
	// ErrNotCut says that the slip came out whole and could not be cut off: it is to be
	// torn off by hand, and not to be printed again.
	ErrNotCut = errors.New("printer: the slip is whole and not cut off: tear it off")
	// ErrUnsure says that the paper ran out within the bar, so that nobody but who looks
	// can tell whether the slip is whole. It is not printed again by itself.
	ErrUnsure = errors.New("printer: the paper ran out at the end of the slip: it is good if it ends in a bar; else print it again")
	// ErrSpoilt says that a slip was interrupted again and again, and none is good.
	ErrSpoilt = errors.New("printer: the slip was interrupted three times: see to the printer, then print it again")
	// ErrSize says that a picture does not fit the paper.
	ErrSize = errors.New("printer: the picture is wider than the paper, too long, or empty")
)

var errStarting = errors.New("not looked for yet")

// Limits.
const (
	firstWait = 100 * time.Millisecond // between attempts to reach the printer
	mostWait  = time.Second
	tries     = 3    // of one slip
	mostRows  = 8000 // of a slip: 1 m at 8 dots/mm
)

// Options are what may differ between printers. The zero value is one for 80 mm paper.
type Options struct {
	Dots     int  // that the head prints side by side, a multiple of 8; 0 is 576 (72 mm at 8 dots/mm)
	Baud     int  // of a serial line (8N1); 0 is for a printer that is on none
	ByStatus bool // it does not know GS ( H: it confirms by the answer to GS r
	Log      *slog.Logger

	dial func(context.Context) (io.ReadWriteCloser, error) // in place of the device's
	mark int                                               // the first one; 0 leaves it to the clock
}

// paper is what the printer holds in front of its knife.
type paper uint8

const (
	spoilt paper = iota // part of a slip, or unknown: to be marked and cut off
	uncut               // a whole slip
	clean
)

// job is a slip that somebody waits for.
type job struct {
	ctx   context.Context
	bands [][]byte
	begun int // times
	done  chan error
}

// Printer is one printer. Its methods are for any goroutine.
type Printer struct {
	device string
	o      Options
	jobs   chan *job

	// Of Run alone.
	job   *job
	paper paper
	mark  int // of the next confirmation

	mu    sync.Mutex
	fault error
	low   bool
}

// New is the printer at a device: "tcp://192.0.2.7:9100", or a path such as "/dev/usb/lp0",
// or with Options.Baud that of a tty. Nothing is opened before Run.
func New(device string, o Options) *Printer {
	if o.Dots == 0 {
		o.Dots = 576
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Printer{device: device, o: o, jobs: make(chan *job), mark: o.mark}
	if p.mark == 0 {
		p.mark = int(time.Now().UnixMilli()) // an answer to a program that ran before is not taken for one to this
	}
	if p.o.dial == nil {
		p.o.dial = p.open
	}
	p.fault = p.wrap(errStarting)
	return p
}

// Print prints a slip, dark where the picture is below 128, and returns when it is cut off.
// It waits for a printer that cannot print now, up to the end of the context: what was
// begun by then is marked as void. One slip is printed after the other.
func (p *Printer) Print(ctx context.Context, img *image.Gray) error {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 1 || h < 1 || w > p.o.Dots || h > mostRows {
		return fmt.Errorf("%w: %dx%d pixels, %d dots", ErrSize, w, h, p.o.Dots)
	}
	j := &job{ctx: ctx, bands: append(raster(img), bar(p.o.Dots)), done: make(chan error, 1)}
	select {
	case p.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return p.wrap(ctx.Err())
	}
}

// Fault is nil while the printer can print, and otherwise says what is wrong and what to do.
func (p *Printer) Fault() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// Low says that the paper is near its end.
func (p *Printer) Low() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.low
}

// Run serves the printer until the context ends, and returns nil then.
func (p *Printer) Run(ctx context.Context) error {
	wait := firstWait
	for ctx.Err() == nil {
		met, err := p.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if met {
			wait = firstWait
		}
		p.report(err)
		p.interrupted()
		p.pause(ctx, wait)
		wait = min(2*wait, mostWait)
	}
	if p.interrupted(); p.job != nil {
		p.finish(p.wrap(ctx.Err()))
	}
	p.report(errStarting)
	return nil
}

// pause waits, and lets go of a slip whose time is over.
func (p *Printer) pause(ctx context.Context, d time.Duration) {
	var over <-chan struct{}
	if p.job != nil {
		over = p.job.ctx.Done()
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	case <-over:
		p.finish(p.wrap(p.job.ctx.Err()))
	}
}

// interrupted counts an attempt at a slip that the end of a connection has spoilt.
func (p *Printer) interrupted() {
	switch {
	case p.job == nil || p.job.begun == 0:
	case p.paper == uncut:
		p.finish(ErrNotCut)
	case p.job.begun >= tries:
		p.finish(ErrSpoilt)
	}
}

// finish tells who waits for the slip what became of it.
func (p *Printer) finish(err error) {
	p.job.done <- err
	p.job = nil
}

// report keeps what is wrong.
func (p *Printer) report(err error) {
	if err != nil {
		err = p.wrap(err)
	}
	p.mu.Lock()
	before := p.fault
	p.fault = err
	p.mu.Unlock()
	switch {
	case err == nil && before != nil:
		p.o.Log.Info("printer is ready")
	case err != nil && (before == nil || before.Error() != err.Error()) && !errors.Is(err, errStarting):
		p.o.Log.Warn("printer", "err", err)
	}
}

func (p *Printer) wrap(err error) error { return fmt.Errorf("printer %s: %w", p.device, err) }
