package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/kiosk/screen"
)

// desk has staff sign in, one after the other: a verifier takes time and memory.
type desk struct {
	mu sync.Mutex
	staff.Desk
	path string // of the record of wrong PINs; empty for none
}

// missesFile is the record of wrong PINs in the state folder: names and times only.
const missesFile = "staff-misses.json"

// recall reads the record of wrong PINs, and has it kept from now on.
func (d *desk) recall(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.path = path
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = d.Recall(data)
	}
	return err
}

// write keeps what was missed. A sign-in whose record cannot be kept is none.
func (d *desk) write() error {
	if d.path == "" {
		return nil
	}
	data, err := d.Misses()
	if err == nil {
		err = statefile.Replace(d.path, data)
	}
	return err
}

func (d *desk) use(list *staff.List) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Use(list)
}

// check says who signs in and what they are at a lane.
func (d *desk) check(name, pin string, now time.Time) (who string, by lane.Role, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := d.Check(name, pin, now)
	if failed := d.write(); failed != nil {
		return "", 0, fmt.Errorf("the record of wrong PINs cannot be written: %w", failed)
	}
	switch {
	case errors.Is(err, staff.ErrLocked):
		return "", 0, screen.ErrLocked
	case err != nil:
		return "", 0, screen.ErrDenied
	case m.Role == staff.Supervisor:
		return m.Name, lane.Supervisor, nil
	}
	return m.Name, lane.Officer, nil
}
