package config

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/hardware/gate"
	"example.org/checkpoint/hardware/scanner"
	"example.org/checkpoint/hardware/serial"
)

// Watchdog is the hardware that resets the machine when the program hangs.
type Watchdog struct {
	Device  string   `toml:"device"`  // "/dev/watchdog"; empty: none. systemd's is fed where it asks for it
	Timeout Duration `toml:"timeout"` // after which it resets; default 15 s
}

// Printer is the device's printer of slips.
type Printer struct {
	Device  string `toml:"device"`  // "tcp://192.0.2.7:9100", "/dev/usb/lp0", or a tty with baud; empty: none
	Baud    int    `toml:"baud"`    // of a tty
	Dots    int    `toml:"dots"`    // side by side; default 576
	Confirm string `toml:"confirm"` // how it confirms what it has printed: mark (GS ( H) or status (GS r); default mark
}

// Camera is a lane's camera.
type Camera struct {
	Device   string   `toml:"device"`   // "http://…", "/dev/video0", a directory of pictures, "opencv:…"; empty: none
	Exposure Duration `toml:"exposure"` // of a V4L2 device; 0 is automatic
	Gain     int      `toml:"gain"`     // 1 to 100 of its range; 0 is automatic
	Focus    int      `toml:"focus"`    // likewise
}

// Gate is a lane's board and how it is wired.
type Gate struct {
	Wire      string            `toml:"wire"`       // modbus, i2c or gpio
	Device    string            `toml:"device"`     // "/dev/ttyUSB0", or the I²C bus, "1"
	Baud      int               `toml:"baud"`       // modbus; default 115200
	Address   int               `toml:"address"`    // Modbus unit 1–247 or I²C address 0x20–0x27
	Line      string            `toml:"line"`       // i2c: the pin of the board's interrupt, "GPIO17"
	Lines     map[string]string `toml:"lines"`      // gpio: the pin of each line by its name, access = "GPIO5"
	Door      bool              `toml:"door"`       // three beams, and contacts at leaf, lock and cabinet
	ActiveLow []string          `toml:"active_low"` // names of lines
	Pulse     Duration          `toml:"pulse"`      // how long access is energised to open; 0: for as long as the leaf is to be open
	Settle    Duration          `toml:"settle"`     // how long a contact must stay to be believed, 20 to 50 ms; default 30 ms
}

// Wiring is how the board is wired.
func (c Gate) Wiring() gate.Wiring {
	return gate.Wiring{Door: c.Door, Invert: c.ActiveLow, Pulse: c.Pulse.Duration, Settle: c.Settle.Duration}
}

// Scanner is a code scanner as it was set up.
type Scanner struct {
	Wire   string   `toml:"wire"`   // serial, or wedge: it pretends to be a keyboard
	Device string   `toml:"device"` // "/dev/serial/by-id/…", or "/dev/input/by-id/…-event-kbd"
	Baud   int      `toml:"baud"`   // serial; default 9600
	Frame  string   `toml:"frame"`  // what ends a code: cr, lf, crlf, stx-etx or gap; default cr
	AIM    bool     `toml:"aim"`    // each code begins with its AIM prefix, as ]Q1
	Codes  string   `toml:"codes"`  // letters of AIM prefixes that count; default Qdz
	Hold   Duration `toml:"hold"`   // how long the same code must be away to count again; default 1.5 s
	Layout string   `toml:"layout"` // wedge: us or german; default us
	Lock   Hex      `toml:"lock"`   // serial: commands of its manual
	Start  Hex      `toml:"start"`
	Stop   Hex      `toml:"stop"`
	Good   Hex      `toml:"good"`
}

// Line is the line of a serial scanner.
func (c Scanner) Line() serial.Line { return serial.Line{Path: c.Device, Baud: c.Baud} }

// Options are how the scanner was set up.
func (c Scanner) Options(log *slog.Logger) scanner.Options {
	return scanner.Options{Frame: frames[c.Frame], AIM: c.AIM, Codes: c.Codes, Hold: c.Hold.Duration,
		Lock: c.Lock, Start: c.Start, Stop: c.Stop, Good: c.Good, Layout: layouts[c.Layout], Log: log}
}

// Document is a reader of machine readable zones on a serial line.
type Document struct {
	Device string `toml:"device"`
	Baud   int    `toml:"baud"`   // default 9600
	Parity string `toml:"parity"` // none, even or odd; default none
	Bits   int    `toml:"bits"`   // 7 or 8; default 8
	Start  Hex    `toml:"start"`  // sent once it is there
	Good   Hex    `toml:"good"`   // sent after each whole zone
}

