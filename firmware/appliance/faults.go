package appliance

import (
	"context"
	"errors"
	"time"

	"example.org/checkpoint/firmware/bench"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/camera"
	"example.org/checkpoint/hardware/gate"
)

// sightTroubles is what is wrong with a lane's camera. A lane that another device reads
// codes for is not closed by it.
func (l *laneLoop) sightTroubles() (s health.Set) {
	if l.camera == nil {
		return s
	}
	switch fault := l.cameraFault(); {
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
		if d.Reads && d.Fault() == nil {
			return true
		}
	}
	return false
}

// sightless reports whether nothing reads codes at the lane.
func (l *laneLoop) sightless() bool {
	return (l.camera == nil || l.cameraFault() != nil) && !l.otherReads()
}

// cameraFault is what is wrong with the lane's camera.
func (l *laneLoop) cameraFault() error { return l.looking.Fault(l.camera.Fault()) }

// orders is the lane's board as the controller orders it. An order that has its driver panic is one
// that the gate does not obey.
type orders struct{ l *laneLoop }

func (o orders) Release(ctx context.Context) error {
	return o.l.moving.Do(func() error { return o.l.board.Release(ctx) })
}
func (o orders) Secure(ctx context.Context) error {
	return o.l.moving.Do(func() error { return o.l.board.Secure(ctx) })
}

// boardFault is what is wrong with the lane's board. An open lane has neither beams nor
// leaf, and what a board says of them there is not wired.
func (l *laneLoop) boardFault() error {
	fault := l.moving.Fault(l.board.Fault())
	if l.config.Profile == "open" && (errors.Is(fault, gate.ErrBeam) || errors.Is(fault, gate.ErrDoor)) {
		return nil
	}
	return fault
}

// troubles is what is wrong with everything at the lane but its display.
func (l *laneLoop) troubles() health.Set {
	s := l.sightTroubles()
	if fault := l.boardFault(); fault != nil {
		s = s.With(bench.GateMeans(fault))
	}
	if now := l.controller.State(); now.State == lane.Passing && now.Held {
		s = s.With(health.GateHeld)
	}
	if l.forced.Load() != 0 {
		s = s.With(health.DoorForced)
	}
	for _, d := range l.devices {
		if fault := d.Fault(); fault != nil {
			s = s.With(d.Means(fault))
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
