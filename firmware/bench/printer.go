package bench

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"sync"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/hardware/printer"
)

// Printer is the device's printer of slips.
type Printer struct {
	*printer.Printer
	guard *Guard
	since patient
}

// OpenPrinter makes the driver of the device's printer.
func OpenPrinter(c config.Printer, log *slog.Logger) *Printer {
	return &Printer{guard: NewGuard(log), Printer: printer.New(c.Device, printer.Options{Dots: c.Dots, Baud: c.Baud, ByStatus: c.Confirm == "status", Log: log})}
}

// Run serves the printer until ctx is done.
func (p *Printer) Run(ctx context.Context) error { return p.guard.Run(ctx, p.Printer.Run) }

// Fault is nil while the printer can print.
func (p *Printer) Fault() error { return p.guard.Fault(p.Printer.Fault()) }

// PrintAlone prints one page of a printer that nobody runs.
func (p *Printer) PrintAlone(ctx context.Context, page *image.Gray) error {
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }() // ends below
	err := p.Print(ctx, page)
	if err != nil {
		err = errors.Join(err, p.Fault())
	}
	stop()
	return errors.Join(err, <-ended)
}

// Troubles is what is wrong with it.
func (p *Printer) Troubles() (s health.Set) {
	if fault := p.Fault(); p.since.counts(fault, time.Now()) {
		s = s.With(printerMeans(fault))
	}
	if p.Low() {
		s = s.With(health.PrinterPaperLow)
	}
	return s
}

// patient lets a fault count only once it has lasted: a printer's head cools down, and
// people hold its feed button.
type patient struct {
	mu    sync.Mutex
	since time.Time
}

// printerPatience is how long a printer may be hot or offline.
const printerPatience = time.Minute

func (p *patient) counts(fault error, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !errors.Is(fault, printer.ErrHot) && !errors.Is(fault, printer.ErrOffline) {
		p.since = time.Time{}
		return fault != nil
	}
	if p.since.IsZero() {
		p.since = now
	}
	return now.Sub(p.since) > printerPatience
}
