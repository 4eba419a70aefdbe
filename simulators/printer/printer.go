// Package printer is an ESC/POS receipt printer, pretended: it takes the bytes that the
// real one takes, prints them on paper that can be looked at, reports its state, and
// breaks when it is told to. It complains of every byte it does not know.
package printer

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Fault is something that goes wrong.
type Fault uint8

const (
	PaperOut  Fault = iota // the roll ends; the piece before falls out
	CoverOpen              // somebody opens the cover
	HeadHot                // the head cools down; it goes on by itself when mended
	Unplug                 // the connection is cut; what has arrived is printed nevertheless
	PowerOff               // the connection is cut, and what has arrived is forgotten
	Hang                   // it neither prints nor answers
)

// Options describe the printer. The zero value prints at once.
type Options struct {
	Dots     int           // side by side; 0 is 576
	Speed    int           // rows in a second; 0 is all at once
	Buffer   int           // bytes it holds before it prints them; 0 is 4096
	Overrun  bool          // it cannot stop who sends: what it cannot hold is a complaint
	Late     time.Duration // of every answer
	Dribble  bool          // answers come byte by byte
	NoMarks  bool          // it does not know GS ( H
	NoReport bool          // it does not know GS a
	Quiet    bool          // its answers get lost
}

// Printer is one printer. Its methods are for any goroutine.
type Printer struct {
	o Options

	mu      sync.Mutex
	changed *sync.Cond
	buffer  []byte
	fresh   bool // nothing was begun yet on this connection: remains of the one before
	power   int  // times it was switched off
	conn    io.Closer
	answers chan said
	closed  bool
	ended   chan struct{} // with work

	out, low, cover, hot, hung bool
	cutter                     bool // jammed; nothing more is printed
	jammed                     bool // what it jams on is still there
	reports                    bool // GS a

	plan  map[Fault]int // rows until it happens
	bytes map[Fault]int // bytes until it happens
	roll  roll
	wrong []error
	real  []byte // the last two bytes, for commands in real time
	log   []byte
}

// New is a printer with a new roll and nobody connected. Close ends it.
func New(o Options) *Printer {
	if o.Dots == 0 {
		o.Dots = 576
	}
	if o.Buffer == 0 {
		o.Buffer = 4096
	}
	p := &Printer{o: o, plan: map[Fault]int{}, bytes: map[Fault]int{}, roll: roll{dots: o.Dots}, ended: make(chan struct{})}
	p.changed = sync.NewCond(&p.mu)
	go p.work() // ends with Close
	return p
}

// Close ends the printer.
func (p *Printer) Close() {
	p.mu.Lock()
	p.closed = true
	p.hangUp()
	p.changed.Broadcast()
	p.mu.Unlock()
	<-p.ended
}

// Listen serves connections to a listener until that is closed, one at a time as printers
// on the network do.
func (p *Printer) Listen(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p.Serve(conn)
	}
}

// Serve takes what comes over a connection, until that ends.
func (p *Printer) Serve(conn io.ReadWriteCloser) {
	answers := make(chan said, 1024)
	p.mu.Lock()
	p.conn, p.answers, p.fresh, p.real = conn, answers, true, nil
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { // ends when answers is closed
		defer close(done)
		p.reply(conn, answers)
	}()
	b := make([]byte, 512)
	for {
		n, err := conn.Read(b)
		p.take(b[:n])
		if err != nil {
			break
		}
	}
	conn.Close()
	p.mu.Lock()
	if p.answers == answers {
		p.conn, p.answers = nil, nil
	}
	close(answers)
	p.mu.Unlock()
	<-done
}

// said is an answer and when it was given.
type said struct {
	at    time.Time
	bytes []byte
}

// reply sends answers, late and in pieces if so told.
func (p *Printer) reply(conn io.Writer, answers <-chan said) {
	for a := range answers {
		time.Sleep(time.Until(a.at.Add(p.o.Late)))
		for b := a.bytes; len(b) > 0; {
			n := len(b)
			if p.o.Dribble {
				n = 1
				time.Sleep(time.Millisecond)
			}
			conn.Write(b[:n])
			b = b[n:]
		}
	}
}

// take takes bytes off the wire: commands in real time are obeyed at once, wherever they
// stand, and everything is kept for its turn.
func (p *Printer) take(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range b {
		if p.answers == nil || p.hung {
			return
		}
		p.log = append(p.log, c)
		p.realTime(c)
		for len(p.buffer) >= p.o.Buffer && p.answers != nil && !p.closed {
			if p.o.Overrun {
				p.complain("more than the %d bytes it holds", p.o.Buffer)
				return
			}
			p.changed.Wait()
		}
		if p.answers == nil {
			return
		}
		p.buffer = append(p.buffer, c)
		p.changed.Broadcast()
		p.due(p.bytes)
	}
}

// hangUp cuts the connection.
func (p *Printer) hangUp() {
	if p.conn != nil {
		p.conn.Close()
		p.conn, p.answers = nil, nil
		p.changed.Broadcast()
	}
}

// send answers.
func (p *Printer) send(b ...byte) {
	if p.answers != nil && !p.o.Quiet && !p.hung {
		p.answers <- said{time.Now(), b}
	}
}

// due counts down to the faults that were planned.
func (p *Printer) due(plan map[Fault]int) {
	for f := PaperOut; f <= Hang; f++ {
		if n, ok := plan[f]; ok {
			if plan[f] = n - 1; n <= 1 {
				delete(plan, f)
				p.happen(f)
			}
		}
	}
}

func (p *Printer) happen(f Fault) {
	switch f {
	case PaperOut:
		p.out = true
	case CoverOpen:
		p.cover = true
	case HeadHot:
		p.hot = true
	case Unplug:
		p.hangUp()
	case PowerOff:
		p.hangUp()
		p.buffer, p.reports = nil, false
		p.power++
	case Hang:
		p.hung = true
	}
	p.tell()
}

// After lets a fault happen after so many rows more; 0 is now.
func (p *Printer) After(rows int, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rows == 0 {
		p.happen(f)
		return
	}
	p.plan[f] = rows
}

// AfterBytes lets a fault happen after so many bytes more.
func (p *Printer) AfterBytes(n int, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes[f] = n
}

// JamCutter lets the next cut fail.
func (p *Printer) JamCutter() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jammed = true
}

// Low lets the paper be near its end, or not.
func (p *Printer) Low(low bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.low = low
	p.tell()
}

// Mend puts everything right that a person can: a new roll, the cover closed, the cutter
// freed (the printer goes on only when it is told to), the head cool.
func (p *Printer) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out {
		p.roll.tear("roll")
	}
	p.out, p.cover, p.hot, p.hung, p.jammed = false, false, false, false, false
	p.tell()
}

// stopped reports that nothing is printed now.
func (p *Printer) stopped() bool {
	return p.out || p.cover || p.hot || p.hung || p.cutter
}

// tell reports a change of state, and lets work look.
func (p *Printer) tell() {
	p.changed.Broadcast()
	if p.reports {
		p.send(p.status()...)
	}
}

func (p *Printer) complain(format string, args ...any) {
	if len(p.wrong) < 20 {
		p.wrong = append(p.wrong, fmt.Errorf(format, args...))
	}
}

// Err is what was wrong with the bytes so far.
func (p *Printer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.wrong...)
}

// Log is every byte that came so far.
func (p *Printer) Log() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.log...)
}

// Connected reports whether somebody is connected.
func (p *Printer) Connected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn != nil
}

// Pieces is what has come out, the last of them perhaps still in the printer.
func (p *Printer) Pieces() []Piece {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roll.all()
}
