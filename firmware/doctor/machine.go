package doctor

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/order"
)

// room is what the storage should have free, in bytes: a record of a week and two bundles.
const room = 512 << 20

// built is before any device was: a clock that says less has lost its battery.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// machine looks at what everything else stands on.
func (e *examination) machine() {
	e.program()
	e.state()
	e.swap()
	e.clock()
	e.fonts()
	e.watchdog()
}

// program looks at what is installed: the centre may order a least version.
func (e *examination) program() {
	v := e.config.Version
	if !order.Released(v) {
		e.note("machine", "program", fmt.Sprintf("version %q is no release: an order of the centre for a least version halts it, whatever it has", v),
			"install a released version, or build at a tag: git tag v1.0.0, make build")
		return
	}
	e.finding("machine", "program", "version "+v, nil, "")
}

func (e *examination) state() {
	dir := e.config.Device.State
	what := "folder " + dir
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		f.Close()
		err = os.Remove(f.Name())
	}
	if err != nil {
		e.finding("machine", what, "", err, "make it and give it to the user that runs the program: install -d -m 700 -o checkpoint "+dir)
		return
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		e.finding("machine", what, "", err, "have the storage tested")
		return
	}
	if free := uint64(s.Bavail) * uint64(s.Bsize); free < room {
		e.note("machine", what, fmt.Sprintf("only %d MiB free", free>>20), "remove old files, or use a larger storage: the record refuses admissions when it is full")
		return
	}
	e.finding("machine", what, "can be written, and has room", nil, "")
}

// swap would put what people show on the disk.
func (e *examination) swap() {
	text, err := os.ReadFile(e.at("proc/swaps"))
	switch {
	case err != nil:
		e.note("machine", "swap", err.Error(), "see that the machine does not swap: swapon --show")
	case strings.Count(strings.TrimSpace(string(text)), "\n") == 0:
		e.finding("machine", "swap", "off", nil, "")
	default:
		e.note("machine", "swap", "on: what people show may come to lie on the disk", "turn it off (swapoff -a, and remove it from /etc/fstab), or encrypt it")
	}
}

// unsynchronised is STA_UNSYNC of adjtimex(2).
const unsynchronised = 0x0040

func (e *examination) clock() {
	var t syscall.Timex
	_, err := syscall.Adjtimex(&t)
	switch now := time.Now(); {
	case now.Before(built):
		e.finding("machine", "clock", "", fmt.Errorf("says %s", now.UTC().Format(time.DateTime)), "set it, and replace its battery if it is wrong after each start")
	case e.config.Clock.Within.Duration > 0:
		e.finding("machine", "clock", fmt.Sprintf("%s, by the site right to %v", now.UTC().Format(time.DateTime), e.config.Clock.Within), nil, "")
	case err != nil || t.Status&unsynchronised != 0:
		e.note("machine", "clock", now.UTC().Format(time.DateTime)+", and nothing keeps it right", "start chrony or systemd-timesyncd with a server it can reach, or vouch for it with clock.within")
	default:
		e.finding("machine", "clock", now.UTC().Format(time.DateTime)+", kept right to "+(time.Duration(t.Maxerror)*time.Microsecond).Round(time.Millisecond).String(), nil, "")
	}
}

// watchdog only looks whether it is there: to open it would start its clock.
func (e *examination) watchdog() {
	path := e.config.Watchdog.Device
	if path == "" {
		e.note("machine", "watchdog", "none: a machine that hangs stays so", "name it in watchdog.device, as /dev/watchdog")
		return
	}
	_, err := os.Stat(e.at(path))
	e.finding("machine", "watchdog", path, err, "load its module, as iTCO_wdt, bcm2835_wdt or softdog, and let this user open it")
}

// fonts looks for one that has Chinese characters, which screens cannot do without.
func (e *examination) fonts() {
	if e.screens() == 0 {
		return
	}
	found := ""
	for _, dir := range []string{"usr/share/fonts", "usr/local/share/fonts"} {
		filepath.WalkDir(e.at(dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && cjk(d.Name()) {
				found = d.Name()
				return fs.SkipAll
			}
			return nil
		})
	}
	if found == "" {
		e.note("machine", "fonts", "none with Chinese, Japanese and Korean characters", "install fonts-noto-cjk where the displays' browser runs")
		return
	}
	e.finding("machine", "fonts", found, nil, "")
}

func cjk(name string) bool {
	name = strings.ToLower(name)
	for _, known := range []string{"cjk", "wqy", "sourcehan", "droidsansfallback", "uming", "ukai"} {
		if strings.Contains(name, known) {
			return true
		}
	}
	return false
}

func (e *examination) screens() (n int) {
	for _, l := range e.config.Lanes {
		if l.Screen.Listen != "" {
			n++
		}
	}
	return n
}

// sockets is where a kind of device appears when it is plugged in.
var sockets = []struct{ what, pattern string }{
	{"serial port", "dev/serial/by-id/*"},
	{"serial port", "dev/ttyS[0-9]"},
	{"camera", "dev/video*"},
	{"keyboard or wedge scanner", "dev/input/by-id/*-event-kbd"},
	{"printer", "dev/usb/lp*"},
	{"I²C bus", "dev/i2c-*"},
	{"lines", "dev/gpiochip*"},
	{"card readers' service", "run/pcscd/pcscd.comm"},
	{"watchdog", "dev/watchdog"},
	{"TPM", "dev/tpmrm0"},
}

// plugged lists what the machine has.
func (e *examination) plugged() {
	none := true
	for _, s := range sockets {
		all, _ := filepath.Glob(e.at(s.pattern)) // the patterns are sound
		for _, path := range all {
			if s.pattern == "dev/ttyS[0-9]" && !e.wired(filepath.Base(path)) {
				continue
			}
			none = false
			name := "/" + strings.TrimPrefix(strings.TrimPrefix(path, e.root), "/")
			e.finding("plugged", s.what, name, nil, "")
		}
	}
	if none {
		e.note("plugged", "devices", "none seen", "plug them in; in a container, hand them in")
	}
}

// wired reports whether a built-in port has hardware behind it: the kernel lists four anyway.
func (e *examination) wired(port string) bool {
	f, err := os.Open(e.at("proc/tty/driver/serial"))
	if err != nil {
		return false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); strings.HasPrefix(strings.TrimSpace(line), strings.TrimPrefix(port, "ttyS")+":") {
			return !strings.Contains(line, "uart:unknown")
		}
	}
	return false
}
