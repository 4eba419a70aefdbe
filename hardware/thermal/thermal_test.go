package thermal_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/hardware/thermal"
	bench "example.org/checkpoint/simulators/thermal"
)

// rig is a driver at a sensor, in no time.
type rig struct {
	*thermal.Sensor
	bench *bench.Sensor
	news  chan thermal.Reading
}

func with(t *testing.T, o thermal.Options, test func(*testing.T, *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{bench: bench.New(), news: make(chan thermal.Reading, 1)}
		r.Sensor = thermal.New(r.bench, 0, o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { // ends with cancel
			done <- r.Run(ctx, func(in thermal.Reading) {
				select {
				case <-r.news:
				default:
				}
				r.news <- in
			})
		}()
		test(t, r)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, e := range r.bench.Errors() {
			t.Error(e)
		}
	})
}

// newest forgets what was read before and waits for the next reading.
func (r *rig) newest() thermal.Reading {
	synctest.Wait()
	select {
	case <-r.news:
	default:
	}
	return <-r.news
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

func TestReading(t *testing.T) {
	with(t, thermal.Options{Distance: thermal.Distance{Metres: 0.5, PerMetre: 0.8, Within: 0.1}}, func(t *testing.T, r *rig) {
		if err := r.Fault(); r.Fault() != nil && !errors.Is(err, thermal.ErrLost) {
			t.Error(err)
		}
		r.bench.Show(34.6, 23.4)
		in := r.newest()
		if !near(in.Object, 35.0, 0.02) || !near(in.Ambient, 23.4, 0.02) || in.Emissivity != 1 {
			t.Errorf("%+v", in)
		}
		if want := 0.5 + 0.01*(34.6-23.4) + 0.8*0.1; !near(in.Uncertainty, want, 0.001) {
			t.Errorf("uncertainty %v, want %v", in.Uncertainty, want)
		}
		if got := in.String(); got != "surface 35.0 ± 0.7 °C" {
			t.Error(got)
		}
		r.bench.Show(80, 23.4) // a cup of tea
		if in := r.newest(); in.Uncertainty < 4 {
			t.Errorf("outside of what the sensor is good for: %+v", in)
		}
		if r.Fault() != nil {
			t.Error(r.Fault())
		}
	})
}

// TestFaults has the wire fail for a moment, which nobody hears of, and for long, which
// is a fault that says what to do, with no reading; and be repaired.
func TestFaults(t *testing.T) {
	for name, f := range map[string]struct {
		fail, repair func(*bench.Sensor)
		says         string
	}{
		"no acknowledge": {func(s *bench.Sensor) { s.Nack(1 << 30) }, func(s *bench.Sensor) { s.Nack(0) }, "check the sensor's cable"},
		"unplugged":      {(*bench.Sensor).Unplug, (*bench.Sensor).Plug, "check the sensor's cable"},
		"damaged code":   {func(s *bench.Sensor) { s.Spoil(1 << 30) }, func(s *bench.Sensor) { s.Spoil(0) }, "damaged words"},
		"error flag":     {func(s *bench.Sensor) { s.Flag(true) }, func(s *bench.Sensor) { s.Flag(false) }, "flags an error"},
		"stuck at 0":     {func(s *bench.Sensor) { s.Stick(0xff, 0) }, func(s *bench.Sensor) { s.Stick(0, 0) }, "damaged words"},
		"stuck at 1":     {func(s *bench.Sensor) { s.Stick(0, 0xff) }, func(s *bench.Sensor) { s.Stick(0, 0) }, "damaged words"},
		"one bit stuck":  {func(s *bench.Sensor) { s.Stick(0, 0x04) }, func(s *bench.Sensor) { s.Stick(0, 0) }, "damaged words"},
		"never answers":  {(*bench.Sensor).Hang, (*bench.Sensor).Free, "the bus hangs"},
		"impossible":     {func(s *bench.Sensor) { s.Show(-200, 23) }, func(s *bench.Sensor) { s.Show(34, 23) }, "outside the sensor's range"},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, thermal.Options{}, func(t *testing.T, r *rig) {
				r.newest()
				f.fail(r.bench)
				time.Sleep(500 * time.Millisecond)
				if err := r.Fault(); err != nil {
					t.Errorf("after a moment: %v", err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				select {
				case <-r.news: // from before the fault
				default:
				}
				if err := r.Fault(); !errors.Is(err, thermal.ErrLost) || !strings.Contains(err.Error(), f.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %q", err, f.says)
				}
				select {
				case in := <-r.news:
					t.Errorf("a reading: %v", in)
				default:
				}
				f.repair(r.bench)
				began := time.Now()
				r.newest()
				if d := time.Since(began); d > time.Second || r.Fault() != nil {
					t.Errorf("back after %v, %v", d, r.Fault())
				}
			})
		})
	}
}

// TestHiccups: one word in many is damaged or refused, the clock is stretched, and the
// sensor loses its power for a moment.
func TestHiccups(t *testing.T) {
	with(t, thermal.Options{}, func(t *testing.T, r *rig) {
		for range 10 {
			r.bench.Spoil(1)
			r.newest()
			r.bench.Nack(1)
			r.newest()
			if err := r.Fault(); err != nil {
				t.Error(err)
			}
		}
		r.bench.Late(90 * time.Millisecond)
		r.newest()
		r.bench.Late(0)
		r.bench.Reset()
		if in := r.newest(); in.Ambient < 20 || r.Fault() != nil {
			t.Errorf("%+v, %v", in, r.Fault())
		}
	})
}

// TestEmissivity: a sensor set for another surface gives no reading until it is set.
func TestEmissivity(t *testing.T) {
	with(t, thermal.Options{Emissivity: 0.98}, func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		synctest.Wait()
		if err := r.Fault(); !errors.Is(err, thermal.ErrEmissivity) || len(r.news) != 0 {
			t.Errorf("%v, %d readings", err, len(r.news))
		}
		if err := r.SetEmissivity(t.Context(), 0.98); err != nil {
			t.Fatal(err)
		}
		if in := r.newest(); !near(in.Emissivity, 0.98, 1e-4) || !near(r.bench.Emissivity(), 0.98, 1e-4) || r.Fault() != nil {
			t.Errorf("%+v, %v", in, r.Fault())
		}
		for _, wrong := range []float64{0, 0.05, 1.1, math.NaN()} {
			if err := r.SetEmissivity(t.Context(), wrong); !errors.Is(err, thermal.ErrEmissivity) {
				t.Errorf("%v: %v", wrong, err)
			}
		}
		r.bench.Nack(1000)
		if err := r.SetEmissivity(t.Context(), 0.95); !errors.Is(err, thermal.ErrEmissivity) {
			t.Error(err)
		}
	})
}
