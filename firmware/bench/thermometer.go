package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/host/v3"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/hardware/thermal"
)

// thermometer is a sensor whose bus may not be there yet.
type thermometer struct {
	config config.Thermal

	mu     sync.Mutex
	sensor *thermal.Sensor
	err    error
}

func (t *thermometer) fault() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.sensor != nil:
		return t.sensor.Fault()
	case t.err != nil:
		return t.err
	}
	return thermal.ErrLost
}

// run waits for the bus and reads the sensor until ctx is done.
func (t *thermometer) run(ctx context.Context, report func(thermal.Reading)) error {
	for {
		err := t.open()
		if err == nil {
			return t.sensor.Run(ctx, report)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (t *thermometer) open() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, t.err = host.Init(); t.err != nil {
		return t.err
	}
	bus, err := i2creg.Open(t.config.Bus)
	if err != nil {
		t.err = fmt.Errorf("%w: I²C bus %q: %w", thermal.ErrLost, t.config.Bus, err)
		return t.err
	}
	t.sensor = thermal.New(bus, uint16(t.config.Address), thermal.Options{Emissivity: t.config.Emissivity,
		Distance: thermal.Distance{Metres: t.config.Metres, PerMetre: t.config.PerMetre, Within: t.config.Within}})
	return nil
}
