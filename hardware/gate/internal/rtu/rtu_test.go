package rtu

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a line whose answers are known before.
type wire struct {
	sent    [][]byte
	at      []time.Time // when
	answers [][]byte    // a read each; nil is silence
}

func (w *wire) Write(b []byte) (int, error) {
	w.sent, w.at = append(w.sent, slices.Clone(b)), append(w.at, time.Now())
	return len(b), nil
}

func (w *wire) Read(b []byte, patience time.Duration) (int, error) {
	if len(w.answers) == 0 || w.answers[0] == nil {
		w.answers = w.answers[min(1, len(w.answers)):]
		time.Sleep(patience)
		return 0, nil
	}
	n := copy(b, w.answers[0])
	if w.answers[0] = w.answers[0][n:]; len(w.answers[0]) == 0 {
		w.answers = w.answers[1:]
	}
	return n, nil
}

// framed adds the checksum.
func framed(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return binary.LittleEndian.AppendUint16(b, sum(b))
}

// TestFrames has requests as the standard's examples have them (V1.1b3 sections 6.2 to
// 6.11), and the answers.
func TestFrames(t *testing.T) {
	if s := sum([]byte{0x02, 0x07}); s != 0x1241 { // V1.02 section 6.2.2, figure 35
		t.Errorf("checksum %04x", s)
	}
	for name, tc := range map[string]struct {
		do              func(*Master) (uint16, error)
		request, answer string
		want            uint16
	}{
		"inputs":   {func(m *Master) (uint16, error) { return m.ReadInputs(196, 10) }, "110200c4000a", "1102020bfd", 0x10b},
		"few":      {func(m *Master) (uint16, error) { return m.ReadInputs(0, 5) }, "110200000005", "110201ff", 0x1f},
		"register": {func(m *Master) (uint16, error) { return m.ReadRegister(107) }, "1103006b0001", "110302022b", 555},
		"coil on":  {func(m *Master) (uint16, error) { return 0, m.WriteCoil(172, true) }, "110500acff00", "110500acff00", 0},
		"coil off": {func(m *Master) (uint16, error) { return 0, m.WriteCoil(172, false) }, "110500ac0000", "110500ac0000", 0},
		"set":      {func(m *Master) (uint16, error) { return 0, m.WriteRegister(1, 3) }, "110600010003", "110600010003", 0},
		"coils":    {func(m *Master) (uint16, error) { return 0, m.WriteCoils(1, 6, 0x25) }, "110f000100060125", "110f00010006", 0},
	} {
		whole := framed(tc.answer)
		for cut := range len(whole) { // in two pieces
			w := &wire{answers: [][]byte{whole[:cut], whole[cut:]}}
			if cut == 0 {
				w.answers = [][]byte{whole}
			}
			got, err := tc.do(New(w, 115200, 0x11, time.Second))
			if err != nil || got != tc.want || !bytes.Equal(w.sent[0], framed(tc.request)) {
				t.Errorf("%s, cut at %d: %x, %v, sent % x", name, cut, got, err, w.sent)
			}
		}
	}
}

// TestWrong: what is no answer to the request is none.
func TestWrong(t *testing.T) {
	good := framed("110201ff")
	damaged := slices.Clone(good)
	damaged[3]++
	for name, tc := range map[string]struct {
		answers [][]byte
		want    error
	}{
		"silence":          {nil, ErrSilent},
		"half":             {[][]byte{good[:3], nil}, ErrSilent},
		"damaged":          {[][]byte{damaged}, ErrGarbled},
		"noise before":     {[][]byte{append([]byte{0, 0xff}, good...)}, ErrGarbled},
		"more than asked":  {[][]byte{append(slices.Clone(good), 0)}, ErrGarbled},
		"of another unit":  {[][]byte{framed("120201ff")}, ErrGarbled},
		"to another kind":  {[][]byte{framed("110100ff")}, ErrGarbled},
		"of another size":  {[][]byte{framed("110202ff")}, ErrGarbled},
		"refused":          {[][]byte{framed("118202")}, ErrRefused},
		"refused, damaged": {[][]byte{{0x11, 0x82, 2, 0, 0}}, ErrGarbled},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			m := New(&wire{answers: tc.answers}, 9600, 0x11, 150*time.Millisecond)
			got, err := m.ReadInputs(0, 5)
			if !errors.Is(err, tc.want) || got != 0 {
				t.Errorf("%s: %x, %v", name, got, err)
			}
			if d := time.Since(began); d > m.quiet+m.patience {
				t.Errorf("%s: waits %v", name, d)
			}
		})
	}
	m := New(&wire{answers: [][]byte{framed("110600010003")}}, 9600, 0x11, time.Second)
	if err := m.WriteRegister(1, 4); !errors.Is(err, ErrGarbled) {
		t.Errorf("the answer to another value: %v", err)
	}
}

// TestDrained: what follows a damaged answer is not taken for the next one.
func TestDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := framed("110201ff")
		w := &wire{answers: [][]byte{{0, 0xff}, good[:3], good[3:], nil, good}}
		m := New(w, 9600, 0x11, 150*time.Millisecond)
		if _, err := m.ReadInputs(0, 5); !errors.Is(err, ErrGarbled) {
			t.Error(err)
		}
		if got, err := m.ReadInputs(0, 5); err != nil || got != 0x1f || len(w.answers) != 0 {
			t.Errorf("%x, %v, %d left", got, err, len(w.answers))
		}
	})
}

// TestQuiet leaves the line alone between two frames, and no longer than that.
func TestQuiet(t *testing.T) {
	for baud, want := range map[uint]time.Duration{9600: 7 * 11 * time.Second / 2 / 9600, 19200: 1750 * time.Microsecond, 115200: 1750 * time.Microsecond} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{answers: [][]byte{framed("110201ff"), framed("110201ff"), framed("110201ff")}}
			m := New(w, baud, 0x11, time.Second)
			m.ReadInputs(0, 5)
			m.ReadInputs(0, 5)
			time.Sleep(time.Second)
			m.ReadInputs(0, 5)
			if d := w.at[1].Sub(w.at[0]); d != want {
				t.Errorf("%d baud: %v between two frames, want %v", baud, d, want)
			}
			if d := w.at[2].Sub(w.at[1]); d != time.Second {
				t.Errorf("%d baud: %v, want 1s", baud, d)
			}
		})
	}
}

// FuzzAnswer: whatever a slave says, what is believed is what one well-formed answer to
// the request says.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"110201ff", "1102020bfd", "118202", "110600010003", "120201ff"} {
		f.Add(framed(s), uint8(3))
	}
	f.Add([]byte{}, uint8(0))
	f.Add(append([]byte{0, 0xff, 0x81, 2}, framed("110201ff")...), uint8(0))
	f.Fuzz(func(t *testing.T, said []byte, cut uint8) {
		at := min(int(cut), len(said))
		w := &wire{answers: slices.DeleteFunc([][]byte{said[:at:at], said[at:]}, func(b []byte) bool { return len(b) == 0 })}
		got, err := New(w, 115200, 0x11, time.Microsecond).ReadInputs(0, 5)
		if err != nil {
			if got != 0 {
				t.Errorf("%x and %v", got, err)
			}
			return
		}
		if !bytes.HasPrefix(said, []byte{0x11, 2, 1}) || len(said) < 6 || got != uint16(said[3]&0x1f) || !bytes.Equal(said[:6], framed(hex.EncodeToString(said[:4]))) {
			t.Errorf("% x says %x", said, got)
		}
	})
}
