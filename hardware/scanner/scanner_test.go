package scanner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/hardware/scanner"
	"example.org/checkpoint/hardware/serial"
	sim "example.org/checkpoint/simulators/scanner"
)

// bench is one driver at work.
type bench struct {
	*scanner.Scanner
	scans chan scanner.Scan
}

func run(t testing.TB, s *scanner.Scanner) *bench {
	b := &bench{Scanner: s, scans: make(chan scanner.Scan, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, func(c scanner.Scan) { b.scans <- c }) }() // ends with the test
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b
}

// expect waits for one code, which is the next.
func (b *bench) expect(t testing.TB, prefix, text string) {
	t.Helper()
	select {
	case got := <-b.scans:
		if got.Prefix != prefix || string(got.Text) != text {
			t.Fatalf("%q %q, want %q %q", got.Prefix, got.Text, prefix, text)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("no %q: %v", text, b.Fault())
	}
}

// nothing fails if a code was reported.
func (b *bench) nothing(t testing.TB) {
	t.Helper()
	select {
	case got := <-b.scans:
		t.Fatalf("%q", got.Text)
	default:
	}
}

// fault waits for one that says want, or for none if want is empty.
func (b *bench) fault(t testing.TB, want string) {
	t.Helper()
	until(t, func() bool {
		err := b.Fault()
		return want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want)
	}, func() any { return b.Fault() }, want)
}

func until(t testing.TB, ok func() bool, is func() any, want any) {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%v, want %v", is(), want)
		}
	}
}

// setups are ways to set up scanner and driver alike.
var setups = []struct {
	name   string
	sim    sim.Setup
	driver scanner.Options
	all    bool // any byte may be in a code
}{
	{"CR", sim.Setup{After: "\r"}, scanner.Options{Frame: scanner.CR}, false},
	{"LF", sim.Setup{After: "\n"}, scanner.Options{Frame: scanner.LF}, false},
	{"CRLF", sim.Setup{After: "\r\n"}, scanner.Options{Frame: scanner.CRLF}, false},
	{"CR, AIM", sim.Setup{After: "\r", AIM: true}, scanner.Options{Frame: scanner.CR, AIM: true}, false},
	{"STX ETX", sim.Setup{Before: "\x02", After: "\x03"}, scanner.Options{Frame: scanner.STXETX}, true},
	{"STX ETX, AIM", sim.Setup{Before: "\x02", After: "\x03", AIM: true}, scanner.Options{Frame: scanner.STXETX, AIM: true}, true},
	{"gap", sim.Setup{}, scanner.Options{Frame: scanner.Gap}, true},
}

// plug has a scanner and its driver on one line.
func plug(t testing.TB, set sim.Setup, o scanner.Options) (*sim.Serial, *bench) {
	link := filepath.Join(t.TempDir(), "scanner")
	device, err := sim.NewSerial(link, set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		device.Unplug()
		for _, e := range device.Errors() {
			t.Error(e)
		}
	})
	b := run(t, scanner.New(serial.Line{Path: link}, o))
	b.fault(t, "")
	return device, b
}

// binary is every byte a code may hold in a frame.
func binary(all bool) []byte {
	var b []byte
	for c := range 256 {
		if all || c != '\r' && c != '\n' {
			b = append(b, byte(c))
		}
	}
	return b
}

// TestFrames reads codes of every byte in every frame, whole and in parts.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, set := range setups {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			device, b := plug(t, set.sim, set.driver)
			prefix := func(p string) string {
				if set.driver.AIM {
					return p
				}
				return ""
			}
			text := binary(set.all)
			device.Show("Q1", text)
			b.expect(t, prefix("Q1"), string(text))
			if set.driver.Frame != scanner.Gap { // whose codes come without pauses
				device.Split(100, 5*time.Millisecond)
			}
			device.Late(50 * time.Millisecond)
			large := strings.Repeat("HCT1:0123456789", 40)
			device.Show("d2", []byte(large))
			b.expect(t, prefix("d2"), large)
			device.Show("z0", text[:20])
			b.expect(t, prefix("z0"), string(text[:20]))
			b.fault(t, "")
		})
	}
}

