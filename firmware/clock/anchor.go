package clock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/journal/statefile"
)

// anchor is the first trusted time as the uptime of the machine carries it, in a file: a program
// that is started anew is moved by nothing either, until the machine is.
type anchor struct {
	V      int           `json:"v"`
	Boot   string        `json:"boot"` // of the machine
	Up     time.Duration `json:"up_ns"`
	Time   time.Time     `json:"time"`
	Within time.Duration `json:"within_ns"`
}

const (
	upStep    = time.Second    // how exactly the machine tells its uptime
	maxWithin = 24 * time.Hour // of a time that a file may tell
)

// Resume goes on from the first trusted time that Keep wrote to a file on this boot of the machine,
// unless the floor proves it wrong. A file that is not there or says nothing is no error.
func (c *Clock) Resume(path string) {
	text, err := os.ReadFile(path)
	boot, up, err2 := c.uptime()
	var a anchor
	if errors.Join(err, err2) != nil || json.Unmarshal(text, &a) != nil || a.V != 1 || a.Boot != boot || a.Up < 0 || a.Up > up || a.Within < 0 || a.Within > maxWithin {
		return
	}
	v := vouched{a.Time, a.Within + upStep, time.Now().Add(a.Up - up)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if carried, doubt := v.carried(); v.none() || c.floor.After(carried.Add(doubt+Slack)) {
		return
	}
	c.first, c.last, c.kept = v, v, v
}

// Keep writes the first trusted time to a file, if it is another than the one that is there.
func (c *Clock) Keep(path string) error {
	c.mu.Lock()
	v, had := c.first, c.kept
	c.mu.Unlock()
	if v.none() || v == had {
		return nil
	}
	boot, up, err := c.uptime()
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	carried, doubt := v.carried()
	text, err := json.Marshal(anchor{1, boot, up, carried.Round(0), doubt})
	if err == nil {
		err = statefile.Replace(path, text)
	}
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	c.mu.Lock()
	c.kept = v
	c.mu.Unlock()
	return nil
}

// uptime says which boot of the machine this is, and for how long it has been up, suspended too.
func uptime() (boot string, up time.Duration, err error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", 0, err
	}
	var s syscall.Sysinfo_t
	if err := syscall.Sysinfo(&s); err != nil {
		return "", 0, err
	}
	return string(bytes.TrimSpace(id)), time.Duration(s.Uptime) * time.Second, nil
}
