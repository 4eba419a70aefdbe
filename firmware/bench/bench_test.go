package bench

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/hardware/thermal"
	sensor "example.org/checkpoint/simulators/thermal"
)

// TestBeside makes a driver of everything that a lane has beside camera and board.
func TestBeside(t *testing.T) {
	c := config.Lane{Name: "12", Scanners: []config.Scanner{{Wire: "serial", Device: "/dev/ttyACM0"}, {Wire: "wedge", Device: "/dev/input/by-id/usb-scanner-event-kbd"}},
		Document: &config.Document{Device: "/dev/ttyUSB1"}, Card: &config.Card{}, Thermal: &config.Thermal{Bus: "1"}}
	all := Beside(c, Hears{}, slog.New(slog.DiscardHandler))
	if len(all) != 5 {
		t.Fatalf("%d devices, want 5", len(all))
	}
	for _, d := range all {
		if d.Lane != "12" || d.What == "" || d.Do == "" || d.Means == nil {
			t.Errorf("%+v", d)
		}
	}
}

// TestThermometer finds a thermometer whose bus comes late, and again after it was
// unplugged.
func TestThermometer(t *testing.T) {
	chip := sensor.New()
	chip.Show(36.6, 23)
	c := config.Lane{Thermal: &config.Thermal{Bus: "bus-of-the-test"}}
	warm := make(chan thermal.Reading, 1)
	d := Beside(c, Hears{Temperature: func(r thermal.Reading) {
		select {
		case warm <- r:
		default:
		}
	}}, slog.New(slog.DiscardHandler))[0]
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }() // ends with stop
	until := func(what string, works bool) {
		t.Helper()
		for range 1000 {
			if (d.Fault() == nil) == works {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("not %s: %v", what, d.Fault())
	}
	until("lost", false)
	away, err := chip.Wire("bus-of-the-test")
	if err != nil {
		t.Fatal(err)
	}
	defer away()
	until("found", true)
	if r := <-warm; r.Object < 36.4 || r.Object > 36.8 || r.Uncertainty < 0.5 {
		t.Errorf("%+v", r)
	}
	chip.Unplug()
	until("lost", false)
	chip.Plug()
	until("back", true)
	stop()
	if err := <-ended; err != nil || len(chip.Errors()) > 0 {
		t.Error(err, chip.Errors())
	}
}