// TestCommands: it is locked, told to look, and beeps once for each code.
func TestCommands(t *testing.T) {
	t.Parallel()
	set := sim.Setup{After: "\r", AIM: true, Lock: "\x16M\rLOCK.", Start: "\x16T\r", Stop: "\x16U\r", Good: "\x06"}
	device, b := plug(t, set, scanner.Options{AIM: true, Lock: []byte(set.Lock), Start: []byte(set.Start), Stop: []byte(set.Stop), Good: []byte(set.Good)})
	is := func(want sim.State) {
		t.Helper()
		until(t, func() bool { return device.State() == want }, func() any { return device.State() }, want)
	}
	is(sim.State{Locked: true})
	if device.Program(sim.Setup{}) {
		t.Error("a sheet held up sets up the scanner")
	}
	device.Show("Q1", []byte("before"))
	for on := range 2 {
		if err := b.Trigger(on == 0); err != nil {
			t.Fatal(err)
		}
		is(sim.State{Locked: true, Looks: on == 0})
	}
	if err := b.Trigger(true); err != nil {
		t.Fatal(err)
	}
	is(sim.State{Locked: true, Looks: true})
	for i := range 3 {
		device.Show("Q1", fmt.Appendf(nil, "code %d", i))
		b.expect(t, "Q1", fmt.Sprintf("code %d", i))
	}
	device.Show("Q1", []byte("code 2")) // held off, and good
	is(sim.State{Locked: true, Looks: true, Beeps: 4})
	b.nothing(t)

	device.Unplug()
	b.fault(t, "unplugged")
	if err := b.Trigger(true); !errors.Is(err, scanner.ErrLost) {
		t.Error(err)
	}
	if err := device.Plug(); err != nil {
		t.Fatal(err)
	}
	b.fault(t, "")
	is(sim.State{Locked: true, Looks: true, Beeps: 4})
}

// TestChanged sets the scanner up anew behind the driver's back: nothing is read, the
// second code is the fault, and setting it right ends that.
func TestChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		driver scanner.Options
		before sim.Setup
		after  sim.Setup
		want   string
	}{
		{"no prefix", scanner.Options{AIM: true}, sim.Setup{After: "\r", AIM: true}, sim.Setup{After: "\r"}, "without an AIM prefix"},
		{"prefix", scanner.Options{}, sim.Setup{After: "\r"}, sim.Setup{After: "\r", AIM: true}, "with an AIM prefix"},
		{"another prefix", scanner.Options{AIM: true}, sim.Setup{After: "\r", AIM: true}, sim.Setup{Before: "X", After: "\r", AIM: true}, "without an AIM prefix"},
		{"no end", scanner.Options{}, sim.Setup{After: "\r"}, sim.Setup{}, "without their end"},
		{"LF for CR", scanner.Options{}, sim.Setup{After: "\r"}, sim.Setup{After: "\n"}, "without their end"},
		{"CRLF for CR", scanner.Options{}, sim.Setup{After: "\r"}, sim.Setup{After: "\r\n"}, "end with CR LF"},
		{"CRLF for LF", scanner.Options{Frame: scanner.LF}, sim.Setup{After: "\n"}, sim.Setup{After: "\r\n"}, "end with CR LF"},
		{"CR for CRLF", scanner.Options{Frame: scanner.CRLF}, sim.Setup{After: "\r\n"}, sim.Setup{After: "\r"}, "without their end"},
		{"CR for STX ETX", scanner.Options{Frame: scanner.STXETX}, sim.Setup{Before: "\x02", After: "\x03"}, sim.Setup{After: "\r"}, "without their end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			device, b := plug(t, c.before, c.driver)
			prefix := ""
			if c.driver.AIM {
				prefix = "Q1"
			}
			device.Show("Q1", []byte("first"))
			b.expect(t, prefix, "first")
			if !device.Program(c.after) {
				t.Fatal("locked")
			}
			for i := 0; b.Fault() == nil; i++ {
				if i == 10 {
					t.Fatal("ten codes came otherwise and it is no fault")
				}
				device.Show("Q1", fmt.Appendf(nil, "code %d", i))
				time.Sleep(600 * time.Millisecond)
			}
			if err := b.Fault(); !errors.Is(err, scanner.ErrChanged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			for range len(b.scans) {
				if got := <-b.scans; c.name != "CRLF for CR" || string(got.Text) != "code 0" { // whose CR came first
					t.Errorf("read %q", got.Text)
				}
			}
			device.Program(c.before)
			device.Show("Q1", []byte("mended"))
			if c.name == "CRLF for CR" { // the last LF is still there
				device.Show("Q1", []byte("mended"))
			}
			b.expect(t, prefix, "mended")
			b.fault(t, "")
		})
	}
}

// TestNoise: what the line picks up or loses costs one code at most, and is no fault.
func TestNoise(t *testing.T) {
	t.Parallel()
	for _, set := range setups[:6] {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			set.sim.AIM, set.driver.AIM = true, true
			device, b := plug(t, set.sim, set.driver)
			for i, spoil := range []func(){
				func() { device.Noise([]byte("\x00\xff")) },
				func() { device.Tear(5); device.Show("Q1", []byte("torn off")) },
				func() { device.Noise([]byte("\x00\r\n\r")) },
			} {
				spoil()
				time.Sleep(time.Second)
				device.Show("Q1", fmt.Appendf(nil, "code %d", i))
				b.expect(t, "Q1", fmt.Sprintf("code %d", i))
			}
			b.fault(t, "")
		})
	}
}

