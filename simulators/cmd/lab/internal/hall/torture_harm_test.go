package hall

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// copyJournal is what somebody keeps of the device's disk.
func (x *torture) copyJournal() []byte {
	x.t.Helper()
	x.must(x.stopDevice())
	data, err := os.ReadFile(x.path("device", "journal.db"))
	x.must(err)
	x.start(x.session)
	return data
}

// renewed checks that the device has another epoch, which has no tokens until the centre has
// given it some, and that people pass then.
func (x *torture) renewed(when string, before uint64) {
	x.t.Helper()
	x.must(process.Until(x.t.Context(), 45*time.Second, "another epoch "+when, func() bool {
		h, err := x.health()
		return err == nil && h.Epoch != 0 && h.Epoch != before
	}))
	x.through(x.session, x.traveller(), when)
	x.must(x.drain())
	x.done["epochs renewed"]++
}

func (x *torture) epoch() uint64 {
	x.t.Helper()
	var epoch uint64
	x.must(process.Until(x.t.Context(), 30*time.Second, "the program names its epoch", func() bool {
		h, err := x.health()
		epoch = h.Epoch
		return err == nil && epoch != 0
	}))
	return epoch
}

// restore puts yesterday's journal back.
func (x *torture) restore(yesterday []byte) {
	x.t.Helper()
	before := x.epoch()
	x.keep(x.session)
	x.must(os.WriteFile(x.path("device", "journal.db"), yesterday, 0o600))
	x.start(x.session)
	x.renewed("after yesterday's journal was put back", before)
}

// tearJournal cuts the journal's file off behind its fifth page.
func (x *torture) tearJournal() {
	x.t.Helper()
	before := x.epoch()
	x.keep(x.session)
	x.must(os.Truncate(x.path("device", "journal.db"), 20<<10))
	x.start(x.session)
	x.renewed("after the journal's file was torn", before)
}

// tearFiles damages one file after the other beside the journal, as a power cut in the wrong
// moment would: each time the device comes up by itself and people pass.
func (x *torture) tearFiles() {
	x.t.Helper()
	for _, one := range []struct {
		name string
		how  func([]byte) []byte
	}{
		{"bundle.db", func(b []byte) []byte { return b[:len(b)/2] }},
		{"bundle.db", x.garbled},
		{"orders.json", x.garbled},
		{"orders.json", func(b []byte) []byte { return b[:len(b)/2] }},
		{"hall.jsonl", func(b []byte) []byte { return append(b, `{"begin":{"n":`...) }},
		{"boot.json", func(b []byte) []byte { return b[:len(b)/2] }},
		{"day.key", func(b []byte) []byte { return b[:len(b)/2] }},
	} {
		x.device.Kill()
		name := x.path("device", one.name)
		data, err := os.ReadFile(name)
		x.must(err)
		x.must(os.WriteFile(name, one.how(bytes.Clone(data)), 0o600))
		x.start(x.session)
		x.through(x.session, x.traveller(), "after "+one.name+" was torn")
		x.done["torn "+one.name]++
	}
}

// garbled is data with noise in every 64 bytes.
func (x *torture) garbled(data []byte) []byte {
	for i := x.rand.IntN(16); i < len(data); i += 1 + x.rand.IntN(64) {
		data[i] ^= byte(1 + x.rand.IntN(255))
	}
	return data
}

// fillDisk moves the device's state onto a disk of 32 MiB and fills that up under way, then
// takes back what the journal keeps for that: nothing opens until there is room again.
func (x *torture) fillDisk() {
	x.t.Helper()
	x.keep(x.session) // the oldest events may go
	kept := filepath.Join(x.t.TempDir(), "device")
	copyAll := func(from, to string) {
		x.t.Helper()
		if out, err := exec.Command("cp", "-a", "--sparse=always", from+"/.", to).CombinedOutput(); err != nil {
			x.t.Fatalf("cp: %v: %s", err, out)
		}
	}
	copyAll(x.path("device"), kept)
	if err := syscall.Mount("tmpfs", x.path("device"), "tmpfs", 0, "size=32m"); err != nil {
		x.t.Fatalf("mount a small disk: %v: run the tests as root, where mounting is allowed", err)
	}
	x.t.Cleanup(func() { syscall.Unmount(x.path("device"), syscall.MNT_DETACH) }) // of what failed before its end
	copyAll(kept, x.path("device"))
	x.start(x.session)
	x.through(x.session, x.traveller(), "on a small disk")
	filler := x.path("device", "filler")
	x.fill(filler)
	for range 2 { // there is room in the files that are there
		openings, got := x.boards(x.t)["1"].Openings, x.visit(x.t, x.traveller())
		if n := x.boards(x.t)["1"].Openings - openings; got.End != "passed" && n > 0 {
			x.t.Errorf("on a full disk the gate opened %d times for somebody who did not pass", n)
		}
	}
	x.device.Kill()
	if out, err := exec.Command("fallocate", "--dig-holes", x.path("device", "journal.db")).CombinedOutput(); err != nil {
		x.t.Fatalf("fallocate: %v: %s", err, out)
	}
	x.fill(filler) // now there is none
	openings := x.boards(x.t)["1"].Openings
	x.must(x.startDevice())
	time.Sleep(3 * time.Second)
	if at, now := x.Page.Now("1"), x.boards(x.t)["1"]; at.Heartbeat && at.Lamp != "red" || now.Openings != openings {
		x.t.Errorf("started on a full disk: %+v, %+v", at, now)
	}
	x.device.Kill() // if it has not ended
	x.must(os.Remove(filler))
	x.start(x.session)
	x.through(x.session, x.traveller(), "after the disk has room again")
	x.must(x.drain())
	x.must(x.stopDevice())
	copyAll(x.path("device"), kept)
	x.must(syscall.Unmount(x.path("device"), 0))
	copyAll(kept, x.path("device"))
	x.start(x.session)
	x.done["full disk"]++
}

// fill writes to the end of a file until the disk is full.
func (x *torture) fill(name string) {
	x.t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	x.must(err)
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	x.must(f.Close()) // who holds it open holds its room
}

// reimage sets the machine up anew under the same name: the centre takes nothing from it until
// somebody approves its new key.
func (x *torture) reimage() {
	x.t.Helper()
	before := x.epoch()
	x.must(x.drain())
	x.keep(x.session)
	x.must(os.RemoveAll(x.path("device")))
	card, err := x.checkpoint(x.t.Context(), "enroll", "--state", x.path("device"), "--device", Device, "--site", cast.Site)
	x.must(err)
	c, err := x.counts()
	x.must(err)
	x.start(x.session)
	x.must(process.Until(x.t.Context(), 45*time.Second, "the centre refuses what a new key signs", func() bool {
		now, err := x.counts()
		return err == nil && now.Quarantined > c.Quarantined
	}))
	x.must(os.WriteFile(x.path("registry", Device+".json"), card, 0o644))
	x.quotas("day") // and the hall is told the new key
	x.renewed(fmt.Sprintf("after %s was set up anew", Device), before)
}
