package clock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"example.org/checkpoint/firmware/journal/statefile"
)

// anchor is, in a file, the floor and the first trusted time as the uptime of the machine carries
// it: a program that is started anew is moved by nothing either, until the machine is.
type anchor struct {
	V      int           `json:"v"`
	Floor  time.Time     `json:"floor"`
	Boot   string        `json:"boot"` // of the machine; empty for no trusted time
	Up     time.Duration `json:"up_ns"`
	Time   time.Time     `json:"time"`
	Within time.Duration `json:"within_ns"`
}

const (
	upStep    = time.Second    // how exactly the machine tells its uptime
	maxWithin = 24 * time.Hour // of a time that a file may tell
)

// Resume goes on from the floor that Keep wrote to a file, and from the first trusted time of this boot
// of the machine, unless the floor proves that wrong. A file that is not there or says nothing is no error.
func (c *Clock) Resume(path string) {
	text, err := os.ReadFile(path)
	var a anchor
	if err != nil || json.Unmarshal(text, &a) != nil || a.V != 1 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.Floor.After(c.floor) {
		c.floor = a.Floor
	}
	c.kept.floor = a.Floor
	boot, up, err := c.uptime()
	if err != nil || a.Boot != boot || a.Up < 0 || a.Up > up || a.Within < 0 || a.Within > maxWithin {
		return
	}
	v := vouched{a.Time, a.Within + upStep, time.Now().Add(a.Up - up)}
	if carried, doubt := v.carried(); v.none() || c.floor.After(carried.Add(doubt+Slack)) {
		return
	}
	c.first, c.last, c.kept.first = v, v, v
}

// Keep writes the floor and the first trusted time to a file, if either is another than the one there.
func (c *Clock) Keep(path string) error {
	c.mu.Lock()
	now, had := kept{c.floor, c.first}, c.kept
	c.mu.Unlock()
	if now.floor.Equal(had.floor) && now.first == had.first {
		return nil
	}
	a, err := anchor{V: 1, Floor: now.floor.Round(0)}, error(nil)
	if !now.first.none() {
		carried, doubt := now.first.carried()
		a.Time, a.Within = carried.Round(0), doubt
		a.Boot, a.Up, err = c.uptime()
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(a)
	}
	if err == nil {
		err = statefile.Replace(path, text)
	}
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	c.mu.Lock()
	c.kept = now
	c.mu.Unlock()
	return nil
}

// kept is what a file has.
type kept struct {
	floor time.Time
	first vouched
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
