// Package watchdog tells the two watchdogs that the device works, for as long as it
// does (G16): that of the hardware, /dev/watchdog, which resets the machine, and that
// of systemd, which restarts the program. Nobody else may feed them: whoever stops
// proving that it is alive is restarted.
package watchdog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// ErrLost reports that the hardware's watchdog cannot be fed. Run tries again.
var ErrLost = errors.New("watchdog: lost")

// errStarting is the fault before Run has opened the device.
var errStarting = errors.New("not opened yet")

const (
	again = time.Second // from one look for a lost device to the next
	// magic before close disarms the hardware; without it, it goes on counting (Linux
	// watchdog-api, "Magic Close feature"). Anything else that is written feeds it.
	magic = 'V'
	food  = '\n'
)

// Options say what is fed.
type Options struct {
	Device  string        // "/dev/watchdog"; empty for none
	Timeout time.Duration // after which the hardware resets, in whole seconds; 0 is 15 s
	Log     *slog.Logger  // nil says nothing
}

// Watchdog feeds both watchdogs. Ready, Stopping and Fault are for any goroutine;
// Run is called once, and Disarm after it.
type Watchdog struct {
	device  string
	timeout time.Duration
	log     *slog.Logger
	set     func(file *os.File, timeout time.Duration) (time.Duration, error)

	file   *os.File
	next   time.Time // when the device is fed or looked for
	every  time.Duration
	sworn  time.Time // when systemd is told next
	patrol time.Duration
	said   string // status

	mu    sync.Mutex
	fault error
}

// New opens nothing yet.
func New(o Options) *Watchdog {
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w := &Watchdog{device: o.Device, timeout: o.Timeout, log: o.Log, set: setTimeout}
	if o.Device != "" {
		w.fail(errStarting)
	}
	return w
}

// Fault says what is wrong with the hardware's watchdog, nil for nothing or if there
// is none.
func (w *Watchdog) Fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

func (w *Watchdog) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault = nil; err != nil {
		w.fault = fmt.Errorf("%w: %s: %w", ErrLost, w.device, err)
	}
}

// Ready tells systemd that the service has started (sd_notify(3)). Without systemd it
// does nothing.
func (w *Watchdog) Ready() { w.notify(daemon.SdNotifyReady) }

// Stopping tells systemd that the service is on its way down.
func (w *Watchdog) Stopping() { w.notify(daemon.SdNotifyStopping) }

func (w *Watchdog) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		w.log.Warn("systemd", "err", err)
	}
}

// Run arms the hardware and feeds both watchdogs while alive says that every loop
// turns, until the context ends; then it returns nil and leaves the hardware armed. It
// asks alive before each meal. status, if not nil, is a line for systemctl status,
// without anything personal, told when it changes.
func (w *Watchdog) Run(ctx context.Context, alive func() bool, status func() string) error {
	var err error
	if w.patrol, err = daemon.SdWatchdogEnabled(false); err != nil {
		w.log.Warn("systemd's watchdog is not fed: correct WATCHDOG_USEC", "err", err)
	}
	well := true
	for ctx.Err() == nil {
		now := time.Now()
		if is := alive(); is != well {
			well = is
			w.log.Warn("watchdog", "fed", well)
		}
		w.feed(now, well)
		if well && w.patrol > 0 && !now.Before(w.sworn) {
			w.notify(daemon.SdNotifyWatchdog)
			w.sworn = now.Add(w.patrol / 3) // two may be missed
		}
		if status != nil {
			if s := status(); s != w.said {
				w.said = s
				w.notify("STATUS=" + s)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.pause(now)):
		}
	}
	return nil
}

// pause is until something is to be done, a second at most: a program that comes to
// life again is fed again.
func (w *Watchdog) pause(now time.Time) time.Duration {
	d := again
	if w.device != "" {
		d = min(d, w.next.Sub(now))
	}
	if w.patrol > 0 {
		d = min(d, w.sworn.Sub(now))
	}
	return max(d, time.Millisecond)
}

// feed feeds the hardware when it is time, and opens it first if need be. A device
// that is not alive is not armed either.
func (w *Watchdog) feed(now time.Time, well bool) {
	if w.device == "" || !well || now.Before(w.next) {
		return
	}
	if w.file == nil {
		if err := w.open(); err != nil {
			w.fail(err)
			w.next = now.Add(again)
			return
		}
	}
	if _, err := w.file.Write([]byte{food}); err != nil {
		w.file.Close()
		w.file, w.next = nil, now.Add(again)
		w.fail(fmt.Errorf("%w: restart the machine", err))
		return
	}
	w.fail(nil)
	w.next = now.Add(w.every)
}

// open arms the hardware.
func (w *Watchdog) open() error {
	file, err := os.OpenFile(w.device, os.O_WRONLY, 0)
	if err != nil {
		return advise(err)
	}
	timeout, err := w.set(file, w.timeout)
	if err != nil {
		file.Write([]byte{magic})
		file.Close()
		return fmt.Errorf("no watchdog, or one whose time cannot be set: correct the path: %w", err)
	}
	w.file, w.every = file, timeout/4 // three may be missed
	return nil
}

// Disarm ends the hardware's watch: call it in an orderly shutdown, when Run has
// returned and every lane is safe, and not otherwise. The kernel may be set to refuse.
func (w *Watchdog) Disarm() error {
	if w.file == nil {
		return nil
	}
	_, err := w.file.Write([]byte{magic})
	err = errors.Join(err, w.file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("%w: not disarmed, the machine will be reset: %w", ErrLost, err)
	}
	return nil
}
