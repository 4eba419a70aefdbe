package scanner

import (
	"bytes"
	"testing"

	sim "example.org/checkpoint/simulators/scanner"
)

// FuzzFrames feeds any bytes with any pauses: no piece is longer than a code may be, what
// is given was fed, and memory is bounded.
func FuzzFrames(f *testing.F) {
	f.Add(byte(0), []byte("]Q1HCT1:ABC\r"), uint16(0))
	f.Add(byte(1), []byte("]d201095\x1d\n"), uint16(3))
	f.Add(byte(2), []byte("abc\r\r\ndef\n\r\n"), uint16(0))
	f.Add(byte(3), []byte("\x02]z0a\x03b\x03\x02c\x03"), uint16(9))
	f.Add(byte(4), bytes.Repeat([]byte("x"), 9000), uint16(0))
	f.Fuzz(func(t *testing.T, frame byte, data []byte, pause uint16) {
		o := Options{AIM: frame&8 != 0}
		fr := framer{frame: Frame(frame % 5)}
		check := func(p piece, ok bool) {
			if !ok {
				return
			}
			if p.why != "" && p.text != nil || p.why == "" && (len(p.text) > largest || !bytes.Contains(data, p.text)) {
				t.Fatalf("%+v", p)
			}
			if prefix, text, why := o.split(p); why == "" && (len(prefix) > 2 || len(text) > len(p.text)) {
				t.Fatalf("%q %q", prefix, text)
			}
		}
		for i, b := range data {
			check(fr.take(b))
			if pause != 0 && i%int(pause) == 0 && fr.patience() > 0 {
				check(fr.quiet())
			}
			if len(fr.text) > largest {
				t.Fatal("too much is kept")
			}
		}
		check(fr.quiet())
		if p, ok := fr.quiet(); ok {
			t.Fatalf("two pauses, two codes: %+v", p)
		}
	})
}

// FuzzRecords feeds any records, cut anywhere: the pieces are the same.
func FuzzRecords(f *testing.F) {
	f.Add(sim.Records(append(sim.Stroke(30, sim.Shift), sim.Stroke(sim.Enter)...)...), uint16(7), byte(0))
	f.Add(sim.Records(sim.Event{Code: 3}, sim.Down(30), sim.Event{}), uint16(25), byte(1))
	f.Add(sim.Records(sim.Down(sim.Alt), sim.Down(80), sim.Up(sim.Alt)), uint16(1), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, layout byte) {
		typed := func(parts ...[]byte) (out []byte, unknown int) {
			k := newKeyboard(Layout(layout % 2))
			var rest []byte
			for _, part := range parts {
				var events []event
				events, rest = records(append(rest, part...))
				if len(rest) >= recordSize {
					t.Fatal("a whole record was left")
				}
				for _, e := range events {
					b, ok := k.press(e.code, e.value)
					if len(b) > 4 || ok && bytes.Equal(b, []byte{0}) && e.code == 0 {
						t.Fatalf("%+v types %q", e, b)
					}
					if !ok {
						unknown++
					}
					out = append(out, b...)
				}
			}
			return out, unknown
		}
		at := min(int(cut), len(data))
		a, n := typed(data)
		b, m := typed(data[:at], data[at:])
		if !bytes.Equal(a, b) || n != m {
			t.Fatalf("%q %d, cut %q %d", a, n, b, m)
		}
	})
}
