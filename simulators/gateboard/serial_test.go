package gateboard

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCRC has the example of Modbus over Serial Line V1.02 section 6.2.2, and a
// well-known request.
func TestCRC(t *testing.T) {
	for frame, want := range map[string]uint16{"\x02\x07": 0x1241, "\x01\x03\x00\x00\x00\x01": 0x0a84} {
		if got := crc([]byte(frame)); got != want {
			t.Errorf("crc(% x) = %#x, want %#x", frame, got, want)
		}
	}
}

func slave(t *testing.T) (*Board, *Serial, *os.File) {
	t.Helper()
	b := New(opens, shuts)
	link := filepath.Join(t.TempDir(), "board")
	s, err := NewSerial(b, 1, link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Unplug() })
	tty, err := os.OpenFile(link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return b, s, tty
}

// ask sends a request without unit and checksum, in hexadecimal, and returns the
// answer likewise.
func ask(t *testing.T, tty io.ReadWriter, request string, size int) string {
	t.Helper()
	frame, err := hex.DecodeString("01" + strings.ReplaceAll(request, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tty.Write(binary.LittleEndian.AppendUint16(frame, crc(frame))); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, size+3)
	if _, err := io.ReadFull(tty, answer); err != nil {
		t.Fatal(err)
	}
	if !intact(answer) || answer[0] != 1 {
		t.Errorf("%s: answer % x", request, answer)
	}
	return hex.EncodeToString(answer[1 : size+1])
}

func TestSlave(t *testing.T) {
	b, _, tty := slave(t)
	for _, tc := range []struct{ request, want string }{
		{"02 0000 0005", "020107"},                         // whole, whole, normal
		{"02 0002 0001", "020101"},                         // one in the middle
		{"03 0000 0002", "030400000190"},                   // 400 ms
		{"06 0001 00fa", "06000100fa"},                     // 250 ms
		{"10 0000 0002 04 0007 0190", "1000000002"},        // beat and 400 ms
		{"05 0004 ff00", "050004ff00"},                     // green
		{"0f 0001 0006 01 3f", "0f00010006"},               // all lamps, buzzer
		{"05 0004 0000", "0500040000"},                     // green off
		{"01 0000 0007", "01016e"},                         // as told
		{"04 0000 0001", "8401"},                           // no input registers
		{"05 0007 ff00", "8502"},                           // the heartbeat is not a coil
		{"05 0000 0001", "8503"},                           // neither on nor off
		{"0f 0006 0002 01 03", "8f02"},                     // beyond the last
		{"02 0000 0006", "8202"}, {"03 0001 0002", "8302"}, // likewise
		{"06 0001 01f5", "8603"},             // 501 ms
		{"10 0001 0001 02 01f5", "9003"},     // likewise
		{"10 0000 0001 04 00000000", "9003"}, // too many bytes
	} {
		if got := ask(t, tty, tc.request, len(tc.want)/2); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.request, got, tc.want)
		}
	}
	if s := b.State(); s.Lit != "white+blue+amber+red" || !s.Buzzer || s.Leaf != Shut {
		t.Errorf("%+v", s)
	}
	if n := len(b.Errors()); n != 9 {
		t.Errorf("%d errors: %q", n, b.Errors())
	}
}

// TestDamaged sends rubbish before a good request.
func TestDamaged(t *testing.T) {
	b, s, tty := slave(t)
	if _, err := tty.Write([]byte{1, 2, 0, 0, 0, 5, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	if err := b.Wait(t.Context(), func(State) bool { return len(b.Errors()) > 0 }); err != nil {
		t.Fatal(err)
	}
	s.Inject(Silence, 1)
	frame := []byte{1, 2, 0, 0, 0, 5}
	tty.Write(binary.LittleEndian.AppendUint16(frame, crc(frame)))
	s.Inject(BadCRC, 1)
	tty.Write(binary.LittleEndian.AppendUint16(frame, crc(frame)))
	answer := make([]byte, 6)
	if _, err := io.ReadFull(tty, answer); err != nil || intact(answer) {
		t.Errorf("% x, %v", answer, err)
	}
	if got := ask(t, tty, "02 0000 0005", 3); got != "020107" {
		t.Error(got)
	}
	if b.Counts().Polls != 2 || len(b.Errors()) != 1 {
		t.Errorf("%+v, %q", b.Counts(), b.Errors())
	}
}

// FuzzSlave gives the slave any bytes: it must not fall over, and every answer is
// a whole frame.
func FuzzSlave(f *testing.F) {
	for _, request := range []string{"01020000000579c9", "010f00010006013f", "0110000000020400070190", "01060001", "", "0141"} {
		frame, _ := hex.DecodeString(request)
		f.Add(frame)
		f.Add(binary.LittleEndian.AppendUint16(frame, crc(frame)))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		b := New(opens, shuts)
		s := &Serial{board: b, unit: 1, inputs: plainInputs}
		line := &line{Reader: bytes.NewReader(sent)}
		if err := s.Serve(line); err != io.EOF {
			t.Error(err)
		}
		for _, answer := range line.answers {
			if !intact(answer) {
				t.Errorf("answer % x", answer)
			}
		}
	})
}

type line struct {
	io.Reader
	answers [][]byte
}

func (l *line) Write(b []byte) (int, error) {
	l.answers = append(l.answers, b)
	return len(b), nil
}
