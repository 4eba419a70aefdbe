package printer

import (
	"bytes"
	"image/png"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// connect is a host's end of a cable to the printer.
func connect(t *testing.T, o Options) (*Printer, net.Conn) {
	p := New(o)
	host, device := net.Pipe()
	done := make(chan struct{})
	go func() { // ends with host
		defer close(done)
		p.Serve(device)
	}()
	t.Cleanup(func() {
		host.Close()
		p.Close()
		<-done
	})
	return p, host
}

// TestStrict sends what a driver should not.
func TestStrict(t *testing.T) {
	for sent, want := range map[string]string{
		"\x1b@":                                  "",
		"\x00\x00\x1b@\x1da\x0e":                 "",
		"rubbish\x1b@":                           "", // of a connection before
		"\x1b@x":                                 "unknown command 78",
		"\x1b@\x00":                              "NUL",
		"\x1b@\x1bd\x04":                         "unknown command 1b 64",
		"\x1b@\x1da\x02":                         "unreported",
		"\x1b@\x1dV0\x00":                        "unknown command 1d 56",
		"\x1b@\x1dv0\x00\x09\x00\x01\x00":        "unknown command 1d 76", // wider than the paper
		"\x1b@\x1dv0\x00\x08\x00\x00\x00":        "unknown command 1d 76", // nothing
		"\x1b@\x1d(H\x06\x0000abc\x01":           "unknown command",
		"\x1b@\x10\x04\x05":                      "DLE EOT 5",
		"\x1dv0\x00\x01\x00\x02\x00\x10\x14":     "",        // no third byte yet
		"\x1dv0\x00\x01\x00\x04\x00\x10\x14\x01": "DLE DC4", // in real time, also within a picture
		"\x1b@" + strings.Repeat("\x1dr\x01", 3): "",
	} {
		synctest.Test(t, func(t *testing.T) {
			p, host := connect(t, Options{Dots: 64})
			go io.Copy(io.Discard, host) // ends with host
			io.WriteString(host, sent)
			synctest.Wait()
			switch err := p.Err(); {
			case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%q: %v, not %q", sent, err, want)
			}
		})
	}
}

// TestState asks for the state in real time, and has it reported.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, host := connect(t, Options{})
		hear := func(n int) []byte {
			b := make([]byte, n)
			host.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := io.ReadFull(host, b); err != nil {
				t.Error(err)
			}
			return b
		}
		io.WriteString(host, "\x10\x04\x04")
		if b := hear(1); b[0] != 0x12 {
			t.Errorf("% x", b)
		}
		io.WriteString(host, "\x1b@\x1da\x0e")
		if b := hear(4); !bytes.Equal(b, []byte{0x10, 0, 0, 0}) {
			t.Errorf("% x", b)
		}
		go p.After(0, PaperOut) // ends when it is heard
		if b := hear(4); !bytes.Equal(b, []byte{0x18, 0, 0x0f, 0}) {
			t.Errorf("% x", b)
		}
		io.WriteString(host, "\x1d(H\x06\x0000abcd\x10\x04\x04")
		if b := hear(1); b[0] != 0x7e {
			t.Errorf("% x", b) // and no confirmation before there is paper
		}
		p.Mend()
		if b := hear(11); !bytes.Equal(b, []byte("\x10\x00\x00\x00\x37\x22abcd\x00")) {
			t.Errorf("% x", b)
		}
	})
}

// TestPaper prints two rows and cuts, and looks at the paper.
func TestPaper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, host := connect(t, Options{Dots: 16})
		io.WriteString(host, "\x1b@\x1dv0\x00\x02\x00\x02\x00\x80\x01\xff\x00\x1dV\x42\x03\x1dv0\x00\x01\x00\x01\x00\x01")
		synctest.Wait()
		pieces := p.Pieces()
		if len(pieces) != 2 || pieces[0].End != "cut" || pieces[1].End != "" || pieces[0].Image.Rect.Dy() != 2+knife+3 {
			t.Fatal(pieces)
		}
		img, err := png.Decode(bytes.NewReader(pieces[0].PNG()))
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range []string{"#..............#", "########........", "................"} {
			for x, c := range row {
				if r, _, _, _ := img.At(x, y).RGBA(); (r == 0) != (c == '#') {
					t.Errorf("%d,%d is %#x", x, y, r)
				}
			}
		}
		if err := p.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestOverrun sends more than fits while there is no paper.
func TestOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, host := connect(t, Options{Buffer: 10, Overrun: true})
		p.After(0, PaperOut)
		io.WriteString(host, "\x1b@12345678x")
		synctest.Wait()
		if err := p.Err(); err == nil || !strings.Contains(err.Error(), "holds") {
			t.Error(err)
		}
	})
}
