package main

import (
	"io"
	"net"
	"sync"
)

// link is the line between device and centre: it carries bytes until it is cut.
type link struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// newLink listens on a free loopback port and carries every connection to an address.
func newLink(to string) (*link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	k := &link{listener: l, to: to, conns: map[net.Conn]bool{}}
	go k.run() // ends with close
	return k, nil
}

func (k *link) address() string { return k.listener.Addr().String() }

func (k *link) run() {
	for {
		near, err := k.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", k.to)
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

func (k *link) add(conns ...net.Conn) bool {
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

func (k *link) drop(conns ...net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(k.conns, c)
	}
}

// set cuts the line, or joins it again.
func (k *link) set(cut bool) {
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

func (k *link) close() {
	k.listener.Close()
	k.set(true)
}
