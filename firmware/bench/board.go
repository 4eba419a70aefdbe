package bench

import (
	"fmt"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/host/v3"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/hardware/gate"
)

// Board makes the driver of the configured board; it finds the board by itself.
func Board(c config.Lane) (*gate.Board, error) {
	board, err := boardAt(c.Gate)
	if err != nil {
		return nil, err
	}
	return board, board.Wire(c.Gate.Wiring())
}

func boardAt(c config.Gate) (*gate.Board, error) {
	if c.Wire == "modbus" {
		return gate.NewSerial(gate.Line{Path: c.Device, Baud: uint(c.Baud), Unit: uint8(c.Address)}), nil
	}
	if _, err := host.Init(); err != nil {
		return nil, fmt.Errorf("buses: %w", err)
	}
	if c.Wire == "gpio" {
		lines := map[string]gpio.PinIO{}
		for name, pin := range c.Lines {
			lines[name] = gpioreg.ByName(pin)
		}
		return gate.NewGPIO(lines)
	}
	bus, err := i2creg.Open(c.Device)
	if err != nil {
		return nil, fmt.Errorf("gate: I²C bus %q: %w: is i2c enabled, and may this user open /dev/i2c-*?", c.Device, err)
	}
	var line gpio.PinIn
	if c.Line != "" {
		pin := gpioreg.ByName(c.Line)
		if pin == nil {
			return nil, fmt.Errorf("gate: no pin %q on this machine", c.Line)
		}
		line = pin
	}
	return gate.NewI2C(bus, uint16(c.Address), line), nil
}
