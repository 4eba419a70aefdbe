package process

import (
	"io"
	"net"
	"testing"
)

// echo is a place that says its name and then whatever it hears.
func echo(t *testing.T, name string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				io.WriteString(c, name)
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return l
}

// TestLink cuts a line with two ends and joins it, and takes one end away.
func TestLink(t *testing.T) {
	a, b := echo(t, "a"), echo(t, "b")
	k, err := NewLink(a.Addr().String(), b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	call := func() (c net.Conn, name string) {
		t.Helper()
		c, err := net.Dial("tcp", k.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		text := make([]byte, 1)
		n, _ := io.ReadFull(c, text)
		return c, string(text[:n])
	}
	ends := map[string]bool{}
	var c net.Conn
	for range 2 {
		var name string
		c, name = call()
		ends[name] = true
	}
	if !ends["a"] || !ends["b"] {
		t.Errorf("two calls ended at %v, want both ends", ends)
	}
	k.Set(true)
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a line that is cut carries")
	}
	if _, name := call(); name != "" {
		t.Errorf("a call over a cut line ends at %q", name)
	}
	k.Set(false)
	a.Close()
	for range 3 {
		if _, name := call(); name != "b" {
			t.Errorf("with one end away a call ends at %q", name)
		}
	}
}
