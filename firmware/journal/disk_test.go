package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/firmware/journal/room"
)

// diskDir tells the child of TestFullDisk its directory.
const diskDir = "CHECKPOINT_JOURNAL_FULL"

// fill bounds what any file of this process may hold, as a disk does that has no block left; what
// was given before stays. Less than 0: there is room again.
func fill(bytes int64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	if bytes >= 0 {
		limit.Cur = uint64(bytes)
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// TestFullDisk fills the disk below a working journal, in a process of its own: the system refuses
// every block beyond those that the file has. Admissions end first, and before that what the
// centre has confirmed goes, oldest first; who was admitted is recorded; nothing that was
// acknowledged is lost; when there is room again it goes on by itself.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), diskDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		t.Log(s.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if r, err := evidence.Verify(dir, evidence.Known{}); err != nil || r.Fault != nil {
		t.Errorf("%+v %v", r.Fault, err)
	}
}

// onAFullDisk is the child.
func onAFullDisk(dir string) error {
	signal.Ignore(syscall.SIGXFSZ) // else it kills: the write is to fail
	o := Options{Device: "gate-07", Site: "LMC", Keep: 1}
	j, err := Open(dir, o)
	if err != nil {
		return err
	}
	l := j.Lane("1")
	n := uint64(0)
	claim := func() error {
		n++
		e := claimed(time.Now(), n, far, fmt.Sprint("somebody ", j.Stats().Boot, n))
		e.Note = map[string]string{"text": strings.Repeat("x", 4<<10)}
		r, err := l.Claim(e)
		if err == nil && r != "" {
			err = errors.New(string(r))
		}
		return err
	}
	settle := func() error {
		return l.Settle(event.Event{At: time.Now(), Kind: event.Passed, Presentation: n}, true)
	}
	if err := errors.Join(claim(), settle()); err != nil {
		return fmt.Errorf("with room: %w", err)
	}

	info, err := os.Stat(filepath.Join(dir, layout.File))
	if err != nil {
		return err
	}
	given := info.Sys().(*syscall.Stat_t).Blocks * 512 // also past its end
	if given < info.Size() || given > 1<<30 {
		return fmt.Errorf("the file has %d bytes and the disk has given %d", info.Size(), given)
	}
	if err := fill(given); err != nil {
		return err
	}
	admitted := uint64(0)
	for err = nil; err == nil && admitted < 10_000; admitted++ {
		if err = claim(); err == nil {
			err = settle()
		}
	}
	s := j.Stats()
	if !errors.Is(err, room.ErrDisk) || !s.Full || !s.DiskLow || s.Fault != nil {
		return fmt.Errorf("after %d more: %w, %+v", admitted, err, s)
	}
	fmt.Println("on a full disk", admitted, "more were admitted from the reserve, then:", err)
	if strings.Contains(err.Error(), "\n") {
		return errors.New("an error of several lines")
	}

	// The lane goes on: whoever was inside comes out, an evacuation is written.
	recorded := 0
	for ; err != nil && recorded < 20; recorded++ {
		if failed := l.Append(event.Event{At: time.Now(), Kind: event.Evacuated}); failed != nil {
			return fmt.Errorf("an evacuation on a full disk: %w", failed)
		}
	}
	before := j.Stats()

	// What the centre confirms makes room: the oldest go, and people pass again.
	sent, err := j.Entries(1<<20, 1<<30)
	if err != nil {
		return err
	}
	half := sent[len(sent)/2]
	if err := j.Mark(half.Epoch, half.Seq, chain.Hash(half.Bytes)); err != nil {
		return fmt.Errorf("the centre's mark on a full disk: %w", err)
	}
	if err := errors.Join(claim(), settle()); err != nil {
		return fmt.Errorf("after the centre has confirmed half of it: %w", err)
	}
	left, err := j.Entries(1<<20, 1<<30)
	if err != nil || left[0].Seq != half.Seq+1 {
		return fmt.Errorf("the first that is left is %d, confirmed were %d: %v", left[0].Seq, half.Seq, err)
	}
	for err = nil; err == nil && n < 20_000; { // and it fills up again
		if err = claim(); err == nil {
			err = settle()
		}
	}
	if !errors.Is(err, room.ErrDisk) {
		return fmt.Errorf("full again: %w", err)
	}

	// Beyond all reserves nothing is written, and what was stays.
	for err = nil; err == nil; {
		err = l.Append(event.Event{At: time.Now(), Kind: event.Alarm, Note: map[string]string{"text": strings.Repeat("x", 4<<10)}})
	}
	full := j.Stats()
	if !errors.Is(err, room.ErrDisk) || full.Seq <= before.Seq {
		return fmt.Errorf("alarms past the reserve: %w", err)
	}

	// A start finds room for itself, and admits nobody.
	if err := j.Close(); err != nil {
		return err
	}
	if j, err = Open(dir, o); err != nil {
		return fmt.Errorf("a start on a full disk: %w", err)
	}
	l, n = j.Lane("1"), 0
	if s := j.Stats(); s.Origin != Continued || !s.Full || !s.DiskLow || s.Seq != full.Seq+1 {
		return fmt.Errorf("after a start on a full disk: %+v, was %+v", s, full)
	}
	if err := claim(); !errors.Is(err, room.ErrDisk) {
		return fmt.Errorf("a claim after it: %w", err)
	}

	if err := fill(-1); err != nil {
		return err
	}
	if err := j.Tend(); err != nil {
		return err
	}
	if s := j.Stats(); s.Full || s.DiskLow || s.Fault != nil || s.Seq != full.Seq+1 {
		return fmt.Errorf("with room again: %+v, was %+v", s, full)
	}
	if err := errors.Join(claim(), settle()); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}

	// A disk that does not keep what it promised: a commit fails, nothing of it is there afterwards,
	// and when it takes writes again the journal comes back by itself.
	before = j.Stats()
	if err := fill(0); err != nil {
		return err
	}
	if err := claim(); err == nil || j.Stats().Fault == nil {
		return fmt.Errorf("a write that the disk refused: %w, %+v", err, j.Stats())
	}
	if err := fill(-1); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); j.Tend() != nil && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if s := j.Stats(); s.Fault != nil || s.Seq != before.Seq {
		return fmt.Errorf("when it takes writes again: %+v, was %+v", s, before)
	}
	return errors.Join(claim(), settle(), j.Close())
}
