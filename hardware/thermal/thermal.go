// Package thermal reads an infrared thermometer MLX90614 over SMBus: the temperature of
// a surface and of the sensor itself. A reading is that of whatever surface fills the
// sensor's view, with its uncertainty. It says nothing about anybody's health, and no
// threshold is in here: what a site does with a reading is its own rule, carried out by
// people with a second, proper measurement (R91).
package thermal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c"
)

var (
	// ErrLost reports that the sensor does not answer. Run goes on trying.
	ErrLost = errors.New("thermal: sensor lost")
	// ErrEmissivity reports that the sensor is set for another surface than the site's.
	ErrEmissivity = errors.New("thermal: wrong emissivity")

	errStarting = errors.New("no reading yet")
	errCode     = errors.New("damaged words: shorten the cable, or check its pull-up resistors")
	errFlag     = errors.New("the sensor flags an error of its own: switch it off and on, then replace it")
	errRange    = errors.New("a value outside the sensor's range: switch it off and on, then check the bus for a short circuit")
)

const (
	every   = 200 * time.Millisecond // from reading to reading: the sensor makes a new one in about 100 ms
	silence = time.Second            // without a reading, after which the sensor is lost
)

// Options are what differs between sites. The zero value will do, with wide uncertainty.
type Options struct {
	Emissivity float64 // that the sensor must be set to, 0.1 to 1; 0 accepts what it is set to
	Distance   Distance
}

// Distance corrects for the air and the surroundings that come into the sensor's view
// with distance. The site measures it: a black body of known temperature at the place
// where people stand, and nearer.
type Distance struct {
	Metres   float64 // from the sensor to the surface
	PerMetre float64 // °C to be added for each metre
	Within   float64 // metres by which people stand nearer or farther
}

// Reading is one measurement. Temperatures are in °C.
type Reading struct {
	At          time.Time
	Object      float64 // of the surface, corrected for distance
	Ambient     float64 // of the sensor
	Uncertainty float64 // of Object: it is within so many °C of the truth
	Emissivity  float64 // that the sensor assumes
}

func (r Reading) String() string {
	return fmt.Sprintf("surface %.1f ± %.1f °C", r.Object, r.Uncertainty)
}

// Sensor is one thermometer. Its methods are for any goroutine.
type Sensor struct {
	dev     i2c.Dev
	options Options

	bus sync.Mutex // one user of the bus at a time

	mu    sync.Mutex
	heard time.Time // the last reading
	fault error
}

// New returns the sensor at addr, 0x5a if zero, on the bus. Nothing is said on the bus
// before Run. The bus may not be faster than 100 kHz.
func New(bus i2c.Bus, addr uint16, o Options) *Sensor {
	if addr == 0 {
		addr = 0x5a
	}
	return &Sensor{dev: i2c.Dev{Bus: bus, Addr: addr}, options: o, fault: errStarting}
}

// Fault is nil while readings come, also if the bus hangs, and otherwise says what is
// wrong and what to do.
func (s *Sensor) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(s.fault, ErrEmissivity):
		return s.fault
	case !s.heard.IsZero() && time.Since(s.heard) <= silence:
		return nil
	case s.fault == nil:
		return fmt.Errorf("%w: %v: the bus hangs: switch the sensor off and on", ErrLost, &s.dev)
	}
	return fmt.Errorf("%w: %v: %w", ErrLost, &s.dev, s.fault)
}

// Run reads the sensor until the context ends and returns nil then. report gets each
// reading; one that fails is left out.
func (s *Sensor) Run(ctx context.Context, report func(Reading)) error {
	for tick := time.NewTicker(every); ; {
		r, err := s.read()
		s.note(r, err)
		if err == nil {
			report(r)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

func (s *Sensor) note(r Reading, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault = err; err == nil {
		s.heard = r.At
	}
}

// read takes one measurement, with the emissivity as it is set now.
func (s *Sensor) read() (Reading, error) {
	s.bus.Lock()
	defer s.bus.Unlock()
	ke, err := s.word(cellKe)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Emissivity: float64(ke) / 65535}
	if want := s.options.Emissivity; want != 0 && abs(want-r.Emissivity) > 0.005 {
		return Reading{}, fmt.Errorf("%w: %v has %.2f instead of %.2f: have the technician set it", ErrEmissivity, &s.dev, r.Emissivity, want)
	}
	if r.Ambient, err = s.celsius(ramAmbient, -40, 125); err != nil {
		return Reading{}, err
	}
	if r.Object, err = s.celsius(ramObject, -70.01, 382.2); err != nil {
		return Reading{}, err
	}
	r.Uncertainty = uncertainty(r, s.options.Distance)
	r.Object += s.options.Distance.Metres * s.options.Distance.PerMetre
	r.At = time.Now()
	return r, nil
}

// uncertainty adds up what may be wrong with a reading before its correction, as
// bounds. The sensor is good to 0.5 °C where both temperatures are within 0 and 50 °C
// (Melexis 3901090614, features), and outside taken for the worst of its figures; the
// surface's emissivity may differ by 0.01, which weighs with the difference in
// temperature.
func uncertainty(r Reading, d Distance) float64 {
	u := 4.0
	if in := func(c float64) bool { return c >= 0 && c <= 50 }; in(r.Object) && in(r.Ambient) {
		u = 0.5
	}
	return u + 0.01*abs(r.Object-r.Ambient) + abs(d.PerMetre)*d.Within
}

func abs(x float64) float64 { return max(x, -x) }

// SetEmissivity writes the sensor's EEPROM, which wears: erase, write, read back. The
// sensor uses it when it has been switched off and on.
func (s *Sensor) SetEmissivity(ctx context.Context, emissivity float64) error {
	if !(emissivity >= 0.1 && emissivity <= 1) {
		return fmt.Errorf("%w: %v is not within 0.1 and 1", ErrEmissivity, emissivity)
	}
	want := uint16(emissivity*65535 + 0.5)
	s.bus.Lock()
	defer s.bus.Unlock()
	for _, v := range []uint16{0, want} {
		if err := s.write(cellKe, v); err != nil {
			return fmt.Errorf("%w: not written, try again: %w", ErrEmissivity, err)
		}
		time.Sleep(settle) // not cut short: an erased cell makes every reading wrong
	}
	if got, err := s.word(cellKe); err != nil || got != want {
		return fmt.Errorf("%w: read back %#04x instead of %#04x, try again: %w", ErrEmissivity, got, want, errors.Join(err, ctx.Err()))
	}
	return nil
}
