package card_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/simulators/card"
)

// words are numbers as the daemon has them.
func words(all ...uint32) (b []byte) {
	for _, w := range all {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

// TestStrictDaemon: a client that says what no client says is dropped, and it is kept.
func TestStrictDaemon(t *testing.T) {
	for name, messages := range map[string][][]byte{
		"before the version":  {words(12, 0x01, 2, 0, 0)},
		"with 4 bytes":        {words(4, 0x11, 4)},
		"command 0x63":        {words(0, 99)},
		"in context 5":        {words(12, 0x11, 4, 4, 0), append(append(words(152, 0x04, 5), make([]byte, 128)...), words(1, 3, 0, 0, 0)...)},
		"a command to card 9": {words(12, 0x11, 4, 4, 0), append(words(32, 0x09, 9, 2, 16, 1, 0, 0, 300, 0), 0)},
	} {
		socket := filepath.Join(t.TempDir(), "s")
		d, err := card.NewDaemon(socket, 4)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if _, err := conn.Write(m); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Error(name, err)
		}
		if e := d.Errors(); len(e) != 1 || !strings.Contains(e[0], name) {
			t.Errorf("%s: %q", name, e)
		}
		conn.Close()
		d.Stop()
	}
}

// TestCard: what a card answers, and what no driver says.
func TestCard(t *testing.T) {
	c := &card.Card{Application: []byte("app"), ID: []byte{1, 2}, Content: []byte("content")}
	for _, x := range []struct{ command, want string }{
		{"\x00\xB0\x00\x00\x02", "\x69\x86"}, // mistake
		{"\x00\xA4\x04\x0C\x03xxx", "\x6A\x82"},
		{"\x00\xA4\x04\x0C\x03app", "\x90\x00"},
		{"\x00\xA4\x02\x0C\x02\x01\x02", "\x90\x00"},
		{"\x00\xB0\x00\x00\x04", "cont\x90\x00"},
		{"\x00\xB0\x00\x04\x09", "ent\x62\x82"},
		{"\x00\xB0\x00\x07\x01", "\x6B\x00"},
		{"\x00\xA4\x04\x0C\x04app", "\x67\x00"}, // mistake
		{"\x00\xC0\x00\x00\x04", "\x67\x00"},    // mistake
		{"\x80\xCA\x00\x00\x00", "\x6E\x00"},    // mistake
		{"\x00\xCA\x00\x00\x00", "\x6D\x00"},    // mistake
	} {
		if got := c.Answer([]byte(x.command)); !bytes.Equal(got, []byte(x.want)) {
			t.Errorf("% x: % x, want % x", x.command, got, x.want)
		}
	}
	if n := len(c.Errors()); n != 5 {
		t.Errorf("%d mistakes: %q", n, c.Errors())
	}
}
