package bench

import (
	"errors"

	"example.org/checkpoint/firmware/health"
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

// GateMeans is the condition for a fault of a board.
func GateMeans(err error) health.Code { return among(gateTroubles, err, health.GateLost) }

func scannerMeans(err error) health.Code { return among(scannerTroubles, err, health.ScannerLost) }
func printerMeans(err error) health.Code { return among(printerTroubles, err, health.PrinterFailed) }

// Closes reports whether a lane whose board has the fault admits nobody.
func Closes(fault error) bool {
	return fault != nil && GateMeans(fault).Condition().Severity == health.OutOfService
}
