// Package card reads the token that a card of the open profile holds, through pcscd and
// any reader it knows. It never ends: a reader or daemon that goes away is tried again
// until it is back.
//
// The profile, version 1: an application with the identifier F0 43 48 4B 50 54 01, which
// is proprietary and not registered (ISO/IEC 7816-4 section 12.2.3), and in it one
// transparent elementary file 48 01, free to read: two bytes of length, high byte first,
// then so many bytes of token, 1 to 4,096. Any card that selects by name and by file
// identifier and knows READ BINARY can carry it. No card that others issue does.
package card

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

var (
	// ErrLost is the fault of a daemon that does not answer, or not to this program.
	ErrLost = errors.New("pcscd cannot be used: start it, or install the package pcscd")
	// ErrNoReader is the fault of a reader that the daemon does not have.
	ErrNoReader = errors.New("no card reader: plug it in, or install its driver, the package libccid")
	// ErrForeign reports a card that is not of the profile.
	ErrForeign = errors.New("card: not one of ours")
	// ErrDamaged reports a card of the profile whose file is not as it must be.
	ErrDamaged = errors.New("card: its file is damaged")
	// ErrHeld reports a card that could not be read to the end: hold it still, or turn it.
	ErrHeld = errors.New("card: taken away too early or lying badly")
	// errStarting is the fault before Run.
	errStarting = errors.New("not found yet")
)

// Socket is where pcscd listens.
const Socket = "/run/pcscd/pcscd.comm"

const (
	// poll is the time from one look at the reader to the next. To wait for the daemon's
	// word instead takes a command that differs between its versions.
	poll = 150 * time.Millisecond
	// tries of reading a card that lies on the reader.
	tries = 3
	// retry is the time until a card that moved and is still there is tried again.
	retry = 500 * time.Millisecond

	firstWait = 100 * time.Millisecond
	mostWait  = time.Second
)

// Options are what may differ. The zero value will do on a machine with one reader.
type Options struct {
	Socket string       // of pcscd; Socket if empty
	Reader string       // what the reader's name begins with; the first one if empty
	Log    *slog.Logger // nil says nothing
}

// Kind says what happened.
type Kind uint8

const (
	Inserted Kind = iota // a card is there; what it holds follows
	Read                 // it holds a token
	Unread               // it does not, or could not be read; Read may follow yet where it was ErrHeld
	Removed
)

func (k Kind) String() string { return [...]string{"inserted", "read", "unread", "removed"}[k] }

// Event is one thing that happened at the reader. Printed or logged it does not say what
// the card holds.
type Event struct {
	Kind  Kind
	ATR   []byte // of an inserted card, its answer to reset; empty for one that gave none
	Token []byte // of one that was read
	Why   error  // of one that was not: ErrForeign, ErrDamaged or ErrHeld
}

// LogValue says what happened, and nothing of what the card holds.
func (e Event) LogValue() slog.Value { return slog.StringValue("card " + e.Kind.String()) }

// Format says what happened, and nothing of what the card holds.
func (e Event) Format(f fmt.State, _ rune) { f.Write([]byte("card " + e.Kind.String())) }

// Reader is one card reader. Run is for one goroutine, Fault for any.
type Reader struct {
	options Options
	report  func(Event)
	seen    slot      // what was reported last
	again   time.Time // when a card that moved is tried again; zero for none

	mu    sync.Mutex
	fault error
}

