package config

import (
	"strings"
	"testing"
	"time"
)

// everything is a device that has all there is.
const everything = `
[device]
name = "gate-01"
site = "HZMB-DEP"
state = "/var/lib/checkpoint"
[watchdog]
device = "/dev/watchdog"
timeout = "20s"
[printer]
device = "/dev/ttyUSB3"
baud = 115200
dots = 512
confirm = "status"
[[lane]]
name = "12"
profile = "single"
kind = "border"
direction = "out"
facts = "gate"
policy = "hk-border-departure"
camera = { device = "/dev/video0", exposure = "5ms", gain = 40, focus = 30 }
gate = { wire = "gpio", door = true, active_low = ["alarm"], pulse = "500ms", settle = "25ms", lines = { access = "GPIO5", heartbeat = "GPIO6", entry = "GPIO13", exit = "GPIO19", alarm = "GPIO26", middle = "GPIO20", closed = "GPIO21", locked = "GPIO16" } }
document = { device = "/dev/ttyUSB1", baud = 9600, parity = "even", bits = 7, good = "06" }
thermal = { bus = "1", emissivity = 0.98, metres = 0.6, per_metre = 0.4, within = 0.1 }
[lane.card]
[[lane.scanner]]
wire = "serial"
device = "/dev/ttyACM0"
frame = "stx-etx"
aim = true
codes = "Qd"
hold = "2s"
lock = "16 4d 0d"
[[lane.scanner]]
wire = "wedge"
device = "/dev/input/by-id/usb-scanner-event-kbd"
layout = "german"
`

func TestEverything(t *testing.T) {
	c, err := read(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	l := c.Lanes[0]
	if string(l.Scanners[0].Lock) != "\x16M\r" || l.Card == nil || l.Document.Parity != "even" || l.Thermal.Metres != 0.6 ||
		l.Gate.Wiring().Pulse != 500*time.Millisecond || l.Camera.Exposure.Duration != 5*time.Millisecond || c.Printer.Dots != 512 {
		t.Errorf("%+v", l)
	}
}

// TestDeviceFaults has everything wrong with devices said at once.
func TestDeviceFaults(t *testing.T) {
	bad := strings.NewReplacer(`timeout = "20s"`, `timeout = "1s"`, `dots = 512`, `dots = 500`, `confirm = "status"`, `confirm = "hope"`,
		`gain = 40`, `gain = 101`, `exposure = "5ms"`, `exposure = "5m"`, `active_low = ["alarm"]`, `active_low = ["access"]`, `access = "GPIO5", `, "", `, closed = "GPIO21"`, "",
		`parity = "even"`, `parity = "odd one"`, `bits = 7`, `bits = 6`, `emissivity = 0.98`, `emissivity = 2`, `bus = "1", `, "",
		`frame = "stx-etx"`, `frame = "tab"`, `aim = true`, "", `layout = "german"`, `layout = "french"`, `/dev/ttyACM0`, `/dev/ttyUSB1`).Replace(everything)
	_, err := read(t, bad)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"watchdog.timeout 1s", "dots 500", "printer.confirm", "camera.gain 101", "camera.exposure 5m", "access cannot be active low", "gate.lines.access is missing", "gate.lines.closed is missing",
		"document.parity", "document.bits 6", "thermal.emissivity 2", "thermal.bus is missing", "scanner 1: frame", "scanner 1: codes", "scanner 2: layout", "is used at"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not speak of %s:\n%v", want, err)
		}
	}
	for _, tc := range []struct{ text, want string }{
		{strings.Replace(everything, `"16 4d 0d"`, `"16 4"`, 1), "line"},
		{strings.Replace(sound, `camera.device = "/dev/video0"`, "", 1), "nothing reads codes"},
		{strings.Replace(sound, `address = 1 `, `address = 1, lines = { entry = "GPIO1" } `, 1), "only wire gpio"},
	} {
		if _, err := read(t, tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want %q in %v", tc.want, err)
		}
	}
}
