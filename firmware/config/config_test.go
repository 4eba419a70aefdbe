package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const sound = `
[device]
name = "gate-01"
site = "HZMB-DEP"
state = "/var/lib/checkpoint"
[[lane]]
name = "12"
profile = "open"
kind = "venue"
facts = "door"
policy = "venue-market"
place.zh-Hant = "海濱街市"
camera.device = "/dev/video0"
gate = { wire = "modbus", device = "/dev/ttyUSB0", address = 1 }
`

func read(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Read(path)
}

func TestRead(t *testing.T) {
	c, err := read(t, sound)
	if err != nil {
		t.Fatal(err)
	}
	l := c.Lanes[0]
	if l.Timing.Show.Duration != 1500*time.Millisecond || l.Timing.Judge.Duration != 2*time.Second || l.Timing.Warn.Duration != 15*time.Second || l.Screen.WidthMM != 476 || l.Direction != "none" {
		t.Errorf("defaults: %+v", l)
	}
}

// TestFaults wants every fault in one go, each with what to do, and syntax and
// unknown keys with line and column.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"unknown key", sound + "colour = \"red\"\n", []string{"line 15", `unknown key "lane.colour"`}},
		{"syntax", "[device\n", []string{"line 1"}},
		{"duration", sound + "timing.show = \"soon\"\n", []string{"line 15"}},
		{"many", `[device]
name = "a b"
[centre]
url = "nats://127.0.0.1:4222"
[attendant]
listen = "0.0.0.0:8090"
[[lane]]
name = "12"
profile = "double"
place.fr = "Marché"
`, []string{"device.name", "device.site", "device.state", "centre.root", "attendant.listen", "profile", "kind", "facts", "policy", "camera.device", "gate.wire", "gate.device", "place.fr"}},
		{"bounds", strings.NewReplacer("address = 1 ", "address = 248 ", "name = \"12\"", "name = \"a.b\"", "kind = \"venue\"", "kind = \"border\"").Replace(sound) + `replay_window = "25h"
screen = { width_mm = -1, volume = 1.5 }
[centre]
refresh = "10ms"
[clock]
within = "1h"
`, []string{"lane \"a.b\"", "gate.address 248", "open has no barrier", "replay_window 25h", "screen.width_mm -1", "screen.volume 1.5", "centre.refresh 10ms", "clock.within 1h"}},
		{"I²C address", strings.Replace(sound, `"modbus", device = "/dev/ttyUSB0"`, `"i2c", device = "1"`, 1), []string{"gate.address 0x1", "0x20 to 0x27"}},
		{"no replay window", sound + "replay_window = \"10ms\"\n", []string{"replay_window 10ms"}},
		{"same name", sound + sound[strings.Index(sound, "[[lane]]"):], []string{"the name is used twice"}},
		{"no time to warn", sound + "timing.leave = \"10s\"\ntiming.warn = \"10s\"\n", []string{"timing.warn 10s", "less than timing.leave"}},
		{"a stick that nobody vouches for", sound + "[centre]\nstick = \"/media/usb\"\n", []string{"centre.root"}},
		{"nothing", "", []string{"no [[lane]]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(t, tc.text)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not speak of %s:\n%v", want, err)
				}
			}
		})
	}
}
