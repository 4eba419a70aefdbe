// Package bench makes the drivers of what stands at a device as its configuration names it,
// and says what they report in the words of lanes and conditions.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/hardware/camera"
	"example.org/checkpoint/hardware/card"
	"example.org/checkpoint/hardware/document"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/hardware/scanner"
	"example.org/checkpoint/hardware/thermal"
)

// Device is a driver that serves its device for as long as Run runs, and says meanwhile
// what is wrong.
type Device struct {
	Lane  string // whose; empty: the whole device's
	What  string // "code scanner /dev/ttyACM0"
	Do    string // what to look at first when it does not answer
	Run   func(context.Context) error
	Fault func() error                             // nil: it works
	Close func() error                             // when Run has returned; nil: nothing to close
	Print func(context.Context, *image.Gray) error // of a printer, while Run does not run: prints one page
	Dots  int                                      // of a printer, side by side

	Reads bool                    // codes: a lane needs one that does
	Means func(error) health.Code // what a fault is; nil for camera, board and printer
}

// Devices makes the drivers of everything that a configuration names, each on its own
// and for nobody: what people show to them goes nowhere, and nothing is moved. An error
// is that of what it could not make.
func Devices(c config.Config) ([]Device, error) {
	var all []Device
	var faults []error
	log := slog.New(slog.DiscardHandler)
	if c.Printer.Device != "" {
		p := OpenPrinter(c.Printer, log)
		all = append(all, Device{What: "printer " + c.Printer.Device, Run: p.Watch, Fault: p.Fault, Print: p.PrintAlone, Dots: cmp.Or(c.Printer.Dots, 576),
			Do: "check its power, its cable and its paper, and that this user may open it (group lp)"})
	}
	for _, l := range c.Lanes {
		if l.Camera.Device != "" {
			cam := Camera(l.Camera, log)
			all = append(all, Device{Lane: l.Name, What: "camera " + l.Camera.Device, Run: cam.Run, Fault: cam.Fault,
				Do: "check its cable, and that this user may open it (group video)"})
		}
		board, err := Board(l)
		if err != nil {
			faults = append(faults, fmt.Errorf("lane %s: %w", l.Name, err))
		} else {
			all = append(all, Device{Lane: l.Name, What: fmt.Sprintf("gate %s %s", l.Gate.Wire, l.Gate.Device), Fault: board.Fault, Close: board.Close,
				Run: func(ctx context.Context) error {
					return board.Run(ctx, func() bool { return false }, func(gate.Input) {}) // without a heartbeat the way out is free
				},
				Do: "check its cable, its power and its address, and that this user may open it (groups dialout, i2c, gpio)"})
		}
		all = append(all, Beside(l, Hears{func([]byte) {}, func(document.Reading) {}, func(thermal.Reading) {}}, log)...)
	}
	return all, errors.Join(faults...)
}

// Hears is told what the devices of a lane give beside camera and board.
type Hears struct {
	Code        func([]byte)
	Document    func(document.Reading)
	Temperature func(thermal.Reading)
}

// Beside makes the drivers of what a lane has beside camera and board.
func Beside(c config.Lane, to Hears, log *slog.Logger) (all []Device) {
	for _, sc := range c.Scanners {
		s := openScanner(sc, log)
		all = append(all, Device{Lane: c.Name, What: "code scanner " + sc.Device, Fault: s.Fault, Reads: true, Means: scannerMeans,
			Run: func(ctx context.Context) error {
				running, stop := context.WithCancel(context.WithoutCancel(ctx))
				defer stop()
				_ = s.Trigger(true) // told when it is there
				context.AfterFunc(ctx, func() {
					_ = s.Trigger(false) // one that is away looks for nothing
					stop()
				})
				return s.Run(running, func(got scanner.Scan) { to.Code(got.Text) })
			},
			Do: "check its cable, and that this user may open it (groups dialout, input)"})
	}
	if dc := c.Document; dc != nil {
		d := document.New(dc.Line(), document.Options{Start: dc.Start, Good: dc.Good, Log: log})
		all = append(all, Device{Lane: c.Name, What: "document reader " + dc.Device, Fault: d.Fault, Means: always(health.DocumentReaderLost),
			Run: func(ctx context.Context) error { return d.Run(ctx, to.Document) },
			Do:  "check its cable, and that this user may open it (group dialout)"})
	}
	if cc := c.Card; cc != nil {
		r := card.New(card.Options{Socket: cc.Socket, Reader: cc.Reader, Log: log})
		all = append(all, Device{Lane: c.Name, What: "card reader " + cc.Reader, Fault: r.Fault, Reads: true, Means: always(health.CardReaderLost),
			Run: func(ctx context.Context) error {
				return r.Run(ctx, func(e card.Event) {
					switch e.Kind {
					case card.Read:
						to.Code(e.Token)
					case card.Unread:
						log.Info("card not read", "why", e.Why)
					}
				})
			},
			Do: "start pcscd, plug the reader in, and let this user use it (polkit, or pcscd's group)"})
	}
	if tc := c.Thermal; tc != nil {
		t := &thermometer{config: *tc}
		all = append(all, Device{Lane: c.Name, What: "thermometer on I²C bus " + tc.Bus, Fault: t.fault, Means: always(health.ThermalLost),
			Run: func(ctx context.Context) error { return t.run(ctx, to.Temperature) },
			Do:  "check its cable and address, that i2c is enabled, and that this user may open /dev/i2c-* (group i2c)"})
	}
	for i, d := range all {
		all[i] = guarded(d, log)
	}
	return all
}

func always(c health.Code) func(error) health.Code { return func(error) health.Code { return c } }

// Camera makes the driver of a lane's camera.
func Camera(c config.Camera, log *slog.Logger) *camera.Camera {
	return camera.New(c.Device, camera.Options{Exposure: c.Exposure.Duration, Gain: c.Gain, Focus: c.Focus, Log: log})
}

func openScanner(c config.Scanner, log *slog.Logger) *scanner.Scanner {
	if c.Wire == "wedge" {
		return scanner.NewWedge(c.Device, c.Options(log))
	}
	return scanner.New(c.Line(), c.Options(log))
}
