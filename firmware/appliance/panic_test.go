package appliance

import (
	"sync/atomic"
	"testing"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/simulators/gateboard"
)

// hostile is a bus that has the driver panic.
type hostile struct {
	*gateboard.I2C
	times atomic.Int64 // that it will; below 0 always
}

func (h *hostile) Tx(addr uint16, w, r []byte) error {
	switch n := h.times.Load(); {
	case n < 0:
		panic("HCT1:a-secret")
	case n > 0 && h.times.CompareAndSwap(n, n-1):
		panic("HCT1:a-secret")
	}
	return h.I2C.Tx(addr, w, r)
}

// TestGateDriverPanics: a panic of the gate's driver takes the lane out of service with a name, the
// driver is started again, and an officer opens the lane again without a restart of the program. The
// fire contact is heard right after; while the driver cannot be started the way out is free.
func TestGateDriverPanics(t *testing.T) {
	r := newRig(t)
	r.stop()
	bus := &hostile{I2C: r.wire}
	r.board = func() *gate.Board { return gate.NewI2C(bus, 0x20, r.wire.INT) }
	r.start()
	a := r.device()
	lost := func() bool { return a.shows(t, health.GateLost) }
	r.open()
	r.admit("A")
	r.gate.BreakEntry()
	r.untilState(lane.Passing)
	bus.times.Store(1)
	r.untilJournal("claimed satisfied", "interrupted")
	r.until("named", lost)
	r.gate.MendEntry()
	r.until("works again", func() bool { return !lost() })
	r.open()

	bus.times.Store(1)
	r.until("named again", lost)
	r.gate.Fire(true)
	r.untilState(lane.Evacuating)
	r.until("open for the fire", func() bool { return r.gate.State().Leaf == gateboard.Open })
	r.gate.Fire(false)
	r.until("normal", func() bool { return r.lane.controller.State().Normal })
	r.turn(r.gate.TurnSupervisorKey)
	r.untilState(lane.Secured)

	bus.times.Store(-1)
	r.until("the way out is free", func() bool { s := r.gate.State(); return s.EgressFree && !s.Heartbeat })
	bus.times.Store(0)
	r.until("works at last", func() bool { return !lost() })
	r.open()
}
