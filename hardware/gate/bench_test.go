package gate_test

import (
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/hardware/gate"
)

var wires = []struct {
	name string
	new  func(testing.TB) *bench
}{{"i2c", overI2C}, {"gpio", overGPIO}, {"serial", overSerial}}

// onEvery runs a benchmark over every wire, and reports the slowest of a hundred beside
// the mean (G16: 100 ms).
func onEvery(b *testing.B, once func(*testing.B, *bench, *[]time.Duration)) {
	for _, wire := range wires {
		b.Run(wire.name, func(b *testing.B) {
			g := wire.new(b)
			g.serve(b)
			g.expect(b, calm...)
			g.until(b, "beating", beats)
			var took []time.Duration
			once(b, g, &took)
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
		})
	}
}

// BenchmarkRelease is from the order to the pin, while Run polls.
func BenchmarkRelease(b *testing.B) {
	onEvery(b, func(b *testing.B, g *bench, took *[]time.Duration) {
		must(b, g.Release(b.Context()))
		for b.Loop() {
			began := time.Now()
			must(b, g.Release(b.Context()))
			*took = append(*took, time.Since(began))
		}
	})
}

// BenchmarkEdge is from a broken beam to its report, with the wait for the beam to
// be whole again, 30 ms and a poll, between one and the next.
func BenchmarkEdge(b *testing.B) {
	onEvery(b, func(b *testing.B, g *bench, took *[]time.Duration) {
		for b.Loop() {
			began := time.Now()
			g.gate.BreakEntry()
			g.expect(b, gate.EntryBroken)
			*took = append(*took, time.Since(began))
			b.StopTimer()
			g.gate.MendEntry()
			g.expect(b, gate.EntryWhole)
			b.StartTimer()
		}
	})
}

// BenchmarkReaction is from the building's alarm contact to access energised: the whole
// way through driver, report and order.
func BenchmarkReaction(b *testing.B) {
	onEvery(b, func(b *testing.B, g *bench, took *[]time.Duration) {
		for b.Loop() {
			began := time.Now()
			g.gate.Fire(true)
			g.expect(b, gate.AlarmOpen)
			must(b, g.Release(b.Context()))
			*took = append(*took, time.Since(began))
			b.StopTimer()
			g.gate.Fire(false)
			g.expect(b, gate.AlarmNormal)
			must(b, g.Secure(b.Context()))
			b.StartTimer()
		}
	})
}
