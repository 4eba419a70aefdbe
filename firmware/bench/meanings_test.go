package bench

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/hardware/printer"
	"example.org/checkpoint/hardware/scanner"
)

// TestMeanings gives every driver's fault a condition, and a printer that cools down a minute.
func TestMeanings(t *testing.T) {
	for _, tc := range []struct {
		got, want health.Code
	}{
		{GateMeans(fmt.Errorf("%w: stuck", gate.ErrBeam)), health.BeamStuck},
		{GateMeans(gate.ErrDoor), health.GateDoor},
		{GateMeans(gate.ErrLoop), health.AlarmContact},
		{GateMeans(gate.ErrTamper), health.CabinetOpen},
		{GateMeans(gate.ErrKey), health.KeyStuck},
		{GateMeans(errors.New("outputs short-circuited")), health.GateLost},
		{scannerMeans(scanner.ErrChanged), health.ScannerChanged},
		{scannerMeans(scanner.ErrNotGrabbed), health.ScannerUnsafe},
		{scannerMeans(errors.New("gone")), health.ScannerLost},
		{printerMeans(printer.ErrSilent), health.PrinterLost},
		{printerMeans(printer.ErrPaper), health.PrinterPaperOut},
		{printerMeans(printer.ErrCover), health.PrinterOpen},
		{printerMeans(printer.ErrJam), health.PrinterJam},
		{printerMeans(printer.ErrHot), health.PrinterFailed},
		{printerMeans(printer.ErrBroken), health.PrinterFailed},
	} {
		if tc.got != tc.want {
			t.Errorf("%v, want %v", tc.got, tc.want)
		}
	}
	if !Closes(gate.ErrDoor) || !Closes(gate.ErrLoop) || Closes(gate.ErrKey) || Closes(nil) {
		t.Error("which faults of a board close its lane")
	}
	var p patient
	now := time.Now()
	if p.counts(printer.ErrOffline, now) || p.counts(printer.ErrHot, now.Add(time.Minute)) || !p.counts(printer.ErrOffline, now.Add(61*time.Second)) ||
		!p.counts(printer.ErrCover, now) || p.counts(printer.ErrOffline, now) || p.counts(nil, now.Add(time.Hour)) {
		t.Error("how long a printer may be hot or offline")
	}
}