// New is the reader that the options name. Nothing is opened before Run.
func New(o Options) *Reader {
	if o.Socket == "" {
		o.Socket = Socket
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Reader{options: o}
	r.fault = wrap(errStarting)
	return r
}

// Fault is nil while cards can be read, and otherwise says what is wrong and what to do.
func (r *Reader) Fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

// setFault sets what is wrong, nil for nothing.
func (r *Reader) setFault(err error) {
	if err != nil {
		err = wrap(err)
	}
	r.mu.Lock()
	before := r.fault
	r.fault = err
	r.mu.Unlock()
	switch {
	case err == nil && before != nil:
		r.options.Log.Info("card reader works")
	case err != nil && (before == nil || before.Error() != err.Error()) && !errors.Is(err, errStarting):
		r.options.Log.Warn("card reader", "err", err)
	}
}

func wrap(err error) error { return fmt.Errorf("card reader: %w", err) }

// Run reports what happens at the reader until the context ends, and returns nil then.
// When the reader is lost, so is the card: it is reported as removed.
func (r *Reader) Run(ctx context.Context, report func(Event)) error {
	r.report, r.seen, r.again = report, slot{}, time.Time{}
	defer r.setFault(errStarting)
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, mostWait) {
		good, err := r.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		r.gone()
		if good {
			wait = firstWait
		}
		r.setFault(fmt.Errorf("%w: %w", ErrLost, err))
		sleep(ctx, wait)
	}
	return nil
}

// serve watches the reader through one connection to the daemon, and says whether that
// was any good.
func (r *Reader) serve(ctx context.Context) (good bool, err error) {
	d, err := dial(ctx, r.options.Socket)
	if err != nil {
		return false, err
	}
	defer d.conn.Close()
	defer context.AfterFunc(ctx, func() { d.conn.Close() })()
	for ctx.Err() == nil {
		slots, err := d.slots()
		if err != nil {
			return good, err
		}
		good = true
		if err := r.look(d, slots); err != nil {
			return good, err
		}
		sleep(ctx, poll)
	}
	return good, nil
}

// look compares the reader with how it was, and reads a card that is new.
func (r *Reader) look(d *daemon, slots []slot) error {
	now := slot{}
	for _, s := range slots {
		if strings.HasPrefix(s.name, r.options.Reader) {
			now = s
			break
		}
	}
	if now.name == "" {
		r.gone()
		r.setFault(ErrNoReader)
		return nil
	}
	r.setFault(nil)
	if now.name == r.seen.name && now.events == r.seen.events && now.present == r.seen.present {
		if r.again.IsZero() || time.Now().Before(r.again) {
			return nil
		}
		return r.read(d, now)
	}
	r.gone()
	r.seen = now
	if !now.present {
		return nil
	}
	r.report(Event{Kind: Inserted, ATR: now.atr})
	return r.read(d, now)
}

// read reads the card that lies there. One that moved is tried again while it does.
func (r *Reader) read(d *daemon, s slot) error {
	token, err := d.token(s.name)
	if err == nil {
		r.again = time.Time{}
		r.report(Event{Kind: Read, Token: token})
		return nil
	}
	why := ErrHeld
	for _, known := range []error{ErrForeign, ErrDamaged} {
		if errors.Is(err, known) {
			why = known
		}
	}
	if r.again.IsZero() { // it is not said twice of one card
		r.options.Log.Info("card not read", "err", err)
		r.report(Event{Kind: Unread, Why: why})
	}
	if r.again = (time.Time{}); why == ErrHeld {
		r.again = time.Now().Add(retry)
	}
	if errors.Is(err, errDaemon) {
		return err
	}
	return nil
}

// gone reports that a card is there no longer, if one was.
func (r *Reader) gone() {
	if r.seen.present {
		r.report(Event{Kind: Removed})
	}
	r.seen, r.again = slot{}, time.Time{}
}

// token reads a card, again if it moved.
func (d *daemon) token(reader string) (token []byte, err error) {
	for range tries {
		var s *session
		if s, err = d.connect(reader); err == nil {
			token, err = readToken(s.transmit)
			if lost := s.disconnect(err); err == nil {
				err = lost
			}
		}
		if err == nil || errors.Is(err, ErrForeign) || errors.Is(err, ErrDamaged) || errors.Is(err, errDaemon) {
			return token, err
		}
	}
	return nil, err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
