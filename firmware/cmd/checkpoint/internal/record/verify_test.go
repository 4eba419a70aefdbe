package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/outbox"
)

// signedRecord is a state directory of a device with a key, which has deleted some events that
// the centre had confirmed, its card, and the checkpoints that the centre has kept.
func signedRecord(t *testing.T) (dir, card, checkpoints string) {
	t.Helper()
	dir = t.TempDir()
	key, _, err := enrol.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := key.Card("gate-07", "LMC")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	sign := outbox.Checkpoint("gate-07", key.Sign)
	j, err := journal.Open(dir, journal.Options{Device: "gate-07", Site: "LMC", Keep: 10, Sign: sign})
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for i := range 30 {
		if err := j.Append(event.Event{At: time.Now(), Kind: event.Alarm}); err != nil {
			t.Fatal(err)
		}
		if i%10 == 5 {
			epoch, seq, hash, err := j.Head()
			if err != nil {
				t.Fatal(err)
			}
			signed, err := sign(epoch, seq, hash)
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, fmt.Sprintf("%x", signed))
		}
	}
	entries, err := j.Entries(25, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	last := entries[24]
	if err := j.Mark(last.Epoch, last.Seq, sha256.Sum256(last.Bytes)); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	card, checkpoints = filepath.Join(t.TempDir(), "card.json"), filepath.Join(t.TempDir(), "checkpoints")
	if err := errors.Join(os.WriteFile(card, text, 0o600), os.WriteFile(checkpoints, []byte(strings.Join(kept, "\n")), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, card, checkpoints
}

// TestExport: an export says the same as the journal, and whatever is done to it is found.
func TestExport(t *testing.T) {
	dir, card, checkpoints := signedRecord(t)
	file := filepath.Join(t.TempDir(), "export.jsonl")
	if err := (exportCmd{State: dir, Out: file}).Run(); err != nil {
		t.Fatal(err)
	}
	if err := (exportCmd{State: dir, Out: file}).Run(); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	verify := func(path string, card, checkpoints string) (string, error) {
		var out bytes.Buffer
		err := (verifyCmd{State: dir, File: path, Card: card, Checkpoints: checkpoints}).verify(&out)
		text, _, _ := strings.Cut(out.String(), "intact at")
		return text, err
	}
	ofExport, err := verify(file, card, checkpoints)
	if err != nil || !strings.Contains(ofExport, "events 22 to 31; confirmed to 25, deleted to 21, witnessed to 27") {
		t.Fatalf("%v\n%s", err, ofExport)
	}
	if ofJournal, err := verify("", card, checkpoints); err != nil || ofJournal != ofExport {
		t.Errorf("%v\n%s", err, ofJournal)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for name, c := range map[string]struct {
		kind   string
		change func([]string) []string
	}{
		"edited":               {"edit", func(l []string) []string { l[3] = strings.Replace(l[3], "alarm", "alerm", 1); return l }},
		"one left out":         {"gap", func(l []string) []string { return slices.Delete(l, 3, 4) }},
		"two swapped":          {"reorder", func(l []string) []string { l[3], l[4] = l[4], l[3]; return l }},
		"the end cut off":      {"truncation", func(l []string) []string { return slices.Delete(l, 8, 11) }},
		"the footer cut off":   {"truncation", func(l []string) []string { return l[:len(l)-2] }},
		"the start cut off":    {"gap", func(l []string) []string { return slices.Delete(l, 1, 2) }},
		"another anchor":       {"edit", func(l []string) []string { l[0] = strings.Replace(l[0], `"seq":21`, `"seq":20`, 1); return l }},
		"an anchor of nobody":  {"edit", func(l []string) []string { l[0] = l[0][:strings.Index(l[0], `,"anchor"`)] + "}\n"; return l }},
		"a footer of nobody":   {"truncation", func(l []string) []string { l[len(l)-2] = `{"v":1,"checkpoint":""}` + "\n"; return l }},
		"a checkpoint by hand": {"truncation", func(l []string) []string { l[len(l)-2] = strings.Replace(l[len(l)-2], "d284", "d285", 1); return l }},
	} {
		path := filepath.Join(t.TempDir(), "copy")
		if err := os.WriteFile(path, []byte(strings.Join(c.change(slices.Clone(lines)), "")), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := verify(path, card, checkpoints); !errors.Is(err, exit.ErrNo) || !strings.Contains(text, "BROKEN ("+c.kind+")") {
			t.Errorf("%s: %v %s", name, err, text)
		}
	}
}

// TestWhatToDo: whatever cannot be looked at, or is broken, is said in one line that says what to do;
// an export that fails leaves nothing behind.
func TestWhatToDo(t *testing.T) {
	dir, card, checkpoints := signedRecord(t)
	export := filepath.Join(t.TempDir(), "export.jsonl")
	if err := (exportCmd{State: dir, Out: export}).Run(); err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	_, headless, _ := bytes.Cut(text, []byte("\n"))
	for name, c := range map[string]struct {
		verifyCmd
		want string
	}{
		"no directory":          {verifyCmd{State: filepath.Join(dir, "none")}, "give a device's state directory"},
		"no journal":            {verifyCmd{State: t.TempDir()}, "give a device's state directory"},
		"another file":          {verifyCmd{File: card}, "or what 'journal export' wrote"},
		"an export without end": {verifyCmd{File: write("cut", text[:len(text)/2])}, "is not readable"},
		"one without beginning": {verifyCmd{File: write("headless", headless)}, "or what 'journal export' wrote"},
		"an empty file":         {verifyCmd{File: write("empty", nil)}, "keep a copy of the file"},
		"no checkpoints":        {verifyCmd{State: dir, Card: card, Checkpoints: card}, "give what the centre's GET /checkpoints wrote"},
		"no card":               {verifyCmd{State: dir, Card: checkpoints}, "not a device's card"},
	} {
		var out bytes.Buffer
		err := c.verify(&out)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		said := err.Error()
		if errors.Is(err, exit.ErrNo) {
			all := strings.Split(strings.TrimSpace(out.String()), "\n")
			said = all[len(all)-1]
		}
		if !strings.Contains(said, c.want) || strings.Contains(said, "\n") {
			t.Errorf("%s: %s", name, said)
		}
	}
	for name, state := range map[string]string{"no journal": t.TempDir(), "no directory": filepath.Join(dir, "none")} {
		out := filepath.Join(t.TempDir(), "out")
		if err := (exportCmd{State: state, Out: out}).Run(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: half an export stays", name)
		}
	}
}

// TestVerifyWithCheckpoints: a record that was made anew is whole in itself, and the centre knows
// better.
func TestVerifyWithCheckpoints(t *testing.T) {
	dir, card, checkpoints := signedRecord(t)
	verify := func(card, checkpoints string) error {
		return (verifyCmd{State: dir, Card: card, Checkpoints: checkpoints}).verify(&bytes.Buffer{})
	}
	if err := verify(card, checkpoints); err != nil {
		t.Fatal(err)
	}
	if err := verify("", checkpoints); err == nil || errors.Is(err, exit.ErrNo) {
		t.Errorf("checkpoints of nobody: %v", err)
	}
	_, other, _ := signedRecord(t)
	if err := verify(other, ""); !errors.Is(err, exit.ErrNo) {
		t.Errorf("the anchor of another device: %v", err)
	}
	if err := verify(other, checkpoints); err == nil || errors.Is(err, exit.ErrNo) {
		t.Errorf("checkpoints of another device: %v", err)
	}
}
