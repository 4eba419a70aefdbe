package sets

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
)

// says runs a command and gives what it says to somebody: its error, or what it wrote for one.
func says(t *testing.T, run func() error) (string, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stderr
	os.Stderr = f
	err = run()
	os.Stderr = was
	if closed := f.Close(); closed != nil {
		t.Fatal(closed)
	}
	text, read := os.ReadFile(f.Name())
	if read != nil {
		t.Fatal(read)
	}
	if err != nil && !errors.Is(err, exit.ErrNo) {
		return string(text) + err.Error(), err
	}
	return string(text), err
}

// TestImportSaysWhatToDo: each way in which a stick is not taken has a sentence, the set that was good
// stays, and a store that is torn is put aside and filled again.
func TestImportSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sign := func(keys, out string, valid time.Duration) {
		t.Helper()
		_, err := os.Stat(at(keys))
		must((&signCmd{Targets: at("src"), Out: at(out), Keys: at(keys), Init: err != nil, RootKeys: 1, Valid: valid}).Run())
	}
	must(os.CopyFS(at("src"), os.DirFS(sourceFiles(t))))
	sign("k", "good", time.Hour)
	sign("other-k", "other", time.Hour)
	copied := func(name string, change func(repository string) error) {
		t.Helper()
		must(os.CopyFS(at(name), os.DirFS(at("good"))))
		must(change(at(name)))
	}
	copied("short", func(r string) error { return os.Remove(filepath.Join(r, "timestamp.json")) })
	copied("linked", func(r string) error {
		return errors.Join(os.Remove(filepath.Join(r, "timestamp.json")), os.Symlink(at("good/timestamp.json"), filepath.Join(r, "timestamp.json")))
	})
	copied("linked-folder", func(r string) error {
		return errors.Join(os.Rename(filepath.Join(r, "targets"), filepath.Join(r, "t")), os.Symlink("t", filepath.Join(r, "targets")))
	})
	copied("endless", func(r string) error { return os.Truncate(filepath.Join(r, "timestamp.json"), 1<<20) })
	copied("expired", func(string) error { return nil })
	sign("k", "expired", time.Nanosecond)
	must(os.Mkdir(at("state"), 0o700))
	take := func(stick, root, state string) (string, error) {
		return says(t, func() error { return (&importCmd{Dir: at(stick), State: at(state), Root: at(root)}).Run("1.3.2") })
	}
	if said, err := take("linked-folder", "good/root.json", "state"); exit.Code(err) != exit.Failed || !strings.Contains(said, "without links") {
		t.Errorf("a folder that is a link: %v, %q", err, said)
	}
	if said, err := take("good", "good/root.json", "state"); err != nil || said != "" {
		t.Fatalf("%v, %q", err, said)
	}
	sign("k", "good", time.Hour) // which the device has not seen
	for _, c := range []struct {
		stick, root, state string
		refused            bool
		says               string
	}{
		{"short", "good/root.json", "state", false, "copy all of what \"bundle sign\" made"},
		{"linked", "good/root.json", "state", false, "without links"},
		{"endless", "good/root.json", "state", true, "at most"},
		{"other", "good/root.json", "state", true, "is this the device's centre?"},
		{"expired", "good/root.json", "state", true, "have the centre sign again"},
		{"good", "src/keys.json", "state", false, "the pinned root"},
		{"good", "good/root.json", "nowhere", false, "is no state directory"},
		{"good", "good/root.json", "good/root.json", false, "is no state directory"},
	} {
		said, err := take(c.stick, c.root, c.state)
		if want := map[bool]int{true: exit.No, false: exit.Failed}[c.refused]; exit.Code(err) != want || !strings.Contains(said, c.says) || strings.Contains(strings.TrimSpace(said), "\n") {
			t.Errorf("%s, %s, %s: %v, %q; want %q", c.stick, c.root, c.state, err, said, c.says)
		}
	}
	if said, err := take("good", "good/root.json", "state"); err != nil || said != "" {
		t.Errorf("the newest stick: %v, %q", err, said)
	}
	if said, err := take("short", "good/root.json", "state"); err == nil {
		t.Error(said)
	}
	for _, size := range []int64{100, 5000, 1 << 16} {
		must(os.Truncate(at("state/bundle.db"), size))
		if said, err := take("good", "good/root.json", "state"); err != nil || !strings.Contains(said, "keep the old one") {
			t.Errorf("a store torn at %d: %v, %q", size, err, said)
		}
	}
	if said, err := take("other", "other/root.json", "state"); err != nil || !strings.Contains(said, "the device's own") {
		t.Errorf("another root than the device's: %v, %q", err, said)
	}
}

// TestSignSaysWhatToDo where there are no keys, and where a timestamp would vouch for nothing.
func TestSignSaysWhatToDo(t *testing.T) {
	src := sourceFiles(t)
	for want, c := range map[string]signCmd{
		"make them with --init": {Targets: src, Keys: filepath.Join(t.TempDir(), "none"), Valid: time.Hour},
		"more than 0":           {Targets: src, Keys: t.TempDir(), Init: true, RootKeys: 1, Valid: -time.Hour},
	} {
		c.Out = filepath.Join(t.TempDir(), "r")
		if said, err := says(t, c.Run); err == nil || !strings.Contains(said, want) {
			t.Errorf("%v, %q; want %q", err, said, want)
		}
	}
}

// TestProfilesLeaveAlone what somebody has changed.
func TestProfilesLeaveAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "venue-market.json")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&profilesCmd{Out: dir}).Run(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(mine); string(text) != "mine" {
		t.Errorf("a file that was there now says %.40q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "venue-estate.json")); err != nil {
		t.Error(err)
	}
}

// TestMistakesInPlainFiles: what nobody could use later is refused when it is made.
func TestMistakesInPlainFiles(t *testing.T) {
	src := sourceFiles(t)
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "members")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	out := filepath.Join(t.TempDir(), "out")
	pin := strings.NewReader("123456\n123456\n123456\n")
	for what, c := range map[string]struct {
		run  func() error
		says string
	}{
		"a build into its own source": {(&buildCmd{Src: src, Out: filepath.Join(src, "out")}).Run, "beside it"},
		"a list in another encoding":  {(&listCmd{Members: file("HK abc\nHK \xe9t\xe9\n"), Out: out}).Run, ":2: it is not UTF-8"},
		"a list with an endless line": {(&listCmd{Members: file("HK " + strings.Repeat("a", 1<<17)), Out: out}).Run, "longer than 64 KiB"},
		"a name that no device takes": {func() error {
			return (&staffCmd{ID: "a b<c>", Role: "officer", Valid: time.Hour}).write(pin, io.Discard)
		}, "staff"},
		"a term that has ended": {func() error { return (&staffCmd{ID: "ab", Role: "officer", Valid: -time.Hour}).write(pin, io.Discard) }, "--valid"},
	} {
		if said, err := says(t, c.run); err == nil || !strings.Contains(said, c.says) {
			t.Errorf("%s: %v, %q", what, err, said)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a faulty list was written")
	}
}
