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

	mu     sync.Mutex // held for a moment only: whoever asks for the fault does not wait for a bus
	sensor *thermal.Sensor
	err    error
}

func (t *thermometer) fault() error {
	t.mu.Lock()
	sensor, err := t.sensor, t.err
	t.mu.Unlock()
	switch {
	case sensor != nil:
		return sensor.Fault()
	case err != nil:
		return err
	}
	return thermal.ErrLost
}

// run waits for the bus and reads the sensor until ctx is done.
func (t *thermometer) run(ctx context.Context, report func(thermal.Reading)) error {
	for {
		sensor, err := t.open()
		t.mu.Lock()
		t.sensor, t.err = sensor, err
		t.mu.Unlock()
		if err == nil {
			return sensor.Run(ctx, report)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func (t *thermometer) open() (*thermal.Sensor, error) {
	if _, err := host.Init(); err != nil {
		return nil, err
	}
	bus, err := i2creg.Open(t.config.Bus)
	if err != nil {
		return nil, fmt.Errorf("%w: I²C bus %q: %w", thermal.ErrLost, t.config.Bus, err)
	}
	return thermal.New(bus, uint16(t.config.Address), thermal.Options{Emissivity: t.config.Emissivity,
		Distance: thermal.Distance{Metres: t.config.Metres, PerMetre: t.config.PerMetre, Within: t.config.Within}}), nil
}