// Line is the reader's line.
func (c Document) Line() serial.Line {
	return serial.Line{Path: c.Device, Baud: c.Baud, Parity: parities[c.Parity], Seven: c.Bits == 7}
}

// Card is a card reader of pcscd. An empty table is the first reader.
type Card struct {
	Reader string `toml:"reader"` // what its name begins with
	Socket string `toml:"socket"` // of pcscd, if it is elsewhere
}

// Thermal is an infrared thermometer on an I²C bus.
type Thermal struct {
	Bus        string  `toml:"bus"`        // "1"
	Address    int     `toml:"address"`    // default 0x5a
	Emissivity float64 `toml:"emissivity"` // that it must be set to, 0.1 to 1; 0 accepts what it is set to
	Metres     float64 `toml:"metres"`     // to where people stand
	PerMetre   float64 `toml:"per_metre"`  // °C to be added for each
	Within     float64 `toml:"within"`     // metres by which they stand nearer or farther
}

// Hex is bytes written as "16 4d 0d".
type Hex []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	return err
}

var (
	frames   = map[string]scanner.Frame{"": scanner.CR, "cr": scanner.CR, "lf": scanner.LF, "crlf": scanner.CRLF, "stx-etx": scanner.STXETX, "gap": scanner.Gap}
	layouts  = map[string]scanner.Layout{"": scanner.US, "us": scanner.US, "german": scanner.German}
	parities = map[string]serial.Parity{"": serial.None, "none": serial.None, "even": serial.Even, "odd": serial.Odd}
	aims     = regexp.MustCompile(`^[A-Za-z]*$`)
)

// must notes a fault unless ok.
type must func(ok bool, format string, args ...any)

// validateDevices reports the faults of what is the whole device's.
func (c *Config) validateDevices(must must) {
	w, p := c.Watchdog, c.Printer
	must(w.Timeout.Duration == 0 || w.Timeout.Duration >= 2*time.Second && w.Timeout.Duration <= 5*time.Minute, "watchdog.timeout %v: use 2s to 5m", w.Timeout)
	must(w.Timeout.Duration == 0 || w.Device != "", "watchdog.device is missing: give /dev/watchdog")
	must(p.Device != "" || p == (Printer{}), "printer.device is missing: give tcp://…, /dev/usb/lp0, or a tty and its baud")
	must(p.Baud >= 0 && p.Dots >= 0 && p.Dots <= 2048 && p.Dots%8 == 0, "printer.baud %d, dots %d: dots are a multiple of 8 up to 2048", p.Baud, p.Dots)
	must(slices.Contains([]string{"", "mark", "status"}, p.Confirm), "printer.confirm %q: use mark or status", p.Confirm)
	taken := map[string]string{}
	for i := range c.Lanes {
		for where, path := range c.Lanes[i].paths() {
			must(taken[path] == "", "lane %q: %s: %s is used at %s too", c.Lanes[i].Name, where, path, taken[path])
			taken[path] = fmt.Sprintf("lane %q %s", c.Lanes[i].Name, where)
		}
	}
}

// paths are what one driver alone may hold.
func (l *Lane) paths() map[string]string {
	all := map[string]string{}
	for i, s := range l.Scanners {
		all[fmt.Sprintf("scanner %d", i+1)] = s.Device
	}
	if l.Document != nil {
		all["document"] = l.Document.Device
	}
	if l.Gate.Wire == "modbus" {
		all["gate"] = l.Gate.Device
	}
	for where, path := range all {
		if path == "" {
			delete(all, where)
		}
	}
	return all
}

