package journal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/journal/marks"
	"example.org/checkpoint/firmware/verdict"
)

// until claims one identity that counts until then, and settles it as passed.
func (b *bench) until(j *Journal, presentation uint64, until time.Time, identity string, want verdict.Reason) {
	b.Helper()
	l := j.Lane("1")
	got, err := l.Claim(claimed(b.now, presentation, until, identity))
	if err != nil || got != want {
		b.Fatalf("%q %v; want %q", got, err, want)
	}
	if got == "" {
		b.settle(l, presentation, true)
	}
}

// storedKey is one in the file of the day keys.
type storedKey struct {
	Day uint64
	Key []byte
}

func (b *bench) keys() []storedKey {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, marks.KeyFile))
	b.must(err)
	var d struct{ Keys []storedKey }
	b.must(json.Unmarshal(text, &d))
	return d.Keys
}

func TestMarksOutliveTheKeyOfTheirDay(t *testing.T) {
	b := newBench(t)
	j := b.open()
	keys := func() int { return len(b.keys()) }
	// A border's day ends at 16:00 UTC, in the middle of one of our days; another
	// identity counts for three days.
	b.now = time.Date(2026, 11, 21, 23, 50, 0, 0, time.UTC)
	b.until(j, 1, time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC), "today", "")
	b.until(j, 2, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), "long", "")
	first, err := os.ReadFile(filepath.Join(b.dir, marks.KeyFile))
	b.must(err)

	b.now = time.Date(2026, 11, 22, 0, 10, 0, 0, time.UTC)
	b.until(j, 3, b.now.Add(time.Hour), "today", verdict.Replayed)
	b.until(j, 4, b.now.Add(time.Hour), "other", "")
	if n := keys(); n != 2 {
		t.Errorf("%d keys", n)
	}
	b.close(j)
	j = b.open() // both are found again from the disk
	b.until(j, 5, b.now.Add(time.Hour), "today", verdict.Replayed)
	b.until(j, 6, b.now.Add(time.Hour), "other", verdict.Replayed)

	b.now = time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	b.until(j, 7, b.now.Add(time.Hour), "today", "")
	b.until(j, 8, b.now.Add(time.Hour), "long", verdict.Replayed)

	b.now = time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)
	b.until(j, 9, b.now.Add(time.Hour), "long", "")
	if n := keys(); n != 1 {
		t.Errorf("%d keys after the last mark of the old ones has ended", n)
	}
	if now, err := os.ReadFile(filepath.Join(b.dir, marks.KeyFile)); err != nil || string(now) == string(first) {
		t.Error("the first key is still there")
	}

	b.now = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) // the clock goes back
	b.until(j, 10, b.now.Add(time.Hour), "back", "")
	b.until(j, 11, b.now.Add(time.Hour), "long", verdict.Replayed)
	b.close(j)
	b.until(b.open(), 12, b.now.Add(time.Hour), "back", verdict.Replayed)
}

// TestKeyOfAFarDay: the clock jumped a year ahead for a while. The key of that day makes no
// marks any more, and is erased after tomorrow at the latest.
func TestKeyOfAFarDay(t *testing.T) {
	b := newBench(t)
	j := b.open()
	right := b.now
	b.now = right.AddDate(1, 0, 0)
	b.until(j, 1, b.now.Add(time.Hour), "far", "")
	far := b.keys()[len(b.keys())-1]
	b.now = right
	b.until(j, 2, b.now.Add(time.Hour), "a", "")
	b.until(j, 3, b.now.Add(time.Hour), "far", verdict.Replayed)
	if list := b.keys(); len(list) != 2 || list[0].Day != uint64(right.Unix()/86400) {
		t.Fatal("there is no key of the day that it is")
	}
	b.close(j)
	j = b.open()
	for n := range 3 {
		b.now = b.now.Add(24 * time.Hour)
		b.until(j, uint64(4+n), b.now.Add(time.Hour), "a", "")
		if n == 0 {
			b.until(j, 9, b.now.Add(time.Hour), "far", verdict.Replayed)
		}
	}
	if list := b.keys(); len(list) != 1 || list[0].Day == far.Day {
		t.Errorf("%d keys are left", len(list))
	}
}

func TestLostKeyFile(t *testing.T) {
	for name, content := range map[string]string{"missing": "", "unreadable": "{", "wrong": `{"v":1,"keys":[{"day":1,"key":"AA=="}]}`} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			j := b.open()
			b.until(j, 1, b.now.Add(time.Hour), "a", "")
			b.close(j)
			path := filepath.Join(b.dir, marks.KeyFile)
			b.must(os.Remove(path))
			if content != "" {
				b.must(os.WriteFile(path, []byte(content), 0o600))
			}
			j = b.open()
			b.origin(j, Continued)
			b.until(j, 1, b.now.Add(time.Hour), "a", "") // nobody can tell
			b.until(j, 2, b.now.Add(time.Hour), "a", verdict.Replayed)
		})
	}
}

// TestNoKeyNoClaim: a mark under a key that is not on the disk would be forgotten.
func TestNoKeyNoClaim(t *testing.T) {
	b := newBench(t)
	j := b.open()
	b.now = b.now.Add(24 * time.Hour)
	b.must(os.Mkdir(filepath.Join(b.dir, marks.KeyFile+".new"), 0o700)) // the file cannot be written
	if r, err := j.Lane("1").Claim(claimed(b.now, 1, b.now.Add(time.Hour), "a")); err == nil {
		t.Errorf("claimed: %q", r)
	}
	b.alarm(j.Lane("1"))
	b.must(os.Remove(filepath.Join(b.dir, marks.KeyFile+".new")))
	b.until(j, 1, b.now.Add(time.Hour), "a", "")
}

func TestNoRandomnessNoJournal(t *testing.T) {
	b := newBench(t)
	b.close(b.open())
	o := b.options
	o.Rand = dry{}
	if _, err := Open(t.TempDir(), o); !errors.Is(err, errDry) {
		t.Error(err)
	}
}

type dry struct{}

var errDry = errors.New("dry")

func (dry) Read([]byte) (int, error) { return 0, errDry }
