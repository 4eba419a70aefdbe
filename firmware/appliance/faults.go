package appliance

import (
	"errors"
	"sync"
	"time"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/hardware/camera"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/hardware/printer"
	"example.org/checkpoint/hardware/scanner"
)

// meaning is a condition for a driver's error.
type meaning struct {
	err  error
	code health.Code
}

// among gives the condition of the first error that err is.
func among(all []meaning, err error, otherwise health.Code) health.Code {
	for _, m := range all {
		if errors.Is(err, m.err) {
			return m.code
		}
	}
	return otherwise
}

var (
	gateTroubles = []meaning{{gate.ErrBeam, health.BeamStuck}, {gate.ErrDoor, health.GateDoor}, {gate.ErrLoop, health.AlarmContact},
		{gate.ErrTamper, health.CabinetOpen}, {gate.ErrKey, health.KeyStuck}}
	scannerTroubles = []meaning{{scanner.ErrChanged, health.ScannerChanged}, {scanner.ErrNotGrabbed, health.ScannerUnsafe}}
	printerTroubles = []meaning{{printer.ErrLost, health.PrinterLost}, {printer.ErrSilent, health.PrinterLost}, {printer.ErrPaper, health.PrinterPaperOut},
		{printer.ErrCover, health.PrinterOpen}, {printer.ErrCutter, health.PrinterJam}, {printer.ErrJam, health.PrinterJam}}
)

func gateMeans(err error) health.Code    { return among(gateTroubles, err, health.GateLost) }
func scannerMeans(err error) health.Code { return among(scannerTroubles, err, health.ScannerLost) }
func printerMeans(err error) health.Code { return among(printerTroubles, err, health.PrinterFailed) }

// closes reports whether a lane whose board has the fault admits nobody.
func closes(fault error) bool {
	return fault != nil && gateMeans(fault).Condition().Severity == health.OutOfService
}

// sightTroubles is what is wrong with a lane's camera. A lane that another device reads
// codes for is not closed by it.
func (l *laneLoop) sightTroubles() (s health.Set) {
	if l.camera == nil {
		return s
	}
	switch fault := l.camera.Fault(); {
	case fault == nil:
	case l.otherReads():
		s = s.With(health.CameraAway)
	case errors.Is(fault, camera.ErrFrozen):
		s = s.With(health.CameraFrozen)
	default:
		s = s.With(health.CameraLost)
	}
	switch blind := l.camera.Blind(); {
	case errors.Is(blind, camera.ErrBlack):
		s = s.With(health.CameraBlack)
	case blind != nil:
		s = s.With(health.CameraCovered)
	}
	return s
}

// otherReads reports whether something beside the camera reads codes now.
func (l *laneLoop) otherReads() bool {
	for _, d := range l.devices {
		if d.reads && d.Fault() == nil {
			return true
		}
	}
	return false
}

// sightless reports whether nothing reads codes at the lane.
func (l *laneLoop) sightless() bool {
	return (l.camera == nil || l.camera.Fault() != nil) && !l.otherReads()
}

// boardFault is what is wrong with the lane's board. An open lane has neither beams nor
// leaf, and what a board says of them there is not wired.
func (l *laneLoop) boardFault() error {
	fault := l.board.Fault()
	if l.config.Profile == "open" && (errors.Is(fault, gate.ErrBeam) || errors.Is(fault, gate.ErrDoor)) {
		return nil
	}
	return fault
}

// troubles is what is wrong with everything at the lane but its display.
func (l *laneLoop) troubles() health.Set {
	s := l.sightTroubles()
	if fault := l.boardFault(); fault != nil {
		s = s.With(gateMeans(fault))
	}
	if l.forced.Load() != 0 {
		s = s.With(health.DoorForced)
	}
	for _, d := range l.devices {
		if fault := d.Fault(); fault != nil {
			s = s.With(d.means(fault))
		}
	}
	if l.camera == nil && l.sightless() {
		s = s.With(health.ReaderLost)
	}
	if l.beside.doubted(time.Now()) {
		s = s.With(health.DocumentDoubtful)
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

// printerTroubles is what is wrong with the device's printer, if it has one.
func (a *Appliance) printerTroubles() (s health.Set) {
	if a.printer == nil {
		return s
	}
	if fault := a.printer.Fault(); a.printing.counts(fault, time.Now()) {
		s = s.With(printerMeans(fault))
	}
	if a.printer.Low() {
		s = s.With(health.PrinterPaperLow)
	}
	return s
}
