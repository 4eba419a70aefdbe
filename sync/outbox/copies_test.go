package outbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/checkpoint/firmware/journal"
)

// backup copies what a backup takes of a stopped device, and putBack puts it back.
func (d *device) backup() string {
	d.t.Helper()
	to := d.t.TempDir()
	copyFiles(d.t, d.dir, to)
	return to
}

func (d *device) putBack(from string, names ...string) {
	d.t.Helper()
	if err := d.j.Close(); err != nil {
		d.t.Fatal(err)
	}
	copyFiles(d.t, from, d.dir, names...)
	d.reopen()
}

func (d *device) reopen() {
	d.t.Helper()
	j, err := journal.Open(d.dir, journal.Options{Device: "g1", Site: "LW"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.j = j
	d.t.Cleanup(func() { j.Close() })
}

func copyFiles(t testing.TB, from, to string, names ...string) {
	t.Helper()
	if len(names) == 0 {
		names = []string{"journal.db", "boot.json"}
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestoredCopy: an old copy of the journal is put back. The centre holds more of its epoch,
// and names the event up to which it has been sent again: only by that it is confirmed.
func TestRestoredCopy(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.append(5)
	if err := d.j.Close(); err != nil {
		t.Fatal(err)
	}
	old := d.backup() // nothing of it is confirmed
	d.reopen()
	d.append(20)
	d.run(w.natsPort)
	d.delivered()
	d.stop()
	d.putBack(old, "journal.db")
	if s := d.j.Stats(); s.Origin != journal.Restored || s.Unsynced < 7 {
		t.Fatalf("%+v", s)
	}
	d.run(w.natsPort)
	d.delivered()
	if c := w.counts(); c.Conflicts+c.Broken+c.Gaps != 0 || c.Doubles < 6 || d.out.State().Fault != nil || d.j.Stats().Disputed != 0 {
		t.Errorf("%+v, %+v, %+v", c, d.out.State(), d.j.Stats())
	}
}

// TestDivergedCopy: the whole state directory is put back, and the device goes on under the same
// numbers with other events. They are not taken for delivered, and the centre's first word on
// them ends the epoch, so that they hold nothing up.
func TestDivergedCopy(t *testing.T) {
	w := newWorld(t)
	d := newDevice(t, w)
	d.enrol()
	d.append(5)
	if err := d.j.Close(); err != nil {
		t.Fatal(err)
	}
	old := d.backup()
	d.reopen()
	d.append(20)
	d.run(w.natsPort)
	d.delivered()
	d.stop()
	d.putBack(old)
	d.append(3)
	ours := d.j.Stats()
	if ours.Origin != journal.Continued {
		t.Fatalf("%+v", ours)
	}
	d.run(w.natsPort)
	eventually(t, "the conflict is seen", func() bool { return d.j.Stats().Disputed > 0 })
	d.append(3)
	d.delivered()
	if s := d.j.Stats(); s.Origin != journal.Restored || s.Disputed != ours.Seq {
		t.Errorf("%+v; %d were other than the centre's", s, ours.Seq)
	}
	if c := w.counts(); c.Conflicts == 0 {
		t.Errorf("%+v", c)
	}
}
