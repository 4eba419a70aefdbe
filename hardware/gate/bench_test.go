package gate_test

import (
	"testing"

	"example.org/checkpoint/hardware/gate"
)

var wires = []struct {
	name string
	new  func(testing.TB) *bench
}{{"i2c", overI2C}, {"serial", overSerial}}

// BenchmarkRelease is from the order to the output, while Run polls.
func BenchmarkRelease(b *testing.B) {
	for _, wire := range wires {
		b.Run(wire.name, func(b *testing.B) {
			g := wire.new(b)
			g.serve(b)
			g.expect(b, calm...)
			g.until(b, "beating", beats)
			must(b, g.Release(b.Context()))
			for b.Loop() {
				must(b, g.Release(b.Context()))
			}
		})
	}
}

// BenchmarkEdge is from a broken beam to its report, with the wait for the beam to
// be whole again, 30 ms and a poll, between one and the next.
func BenchmarkEdge(b *testing.B) {
	for _, wire := range wires {
		b.Run(wire.name, func(b *testing.B) {
			g := wire.new(b)
			g.serve(b)
			g.expect(b, calm...)
			for b.Loop() {
				g.gate.BreakEntry()
				g.expect(b, gate.EntryBroken)
				b.StopTimer()
				g.gate.MendEntry()
				g.expect(b, gate.EntryWhole)
				b.StartTimer()
			}
		})
	}
}
