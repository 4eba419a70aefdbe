package card

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Name is that of the reader, which is at the third place.
const Name = "Virtual PCD 00 00"

// Errors of the daemon (pcsclite.h).
const (
	NoService   = 0x8010001D
	NoCard      = 0x8010000C
	Sharing     = 0x8010000B
	Unreachable = 0x80100066 // unresponsive card
	Removed     = 0x80100069
	Unknown     = 0x80100009 // reader
)

// Daemon is pcscd with one reader.
type Daemon struct {
	socket string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	minor    uint32
	reader   bool
	card     *Card
	events   uint32
	handle   uint32
	owner    net.Conn
	errors   []string
	late     time.Duration
	refuse   []uint32 // codes for the next connections to the card
	takeIn   int      // commands until the card is taken away; 0 never
	sends    []byte   // in place of the next answer
	crumbs   bool
	places   int
	away     bool
	serving  sync.WaitGroup
}

// NewDaemon listens at a socket, speaks version 4:minor, and has its reader plugged in.
func NewDaemon(socket string, minor uint32) (*Daemon, error) {
	d := &Daemon{socket: socket, minor: minor, reader: true, places: 16, conns: map[net.Conn]bool{}}
	return d, d.Start()
}

// Start starts it.
func (d *Daemon) Start() error {
	listener, err := net.Listen("unix", d.socket)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.listener = listener
	d.mu.Unlock()
	d.serving.Go(func() { // ends with Stop
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			d.mu.Lock()
			d.conns[conn] = true
			d.mu.Unlock()
			d.serving.Go(func() { d.serve(conn) })
		}
	})
	return nil
}

// Stop ends it, as when it crashes.
func (d *Daemon) Stop() {
	d.mu.Lock()
	d.listener.Close()
	for conn := range d.conns {
		conn.Close()
	}
	d.mu.Unlock()
	d.serving.Wait()
	os.Remove(d.socket)
}

// Plug plugs the reader in, or out.
func (d *Daemon) Plug(in bool) {
	d.change(func() { d.reader = in; d.card = nil; d.owner = nil; d.events = 0 })
}

// Insert lays a card on the reader.
func (d *Daemon) Insert(c *Card) { d.change(func() { c.Reset(); d.card = c; d.events++ }) }

// Remove takes the card away.
func (d *Daemon) Remove() { d.change(d.remove) }

func (d *Daemon) remove() {
	if d.card != nil {
		d.card, d.owner = nil, nil
		d.events++
	}
}

// RemoveAfter takes the card away at its nth command from now.
func (d *Daemon) RemoveAfter(n int) { d.change(func() { d.takeIn = n }) }

// Late has every answer of a card come so late.
func (d *Daemon) Late(by time.Duration) { d.change(func() { d.late = by }) }

// Refuse has the next connections to the card fail with these errors.
func (d *Daemon) Refuse(codes ...uint32) { d.change(func() { d.refuse = codes }) }

// Answer has the card's next answer be another.
func (d *Daemon) Answer(b []byte) { d.change(func() { d.sends = b }) }

// Places has the daemon be one that was built for so many readers.
func (d *Daemon) Places(n int) { d.change(func() { d.places = n }) }

// TurnAway has the daemon hear nobody, as where this user may not use it.
func (d *Daemon) TurnAway(all bool) { d.change(func() { d.away = all }) }

// Crumble has the daemon write its answers byte by byte.
func (d *Daemon) Crumble() { d.change(func() { d.crumbs = true }) }

func (d *Daemon) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// Errors is what the driver did wrong.
func (d *Daemon) Errors() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.errors
}

// Connections is how many there are.
func (d *Daemon) Connections() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// bodies are the sizes of the commands' bodies (winscard_msg.h).
var bodies = map[uint32]int{0x01: 12, 0x04: 152, 0x06: 12, 0x09: 32, 0x11: 12, 0x12: 0}

