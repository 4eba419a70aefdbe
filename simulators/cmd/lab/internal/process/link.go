package process

import (
	"io"
	"net"
	"sync"
	"time"
)

// Link is the line between device and centre: it carries bytes until it is cut. It ends at the
// first of several places that answers.
type Link struct {
	listener net.Listener
	to       []string

	turn int // of run alone

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// NewLink listens on a free loopback port and carries every connection to one of some addresses.
func NewLink(to ...string) (*Link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	k := &Link{listener: l, to: to, conns: map[net.Conn]bool{}}
	go k.run() // ends with Close
	return k, nil
}

// Address is where the near side connects.
func (k *Link) Address() string { return k.listener.Addr().String() }

func (k *Link) run() {
	for {
		near, err := k.listener.Accept()
		if err != nil {
			return
		}
		far, err := k.dial()
		if err != nil || !k.add(near, far) {
			near.Close()
			if far != nil {
				far.Close()
			}
			continue
		}
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() { // ends when either side closes
				io.Copy(way[0], way[1])
				k.drop(near, far)
			}()
		}
	}
}

// dial tries all places, from another one each time.
func (k *Link) dial() (far net.Conn, err error) {
	k.turn++
	for i := range k.to {
		if far, err = net.DialTimeout("tcp", k.to[(k.turn+i)%len(k.to)], 2*time.Second); err == nil {
			return far, nil
		}
	}
	return nil, err
}

func (k *Link) add(conns ...net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range conns {
		k.conns[c] = true
	}
	if k.cut {
		for _, c := range conns {
			delete(k.conns, c)
		}
	}
	return !k.cut
}

func (k *Link) drop(conns ...net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(k.conns, c)
	}
}

// Set cuts the line, or joins it again.
func (k *Link) Set(cut bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cut = cut
	for c := range k.conns {
		if cut {
			c.Close()
			delete(k.conns, c)
		}
	}
}

// Close ends the line.
func (k *Link) Close() {
	k.listener.Close()
	k.Set(true)
}
