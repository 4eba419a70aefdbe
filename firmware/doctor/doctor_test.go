package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/simulators/camera"
	"example.org/checkpoint/simulators/gateboard"
	"example.org/checkpoint/simulators/printer"
	"example.org/checkpoint/simulators/scanner"
)

// rig is a machine of a few files, and the configuration of a device on it.
type rig struct {
	*testing.T
	root, state string
	config      config.Config
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, root: t.TempDir(), state: t.TempDir()}
	r.config.Device.Name, r.config.Device.Site, r.config.Device.State = "gate-01", "HZMB-DEP", r.state
	r.file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
	r.file("usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "")
	return r
}

func (r *rig) file(name, text string) {
	r.Helper()
	path := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

// examine gives every finding as "state area: what", and all that was said.
func (r *rig) examine(o Options) (found []string, said string) {
	o.Root = r.root
	Examine(r.Context(), r.config, o, func(f Finding) {
		found = append(found, fmt.Sprintf("%v %s: %s", f.State, f.Area, f.What))
		said += fmt.Sprintf("%v %s: %s: %s → %s\n", f.State, f.Area, f.What, f.Says, f.Do)
		if (f.State == Sound) != (f.Do == "") {
			r.Errorf("%+v: what is sound needs nothing done, and all else does", f)
		}
	})
	return found, said
}

func (r *rig) want(found []string, said string, want ...string) {
	r.Helper()
	for _, w := range want {
		if !slices.Contains(found, w) {
			r.Errorf("no finding %q among\n%s", w, said)
		}
	}
}

// TestMachine looks at a machine with everything wrong that can be, and at one with
// everything plugged in.
func TestMachine(t *testing.T) {
	r := newRig(t)
	r.config.Lanes = []config.Lane{{Name: "12"}}
	r.config.Lanes[0].Screen.Listen = "127.0.0.1:8081"
	r.config.Watchdog.Device = "/dev/watchdog"
	r.config.Centre.URL, r.config.Centre.Root = "nats://127.0.0.1:1", filepath.Join(r.root, "root.json")
	r.config.Device.SiteKeys = r.root
	var found []string
	var said string
	look := func() {
		found, said = nil, ""
		e := examination{config: r.config, root: r.root, wait: time.Second, report: func(f Finding) {
			found = append(found, fmt.Sprintf("%v %s: %s", f.State, f.Area, f.What))
			said += fmt.Sprintf("%+v\n", f)
		}}
		e.machine()
		e.keys()
		e.centre(t.Context())
		e.plugged()
	}

	r.file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1000 0 -2\n")
	if err := os.RemoveAll(filepath.Join(r.root, "usr")); err != nil {
		t.Fatal(err)
	}
	r.config.Device.State = filepath.Join(r.state, "not-there")
	look()
	r.want(found, said, "wrong machine: folder "+r.config.Device.State, "note machine: swap", "note machine: fonts", "wrong machine: watchdog",
		"wrong keys: device key", "wrong keys: site keys", "wrong centre: root of trust", "note centre: 127.0.0.1:1", "note plugged: devices")

	r.config.Device.State = r.state
	r.file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
	for _, name := range []string{"usr/share/fonts/NotoSansCJK.ttc", "dev/watchdog", "dev/video0", "dev/usb/lp0", "dev/i2c-1", "dev/serial/by-id/usb-scanner",
		"dev/ttyS0", "dev/ttyS1", "root.json", "site-key.json"} {
		r.file(name, "")
	}
	r.file("proc/tty/driver/serial", "serinfo:1.0 driver revision:\n0: uart:16550A port:000003F8 irq:4\n1: uart:unknown port:000002F8 irq:3\n")
	if err := os.WriteFile(filepath.Join(r.state, "device.key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	centre, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer centre.Close()
	r.config.Centre.URL = "nats://" + centre.Addr().String()
	look()
	r.want(found, said, "ok machine: folder "+r.state, "ok machine: swap", "ok machine: fonts", "ok machine: watchdog", "ok keys: device key",
		"wrong keys: site key site-key.json", "ok centre: root of trust", "ok centre: "+centre.Addr().String(), "ok plugged: camera", "ok plugged: printer")
	if n := strings.Count(said, "serial port"); n != 2 {
		t.Errorf("%d serial ports, want the scanner's and the one built-in port with hardware behind it:\n%s", n, said)
	}
}

// TestDevices tries a lane's devices, then the same with two of them unplugged. Nothing
// moves, and the page that is printed can be read back.
func TestDevices(t *testing.T) {
	r := newRig(t)
	gate := gateboard.New(20*time.Millisecond, 20*time.Millisecond)
	tty := filepath.Join(t.TempDir(), "board")
	wire, err := gateboard.NewSerial(gate, 1, tty)
	if err != nil {
		t.Fatal(err)
	}
	port := filepath.Join(t.TempDir(), "scanner")
	imager, err := scanner.NewSerial(port, scanner.Setup{After: "\r", Lock: "\x16M\r"})
	if err != nil {
		t.Fatal(err)
	}
	paper := printer.New(printer.Options{})
	defer paper.Close()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	go paper.Listen(socket) // ends with socket
	web := httptest.NewServer(camera.New(camera.Options{}))
	defer web.Close()

	l := config.Lane{Name: "12", Scanners: []config.Scanner{{Wire: "serial", Device: port, Lock: config.Hex("\x16M\r")}}}
	l.Camera.Device = web.URL
	l.Gate.Wire, l.Gate.Device, l.Gate.Address = "modbus", tty, 1
	r.config.Lanes = []config.Lane{l}
	r.config.Printer.Device = "tcp://" + socket.Addr().String()
	found, said := r.examine(Options{Print: true})
	r.want(found, said, "ok device: printer "+r.config.Printer.Device, "ok lane 12: camera "+web.URL, "ok lane 12: gate modbus "+tty, "ok lane 12: code scanner "+port)
	if n := gate.Counts(); n.Openings != 0 || gate.State().Heartbeat || len(gate.Errors()) > 0 || len(imager.Errors()) > 0 || paper.Err() != nil {
		t.Errorf("gate %+v, heartbeat %v, complaints %q %q %v", n, gate.State().Heartbeat, gate.Errors(), imager.Errors(), paper.Err())
	}
	read := ""
	for _, piece := range paper.Pieces() {
		symbols, err := new(symbol.Reader).Read(context.Background(), piece.Image, symbol.Thorough())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			read += s.Text
		}
	}
	if read != "CHECKPOINT SELF-TEST gate-01" {
		t.Errorf("the page's code reads %q", read)
	}

	if err := wire.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := imager.Unplug(); err != nil {
		t.Fatal(err)
	}
	before := len(paper.Log())
	found, said = r.examine(Options{Patience: 300 * time.Millisecond})
	r.want(found, said, "wrong lane 12: gate modbus "+tty, "wrong lane 12: code scanner "+port, "ok lane 12: camera "+web.URL)
	r.want(found, said, "ok device: printer "+r.config.Printer.Device)
	for sent := paper.Log()[before:]; len(sent) > 0; sent = sent[3:] { // nothing but DLE EOT n
		if len(sent) < 3 || sent[0] != 0x10 || sent[1] != 0x04 {
			t.Fatalf("nobody asked for a page, and the printer was sent % x", sent)
		}
	}
	if paper.Err() != nil {
		t.Error(paper.Err())
	}
}

// TestRunning does not touch the devices of a program that runs, and hands on what it says.
func TestRunning(t *testing.T) {
	r := newRig(t)
	j, err := journal.Open(r.state, journal.Options{Device: "gate-01", Site: "HZMB-DEP"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	l := config.Lane{Name: "12"}
	l.Camera.Device, l.Gate.Wire, l.Gate.Device = "http://127.0.0.1:1/", "modbus", "/nowhere"
	r.config.Lanes = []config.Lane{l}
	found, said := r.examine(Options{})
	r.want(found, said, "note program: runs")

	answer := `{"conditions":["gate-lost","centre-offline"]}`
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, answer)
	}))
	defer web.Close()
	r.config.Health.Listen = strings.TrimPrefix(web.URL, "http://")
	found, said = r.examine(Options{})
	r.want(found, said, "wrong program: gate-lost", "note program: centre-offline")
	if strings.Contains(said, "lane 12") {
		t.Errorf("it tried a device that the program holds:\n%s", said)
	}
	answer = `{"conditions":[]}`
	found, said = r.examine(Options{})
	r.want(found, said, "ok program: runs")
}

// TestUnreadableRecord takes a record that it cannot look at for one that a program holds: on
// a bus that two may use, the doctor's silence at the gate would be the end of the heartbeat.
func TestUnreadableRecord(t *testing.T) {
	r := newRig(t)
	record := filepath.Join(r.state, "journal.db")
	if err := os.Symlink(record, record); err != nil {
		t.Fatal(err)
	}
	l := config.Lane{Name: "12"}
	l.Camera.Device, l.Gate.Wire, l.Gate.Device = "http://127.0.0.1:1/", "modbus", "/nowhere"
	r.config.Lanes = []config.Lane{l}
	found, said := r.examine(Options{Patience: 100 * time.Millisecond})
	r.want(found, said, "note program: runs")
	if strings.Contains(said, "lane 12") {
		t.Errorf("it tried a device that a program may hold:\n%s", said)
	}
}