// serve answers one client, and drops it when it does what no client does.
func (d *Daemon) serve(conn net.Conn) {
	defer d.change(func() {
		conn.Close()
		delete(d.conns, conn)
		if d.owner == conn {
			d.owner = nil
		}
	})
	c := client{Daemon: d, conn: conn}
	d.mu.Lock()
	away := d.away
	d.mu.Unlock()
	if away {
		return
	}
	for head := make([]byte, 8); ; {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		size, command := get(head, 0), get(head, 1)
		if want, known := bodies[command]; !known || int(size) != want {
			d.change(func() { d.errors = append(d.errors, fmt.Sprintf("command %#x with %d bytes", command, size)) })
			return
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		var more []byte
		if command == 0x09 {
			more = make([]byte, min(get(body, 3), 1<<16))
			if _, err := io.ReadFull(conn, more); err != nil {
				return
			}
			d.mu.Lock()
			late := d.late
			d.mu.Unlock()
			time.Sleep(late)
		}
		d.mu.Lock()
		answer := c.answer(command, body, more)
		step := len(answer)
		if d.crumbs {
			step = 1
		}
		d.mu.Unlock()
		if answer == nil {
			return
		}
		for len(answer) > 0 {
			n := min(step, len(answer))
			if _, err := conn.Write(answer[:n]); err != nil {
				return
			}
			answer = answer[n:]
		}
	}
}

// client is one connection as the daemon knows it.
type client struct {
	*Daemon
	conn    net.Conn
	agreed  bool // on the version
	context uint32
}

// answer carries out a command, and is nil for a client to be dropped.
func (c *client) answer(command uint32, body, more []byte) []byte {
	wrong := func(format string, args ...any) []byte {
		c.errors = append(c.errors, fmt.Sprintf(format, args...))
		return nil
	}
	if !c.agreed && command != 0x11 {
		return wrong("command %#x before the version", command)
	}
	switch command {
	case 0x11:
		c.agreed = get(body, 0) == 4 && get(body, 1) == c.minor
		code := uint32(NoService)
		if c.agreed {
			code = 0
		}
		return put(nil, 4, c.minor, code)
	case 0x01:
		c.context = 77
		return put(nil, get(body, 0), c.context, 0)
	case 0x12:
		return c.slots()
	case 0x04:
		name, _, _ := bytes.Cut(body[4:132], []byte{0})
		if get(body, 0) != c.context || c.context == 0 {
			return wrong("connecting to a card in context %d", get(body, 0))
		}
		if get(body[132:], 0) != 1 || get(body[132:], 1) != 3 {
			return wrong("connecting to a card with mode %d, protocols %d", get(body[132:], 0), get(body[132:], 1))
		}
		code := c.connect(string(name))
		protocol := uint32(2)
		if c.card != nil && c.card.T0 {
			protocol = 1
		}
		return put(append([]byte(nil), body[:140]...), c.handle, protocol, code)
	case 0x06:
		if get(body, 0) != c.handle {
			return wrong("disconnecting card %d", get(body, 0))
		}
		code := uint32(0)
		if c.owner != c.conn {
			code = Removed
		}
		c.owner = nil
		return put(nil, get(body, 0), get(body, 1), code)
	}
	return c.transmit(body, more, wrong)
}

func (c *client) connect(name string) uint32 {
	switch {
	case len(c.refuse) > 0:
		code := c.refuse[0]
		c.refuse = c.refuse[1:]
		return code
	case name != Name || !c.reader:
		return Unknown
	case c.card == nil:
		return NoCard
	case len(c.card.ATR) == 0:
		return Unreachable
	case c.owner != nil:
		return Sharing
	}
	c.handle++
	c.owner = c.conn
	c.card.Reset()
	return 0
}

func (c *client) transmit(body, more []byte, wrong func(string, ...any) []byte) []byte {
	if get(body, 0) != c.handle || c.handle == 0 {
		return wrong("a command to card %d", get(body, 0))
	}
	if c.takeIn > 0 {
		if c.takeIn--; c.takeIn == 0 {
			c.remove()
		}
	}
	code, answer := uint32(Removed), []byte(nil)
	if c.owner == c.conn {
		protocol := uint32(2)
		if c.card.T0 {
			protocol = 1
		}
		if get(body, 1) != protocol || get(body, 3) != uint32(len(more)) || get(body, 6) < 258 {
			return wrong("a command of %d bytes in protocol %d with room for %d", get(body, 3), get(body, 1), get(body, 6))
		}
		code, answer = 0, c.card.Answer(more)
		if c.sends != nil {
			answer, c.sends = c.sends, nil
		}
	}
	return append(put(nil, get(body, 0), get(body, 1), get(body, 2), get(body, 3), get(body, 1), 16, uint32(len(answer)), code), answer...)
}

// slots are all readers, of which one is there.
func (d *Daemon) slots() []byte {
	all := make([]byte, d.places*184)
	if !d.reader {
		return all
	}
	s := all[2*184:]
	copy(s, Name)
	state, atr := uint32(2), []byte(nil)
	if d.card != nil {
		state, atr = 4, d.card.ATR
	}
	binary.NativeEndian.PutUint32(s[128:], d.events)
	binary.NativeEndian.PutUint32(s[132:], state)
	copy(s[140:173], atr)
	binary.NativeEndian.PutUint32(s[176:], uint32(len(atr)))
	return all
}

func get(b []byte, i int) uint32 { return binary.NativeEndian.Uint32(b[4*i:]) }

func put(b []byte, all ...uint32) []byte {
	for _, w := range all {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}