// validateDevices reports the faults of what is the lane's.
func (l *Lane) validateDevices(at string, must must) {
	must(l.Camera.Device != "" || len(l.Scanners) > 0 || l.Card != nil, "%s: nothing reads codes: give camera.device, http://… or /dev/video0, a [[lane.scanner]] or a [lane.card]", at)
	must(l.Camera.Exposure.Duration >= 0 && l.Camera.Exposure.Duration <= time.Second, "%s: camera.exposure %v: use up to 1s", at, l.Camera.Exposure)
	must(percent(l.Camera.Gain) && percent(l.Camera.Focus), "%s: camera.gain %d, focus %d: use 1 to 100, or 0 for automatic", at, l.Camera.Gain, l.Camera.Focus)
	l.Gate.validate(at, must)
	for i, s := range l.Scanners {
		s.validate(fmt.Sprintf("%s: scanner %d", at, i+1), must)
	}
	if d := l.Document; d != nil {
		_, parity := parities[d.Parity]
		must(d.Device != "", "%s: document.device is missing: give its tty", at)
		must(d.Baud >= 0, "%s: document.baud %d", at, d.Baud)
		must(parity, "%s: document.parity %q: use none, even or odd", at, d.Parity)
		must(d.Bits == 0 || d.Bits == 7 || d.Bits == 8, "%s: document.bits %d: use 7 or 8", at, d.Bits)
	}
	if t := l.Thermal; t != nil {
		must(t.Bus != "", "%s: thermal.bus is missing: give the I²C bus, as 1", at)
		must(t.Address >= 0 && t.Address <= 0x7f, "%s: thermal.address %#x: an I²C address is up to 0x7f", at, t.Address)
		must(t.Emissivity == 0 || t.Emissivity >= 0.1 && t.Emissivity <= 1, "%s: thermal.emissivity %v: use 0.1 to 1, or 0 for what it is set to", at, t.Emissivity)
		must(t.Metres >= 0 && t.Within >= 0, "%s: thermal.metres %v, within %v: give metres", at, t.Metres, t.Within)
	}
}

func percent(n int) bool { return n >= 0 && n <= 100 }

func (c *Gate) validate(at string, must must) {
	must(slices.Contains([]string{"modbus", "i2c", "gpio"}, c.Wire), "%s: gate.wire %q: use modbus, i2c or gpio", at, c.Wire)
	must(c.Wire == "gpio" || c.Device != "", "%s: gate.device is missing: give /dev/ttyUSB0, or the I²C bus", at)
	must(c.Wire != "modbus" || c.Address >= 1 && c.Address <= 247, "%s: gate.address %d: a Modbus unit is 1 to 247", at, c.Address)
	must(c.Wire != "i2c" || c.Address >= 0x20 && c.Address <= 0x27, "%s: gate.address %#x: the I²C board is 0x20 to 0x27", at, c.Address)
	must(c.Wire != "i2c" || !c.Door || c.Address < 0x27, "%s: gate.address %#x: a door has a second chip at the next address", at, c.Address)
	must(c.Baud >= 0 && (c.Baud == 0 || c.Wire == "modbus"), "%s: gate.baud %d: only a serial board has one", at, c.Baud)
	must(c.Wire == "gpio" || len(c.Lines) == 0, "%s: gate.lines: only wire gpio has them", at)
	needed := []string{"access", "heartbeat", "entry", "exit", "alarm"}
	if c.Door {
		needed = append(needed, "middle", "closed", "locked")
	}
	for _, name := range needed {
		must(c.Wire != "gpio" || c.Lines[name] != "", "%s: gate.lines.%s is missing: name its pin, as GPIO17", at, name)
	}
	if err := new(gate.Board).Wire(c.Wiring()); err != nil {
		must(false, "%s: %v", at, err)
	}
}

func (s *Scanner) validate(at string, must must) {
	_, frame := frames[s.Frame]
	_, layout := layouts[s.Layout]
	must(s.Wire == "serial" || s.Wire == "wedge", "%s: wire %q: use serial or wedge", at, s.Wire)
	must(s.Device != "", "%s: device is missing: give /dev/serial/by-id/… or /dev/input/by-id/…-event-kbd", at)
	must(s.Baud >= 0 && (s.Baud == 0 || s.Wire == "serial"), "%s: baud %d: only a serial scanner has one", at, s.Baud)
	must(frame, "%s: frame %q: use cr, lf, crlf, stx-etx or gap", at, s.Frame)
	must(layout && (s.Layout == "" || s.Wire == "wedge"), "%s: layout %q: use us or german, of a wedge", at, s.Layout)
	must(aims.MatchString(s.Codes) && (s.Codes == "" || s.AIM), "%s: codes %q: letters of AIM prefixes, with aim = true", at, s.Codes)
	must(s.Hold.Duration >= 0 && s.Hold.Duration <= time.Minute, "%s: hold %v: use up to 1m", at, s.Hold)
	must(s.Wire == "serial" || len(s.Lock)+len(s.Start)+len(s.Stop)+len(s.Good) == 0, "%s: lock, start, stop, good: only a serial scanner takes commands", at)
}
