package appliance

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/simulators/gateboard"
)

// onFullDisk, in the environment, makes the test its own child.
const onFullDisk = "CHECKPOINT_ON_FULL_DISK"

// TestFullDisk runs a lane in a process for whose files the system has no block left, as on a full
// disk. Who is in the gate comes out, an evacuation opens it, nobody is admitted, the conditions
// say so; and when there is room again the lane works without a restart, and nothing is lost.
func TestFullDisk(t *testing.T) {
	if os.Getenv(onFullDisk) != "" {
		fullDisk(t)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	child.Env = append(os.Environ(), onFullDisk+"=1")
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk") {
		t.Errorf("%v\n%s", err, out)
	}
}

func fullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ) // else it kills: the write is to fail
	r := newRig(t)
	a := r.device()
	r.open()
	walk := gateboard.Walk{Board: r.gate, Pace: 150 * time.Millisecond}
	r.admit("A")
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilJournal("claimed satisfied", "passed")
	r.untilState(lane.Ready)

	r.admit("B") // and stands in the gate when the disk fills
	r.fill(r.given())
	var err error
	for long := map[string]string{"text": strings.Repeat("x", 8<<10)}; err == nil; {
		err = r.journal.Append(event.Event{At: time.Now(), Kind: event.BundleRejected, Note: long})
	}
	if !errors.Is(err, room.ErrDisk) {
		t.Fatal(err)
	}
	for _, c := range []health.Code{health.DiskLow, health.JournalFull} {
		if !a.shows(t, c) {
			t.Errorf("%v is not shown", c)
		}
	}
	written := r.journal.Stats().Seq
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.until("the gate shut behind whoever was in it", func() bool { return r.gate.State().Leaf == gateboard.Shut })
	r.until("out of service", func() bool { return r.lane.controller.State().Faults&lane.JournalFault != 0 })
	openings := r.gate.Counts().Openings
	r.hold("C")
	time.Sleep(time.Second) // long enough to be read and judged
	if n := r.gate.Counts().Openings; n != openings || r.journal.Stats().Seq != written {
		t.Errorf("on a full disk it opened %d times", n-openings)
	}
	r.scene.Clear()
	r.gate.Fire(true)
	r.until("open for everybody", func() bool { s := r.gate.State(); return s.Leaf == gateboard.Open && s.EgressFree })
	r.gate.Fire(false)
	r.until("normal", func() bool { return r.lane.controller.State().Normal })
	if s := r.lane.controller.State(); s.State != lane.Evacuating {
		t.Errorf("%v before a supervisor has reset it", s)
	}

	r.fill(-1)
	ended := []string{"claimed satisfied", "passed", "claimed satisfied", "passed", "evacuated"}
	r.until("what happened is written", func() bool { a.watch(); return slices.Equal(r.lanes(), ended) })
	for _, c := range []health.Code{health.DiskLow, health.JournalFull, health.JournalFailed} {
		if a.shows(t, c) {
			t.Errorf("%v is shown still", c)
		}
	}
	r.turn(r.gate.TurnSupervisorKey)
	r.until("shut", func() bool { return r.gate.State().Leaf == gateboard.Shut })
	r.turn(r.gate.TurnOfficerKey)
	r.untilState(lane.Ready)
	r.admit("C")
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.until("passed", func() bool { all := r.lanes(); return all[len(all)-1] == "passed" })
	r.stop()
	if report, err := evidence.Verify(r.state, evidence.Known{}); err != nil || report.Fault != nil {
		t.Errorf("%+v %v", report.Fault, err)
	}
}

// given is how many bytes of the journal's file the disk has given.
func (r *rig) given() int64 {
	r.Helper()
	info, err := os.Stat(filepath.Join(r.state, layout.File))
	if err != nil {
		r.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

// fill bounds what any file of this process may hold. Less than 0: there is room again.
func (r *rig) fill(bytes int64) {
	r.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		r.Fatal(err)
	}
	if limit.Cur = limit.Max; bytes >= 0 {
		limit.Cur = uint64(bytes)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		r.Fatal(err)
	}
}

// lanes are the events of people and alarms at the lane, oldest first, however many others there are.
func (r *rig) lanes() (kinds []string) {
	events, err := r.journal.Recent(1000)
	if err != nil {
		r.Error(err)
	}
	for _, e := range events {
		if e.Lane == "1" && e.Kind != event.Condition {
			kinds = append(kinds, strings.TrimSpace(string(e.Kind)+" "+string(e.Verdict.Reason)))
		}
	}
	slices.Reverse(kinds)
	return kinds
}