// TestBabble: a scanner that never ends is a fault, in bounded memory, until it stops.
func TestBabble(t *testing.T) {
	t.Parallel()
	device, b := plug(t, sim.Setup{After: "\r"}, scanner.Options{})
	for range 10 {
		device.Noise([]byte(strings.Repeat("x", 4000)))
	}
	b.fault(t, "without an end")
	device.Noise([]byte("\r"))
	device.Show("", []byte("code"))
	b.expect(t, "", "code")
	b.fault(t, "")
}

// TestHold: the same text counts again once it was away.
func TestHold(t *testing.T) {
	t.Parallel()
	device, b := plug(t, sim.Setup{After: "\r"}, scanner.Options{Hold: 2 * time.Second})
	for range 5 {
		device.Show("", []byte("same"))
	}
	device.Show("", []byte("other"))
	b.expect(t, "", "same")
	b.expect(t, "", "other")
	time.Sleep(2200 * time.Millisecond)
	device.Show("", []byte("same"))
	b.expect(t, "", "same")
}

// TestSymbologies: a bar code beside the QR codes is nothing.
func TestSymbologies(t *testing.T) {
	t.Parallel()
	device, b := plug(t, sim.Setup{After: "\r", AIM: true}, scanner.Options{AIM: true})
	device.Show("C1", []byte("4006381333931"))
	device.Show("C1", []byte("4006381333932"))
	device.Show("Q1", []byte("code"))
	b.expect(t, "Q1", "code")
	b.fault(t, "")
}

// TestUnplug unplugs a scanner under way, in the middle of a code too, and several times.
func TestUnplug(t *testing.T) {
	t.Parallel()
	device, b := plug(t, sim.Setup{After: "\r"}, scanner.Options{})
	for i := range 3 {
		device.Tear(3)
		device.Show("", []byte("torn off"))
		device.Unplug()
		b.fault(t, "unplugged")
		if err := device.Plug(); err != nil {
			t.Fatal(err)
		}
		b.fault(t, "")
		device.Show("", fmt.Appendf(nil, "code %d", i))
		b.expect(t, "", fmt.Sprintf("code %d", i))
	}
}

// TestSeveral has two scanners of different kinds at once.
func TestSeveral(t *testing.T) {
	t.Parallel()
	one, a := plug(t, sim.Setup{After: "\r"}, scanner.Options{})
	two, b := plug(t, sim.Setup{Before: "\x02", After: "\x03", AIM: true}, scanner.Options{Frame: scanner.STXETX, AIM: true})
	one.Show("", []byte("1"))
	two.Show("Q1", []byte("2"))
	a.expect(t, "", "1")
	b.expect(t, "Q1", "2")
	one.Unplug()
	a.fault(t, "unplugged")
	two.Show("Q1", []byte("3"))
	b.expect(t, "Q1", "3")
	b.fault(t, "")
	one.Plug()
	a.fault(t, "")
}

// TestSilent: no way of printing a code tells what it says.
func TestSilent(t *testing.T) {
	t.Parallel()
	s := scanner.Scan{Text: []byte("secret"), Prefix: "Q1"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "code", s)
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %s %q %x", s, s, s, s, s), log.String()} {
		if strings.Contains(text, "secret") || strings.Contains(text, "736563726574") || strings.Contains(text, "115") {
			t.Error(text)
		}
	}
}

// TestLog: what is read is not in the log, also where it is not as it should be.
func TestLog(t *testing.T) {
	t.Parallel()
	var log lines
	device, b := plug(t, sim.Setup{After: "\r"}, scanner.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	device.Show("", []byte("secret"))
	b.expect(t, "", "secret")
	for range 2 {
		device.Show("", []byte("]Q1secret"))
	}
	b.fault(t, "with an AIM prefix")
	device.Unplug()
	b.fault(t, "unplugged")
	until(t, func() bool { return strings.Contains(log.String(), "unplugged") }, func() any { return log.String() }, "unplugged")
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "AIM prefix") {
		t.Error(text)
	}
	device.Plug()
	b.fault(t, "")
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// BenchmarkScan is from the first byte at the line to the report of a code of 400 bytes,
// beside the pause that frames without an end of their own wait for, 60 ms.
func BenchmarkScan(b *testing.B) {
	for _, set := range setups {
		if set.name != "CR, AIM" && set.name != "STX ETX, AIM" {
			continue
		}
		b.Run(set.name, func(b *testing.B) {
			device, d := plug(b, set.sim, set.driver)
			for i := 0; b.Loop(); i++ {
				text := fmt.Sprintf("%0400d", i)
				device.Show("Q1", []byte(text))
				d.expect(b, "Q1", text)
			}
		})
	}
}

// BenchmarkReplug is from a scanner that comes back to its first code.
func BenchmarkReplug(b *testing.B) {
	device, d := plug(b, sim.Setup{After: "\r"}, scanner.Options{})
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		device.Unplug()
		d.fault(b, "unplugged")
		b.StartTimer()
		if err := device.Plug(); err != nil {
			b.Fatal(err)
		}
		d.fault(b, "")
		text := fmt.Sprint(i)
		device.Show("", []byte(text))
		d.expect(b, "", text)
	}
}
