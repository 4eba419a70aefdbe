package card

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// errDaemon reports that the connection to the daemon is of no more use.
var errDaemon = errors.New("pcscd")

// Commands of the daemon (pcsc-lite, winscard_msg.h). Of them only the version differs
// from release to release: 4:3 from 1.8, 4:4 from 1.8.24, 4:5 from 2.3.
const (
	establishContext = 0x01
	connectCard      = 0x04
	disconnectCard   = 0x06
	transmitCard     = 0x09
	version          = 0x11
	getReadersState  = 0x12

	major         = 4
	firstMinor    = 4 // asked for first
	smallestMinor = 3
)

// Sizes of its messages.
const (
	nameSize = 128
	slotSize = 184 // name, events, state, sharing, ATR of 33 and 3 to align, its length, protocol
	// places are those of its list of readers; some distributions build it with more.
	places     = 16
	mostPlaces = 256
)

const (
	shareExclusive = 1
	anyProtocol    = 3 // T=0 and T=1
	leaveCard      = 0
	statePresent   = 4
	pciSize        = 16
	mostAnswer     = 65548 // MAX_BUFFER_SIZE_EXTENDED
)

// patience is how long the daemon may take for an answer, a slow card's included.
const patience = 5 * time.Second

// settled is how long after an answer nothing more of it comes.
const settled = 50 * time.Millisecond

// daemon is one connection to pcscd.
type daemon struct {
	conn    net.Conn
	context uint32
	places  int
}

// slot is one reader and what lies on it.
type slot struct {
	name    string
	events  uint32 // counts insertions and removals
	present bool
	atr     []byte
}

// dial connects to the daemon, in the version that it speaks.
func dial(ctx context.Context, socket string) (*daemon, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	d := &daemon{conn: conn, places: places}
	if err := d.open(); err != nil {
		conn.Close()
		return nil, err
	}
	return d, nil
}

func (d *daemon) open() error {
	minor := uint32(firstMinor)
	for range 2 {
		answer, err := d.ask(version, words(major, minor, 0), nil, 12)
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			return fmt.Errorf("%w: it turns this user away: allow org.debian.pcsc-lite.access_pcsc and access_card in polkit", errDaemon)
		}
		if err != nil {
			return err
		}
		if word(answer, 2) == 0 {
			break
		}
		if minor == word(answer, 1) || word(answer, 0) != major || word(answer, 1) < smallestMinor {
			return fmt.Errorf("%w: it speaks version %d:%d, this program %d:%d", errDaemon, word(answer, 0), word(answer, 1), major, minor)
		}
		minor = word(answer, 1) // it says what it speaks, and takes a second try
	}
	answer, err := d.ask(establishContext, words(2, 0, 0), nil, 12) // of the system
	if err != nil {
		return err
	}
	if code := word(answer, 2); code != 0 {
		return fmt.Errorf("%w: error %08X to a context", errDaemon, code)
	}
	d.context = word(answer, 1)
	return d.count()
}

// count finds out how many places the list of readers has, which nothing else tells.
func (d *daemon) count() error {
	if _, err := d.ask(getReadersState, nil, nil, places*slotSize); err != nil {
		return err
	}
	if err := d.conn.SetReadDeadline(time.Now().Add(settled)); err != nil {
		return fmt.Errorf("%w: %w", errDaemon, err)
	}
	more := 0
	for rest := make([]byte, mostPlaces*slotSize); more < len(rest); {
		n, err := d.conn.Read(rest[more:])
		more += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errDaemon, err)
		}
	}
	if more%slotSize != 0 || more >= mostPlaces*slotSize {
		return fmt.Errorf("%w: its list of readers has %d bytes", errDaemon, places*slotSize+more)
	}
	d.places += more / slotSize
	return nil
}

// slots are the daemon's readers.
func (d *daemon) slots() (all []slot, err error) {
	answer, err := d.ask(getReadersState, nil, nil, d.places*slotSize)
	if err != nil {
		return nil, err
	}
	for ; len(answer) > 0; answer = answer[slotSize:] {
		name, _, _ := bytes.Cut(answer[:nameSize], []byte{0})
		if len(name) == 0 {
			continue
		}
		rest := answer[nameSize:slotSize]
		atr := rest[12:]
		all = append(all, slot{string(name), word(rest, 0), word(rest, 1)&statePresent != 0, bytes.Clone(atr[:min(word(rest, 12), 33)])})
	}
	return all, nil
}

// session is a card that nobody else may use meanwhile.
type session struct {
	d        *daemon
	handle   uint32
	protocol uint32
}

func (d *daemon) connect(reader string) (*session, error) {
	body := words(d.context)
	body = append(body, make([]byte, nameSize)...)
	copy(body[4:4+nameSize-1], reader)
	body = append(body, words(shareExclusive, anyProtocol, 0, 0, 0)...)
	answer, err := d.ask(connectCard, body, nil, len(body))
	if err != nil {
		return nil, err
	}
	answer = answer[4+nameSize:]
	if code := word(answer, 4); code != 0 {
		return nil, fmt.Errorf("%w: pcscd's error %08X to connecting", ErrHeld, code)
	}
	return &session{d, word(answer, 2), word(answer, 3)}, nil
}

func (s *session) transmit(command []byte) ([]byte, error) {
	head := words(s.handle, s.protocol, pciSize, uint32(len(command)), 0, 0, mostAnswer, 0)
	answer, err := s.d.ask(transmitCard, head, command, len(head))
	if err != nil {
		return nil, err
	}
	if code := word(answer, 7); code != 0 {
		return nil, fmt.Errorf("%w: pcscd's error %08X to a command", ErrHeld, code)
	}
	size := word(answer, 6)
	if size > mostAnswer {
		return nil, fmt.Errorf("%w: an answer of %d bytes", errDaemon, size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(s.d.conn, data); err != nil {
		return nil, fmt.Errorf("%w: %w", errDaemon, err)
	}
	return data, nil
}

// disconnect lets go of the card, unless the connection ended before.
func (s *session) disconnect(before error) error {
	if errors.Is(before, errDaemon) {
		return nil
	}
	// A card that was taken away needs no letting go: its error is none of ours.
	_, err := s.d.ask(disconnectCard, words(s.handle, leaveCard, 0), nil, 12)
	return err
}

// ask sends a command with its body, and what follows it, and reads an answer of a size.
func (d *daemon) ask(command uint32, body, more []byte, size int) ([]byte, error) {
	if err := d.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, fmt.Errorf("%w: %w", errDaemon, err)
	}
	message := append(words(uint32(len(body)), command), body...)
	if _, err := d.conn.Write(append(message, more...)); err != nil {
		return nil, fmt.Errorf("%w: %w", errDaemon, err)
	}
	answer := make([]byte, size)
	if _, err := io.ReadFull(d.conn, answer); err != nil {
		return nil, fmt.Errorf("%w: %w", errDaemon, err)
	}
	return answer, nil
}

// words are numbers as the daemon has them: four bytes each, in the machine's order.
func words(all ...uint32) (b []byte) {
	for _, w := range all {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

func word(b []byte, i int) uint32 { return binary.NativeEndian.Uint32(b[4*i:]) }
