package scanner

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Wedge is a scanner that types. Nothing reads its FIFO but the driver, and the FIFO
// refuses to be grabbed as any file does that is no input device.
type Wedge struct {
	path  string
	fifo  *os.File
	split int
	pause time.Duration
}

// NewWedge plugs a wedge in at path.
func NewWedge(path string) (*Wedge, error) {
	w := &Wedge{path: path}
	return w, w.Plug()
}

// Plug plugs it in.
func (w *Wedge) Plug() error {
	if err := syscall.Mkfifo(w.path, 0o600); err != nil {
		return fmt.Errorf("wedge: %w", err)
	}
	fifo, err := os.OpenFile(w.path, os.O_RDWR, 0) // does not wait for the driver
	if err != nil {
		return fmt.Errorf("wedge: %w", err)
	}
	w.fifo = fifo
	return nil
}

// Unplug pulls the cable. Whoever has the FIFO open reads its end.
func (w *Wedge) Unplug() error {
	os.Remove(w.path)
	return w.fifo.Close()
}

// Split has records come in parts of so many bytes, with pauses between.
func (w *Wedge) Split(n int, pause time.Duration) { w.split, w.pause = n, pause }

// Event is one record.
type Event struct {
	Type, Code uint16
	Value      int32
}

// Records are the events as the kernel of this machine gives them: a time of two longs,
// type, code, value.
func Records(events ...Event) (b []byte) {
	for _, e := range events {
		b = append(b, make([]byte, 2*strconv.IntSize/8)...)
		b = binary.NativeEndian.AppendUint16(b, e.Type)
		b = binary.NativeEndian.AppendUint16(b, e.Code)
		b = binary.NativeEndian.AppendUint32(b, uint32(e.Value))
	}
	return b
}

// Send writes events, each followed by a report.
func (w *Wedge) Send(events ...Event) {
	var b []byte
	for _, e := range events {
		b = append(b, Records(e, Event{})...)
	}
	w.Raw(b)
}

// Raw writes bytes, whole records or not.
func (w *Wedge) Raw(b []byte) {
	split := w.split
	if split == 0 {
		split = 4096
	}
	for len(b) > 0 {
		n := min(split, len(b))
		if _, err := w.fifo.Write(b[:n]); err != nil {
			return
		}
		if b = b[n:]; len(b) > 0 {
			time.Sleep(w.pause)
		}
	}
}

// Down and Up are what one key does.
func Down(key uint16) Event { return Event{1, key, 1} }
func Up(key uint16) Event   { return Event{1, key, 0} }

// Stroke is a key pressed and let go while others are held.
func Stroke(key uint16, held ...uint16) (events []Event) {
	for _, h := range held {
		events = append(events, Event{4, 4, 7}, Down(h)) // a scan code comes before each key
	}
	events = append(events, Down(key), Up(key))
	for _, h := range held {
		events = append(events, Up(h))
	}
	return events
}

// Places of the keys of a US keyboard, row by row, without and with Shift.
const (
	unshifted = "1234567890-=\b\tqwertyuiop[]\r\x00asdfghjkl;'`\x00\\zxcvbnm,./"
	withShift = "!@#$%^&*()_+\x00\x00QWERTYUIOP{}\x00\x00ASDFGHJKL:\"~\x00|ZXCVBNM<>?"
	firstKey  = 2
)

// Keys of modifiers.
const (
	Shift = 42
	Ctrl  = 29
	Alt   = 56
	AltGr = 100
	Enter = 28
)

// TypeUS types a code as on a US keyboard: control characters with Ctrl, everything else
// that it has no key for as its number with Alt.
func (w *Wedge) TypeUS(text []byte) {
	for _, c := range text {
		w.Send(strokes(c)...)
	}
}

func strokes(c byte) []Event {
	find := func(keys string, c byte) (uint16, bool) {
		for i := range len(keys) {
			if keys[i] == c && c != 0 {
				return uint16(firstKey + i), true
			}
		}
		return 0, false
	}
	if c == ' ' {
		return Stroke(57)
	}
	if key, ok := find(unshifted, c); ok && c != '\b' {
		return Stroke(key)
	}
	if key, ok := find(withShift, c); ok {
		return Stroke(key, Shift)
	}
	if c >= 1 && c < 30 {
		if key, ok := find(unshifted, c+'`'); ok && c <= 26 {
			return Stroke(key, Ctrl)
		}
		if key, ok := find(unshifted, c+'@'); ok {
			return Stroke(key, Ctrl)
		}
	}
	return altMode(c)
}

// altMode types a byte as its number with four digits on the numeric pad.
func altMode(c byte) []Event {
	pad := [...]uint16{82, 79, 80, 81, 75, 76, 77, 71, 72, 73} // 0 to 9
	events := []Event{Down(Alt)}
	for _, d := range fmt.Sprintf("%04d", c) {
		events = append(events, Stroke(pad[d-'0'])...)
	}
	return append(events, Up(Alt))
}
