package outbox_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// TestBadLine: a line that swallows answers and breaks.
func TestBadLine(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	p := newProxy(t, w.natsPort)
	d.run(p.port)
	for range 4 {
		d.append(10)
		p.swallow(true) // the centre stores, and neither acknowledgement nor mark comes through
		d.append(10)
		eventually(t, "stored behind our back", func() bool { return w.counts().Events["condition"] > 0 })
		p.cut()
		p.swallow(false)
	}
	d.delivered()
	w.exactly(d.j.Stats().Seq)
}

// proxy is a line that can be made bad.
type proxy struct {
	port  int
	to    int
	mu    sync.Mutex
	deaf  bool
	conns []net.Conn
}

func newProxy(t testing.TB, to int) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{port: l.Addr().(*net.TCPAddr).Port, to: to}
	t.Cleanup(func() { l.Close(); p.cut() })
	go p.accept(l) // ended by closing l
	return p
}

func (p *proxy) accept(l net.Listener) {
	for {
		a, err := l.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.to))
		if err != nil {
			a.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, a, b)
		p.mu.Unlock()
		go p.copy(b, a, false) // both ended by cut
		go p.copy(a, b, true)
	}
}

func (p *proxy) copy(to, from net.Conn, down bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		drop := down && p.deaf
		p.mu.Unlock()
		if drop {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) swallow(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = on
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
