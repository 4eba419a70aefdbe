package record

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/outbox"
	"example.org/checkpoint/sync/sign1"
)

type verifyCmd struct {
	State       string `default:"/var/lib/checkpoint" help:"State directory."`
	File        string `arg:"" optional:"" help:"A copy of its journal.db, or what \"journal export\" wrote, instead."`
	Card        string `type:"existingfile" placeholder:"FILE" help:"The device's card (from \"checkpoint enroll\"): its signatures are checked too."`
	Checkpoints string `type:"existingfile" placeholder:"FILE" help:"Checkpoints that the centre has kept, hexadecimal, one a line (its GET /checkpoints); needs --card."`
}

// Help is shown by "checkpoint journal verify --help".
func (verifyCmd) Help() string {
	return `Walks the chain: every event names the hash of the one before it. What is found by that alone is
every edit, gap and swap; that the end was cut off, or the whole chain was made anew, is found as far
as somebody else remembers: the centre's mark, the state directory's witness, and with --card and
--checkpoints what the device itself had signed and the centre has kept.`
}

func (c verifyCmd) Run() error { return c.verify(os.Stdout) }

func (c verifyCmd) verify(w io.Writer) error {
	known, err := c.known()
	if err != nil {
		return err
	}
	r, err := check(cmp.Or(c.File, c.State), known)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, report(r)); err != nil {
		return err
	}
	if r.Fault != nil {
		return exit.ErrNo
	}
	return nil
}

// check looks at a state directory, a copy of its file, or an export.
func check(path string, known evidence.Known) (chain.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return evidence.Verify(path, known) // which says what to do
	}
	defer f.Close()
	text := bufio.NewReader(f)
	if head, err := text.Peek(1); err == nil && head[0] == '{' {
		r, err := chain.CheckExport(text, known.Checkpoints, known.Open)
		if err != nil {
			err = fmt.Errorf("%w: give a state directory, a copy of its journal.db, or what 'journal export' wrote", err)
		}
		return r, err
	}
	return evidence.Verify(path, known)
}

// known reads the card and the checkpoints.
func (c verifyCmd) known() (k evidence.Known, err error) {
	if c.Card == "" {
		if c.Checkpoints != "" {
			return k, errors.New("--checkpoints needs --card: whose are they?")
		}
		return k, nil
	}
	text, err := input.File(c.Card)
	if err != nil {
		return k, err
	}
	keys, err := enrol.ReadCard(text)
	if err != nil {
		return k, fmt.Errorf("%s: %w", c.Card, err)
	}
	k.Open = func(signed []byte) (chain.Checkpoint, error) { return outbox.OpenCheckpoint(keys, signed) }
	if c.Checkpoints == "" {
		return k, nil
	}
	k.Checkpoints, err = readCheckpoints(c.Checkpoints, keys)
	return k, err
}

// readCheckpoints reads lines of hexadecimal, also as JSON strings. One that the device has not
// signed is an error.
func readCheckpoints(path string, keys sign1.Keys) (all []chain.Checkpoint, err error) {
	text, err := input.File(path)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.Trim(strings.TrimSpace(line), `"`); line == "" {
			continue
		}
		data, err := hex.DecodeString(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: no checkpoint: give what the centre's GET /checkpoints wrote: %w", path, n, err)
		}
		c, err := outbox.OpenCheckpoint(keys, data)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// report is for people.
func report(r chain.Report) string {
	var b strings.Builder
	for _, e := range r.Epochs {
		fmt.Fprintf(&b, "epoch %016x: ", e.Epoch)
		if e.Last == 0 {
			b.WriteString("no events")
		} else {
			fmt.Fprintf(&b, "events %d to %d", e.First, e.Last)
		}
		fmt.Fprintf(&b, "; confirmed to %d, deleted to %d", e.Marked, e.Pruned)
		if e.Witnessed > 0 {
			fmt.Fprintf(&b, ", witnessed to %d", e.Witnessed)
		}
		b.WriteString("\n")
		for _, k := range slices.Sorted(maps.Keys(e.Counts)) {
			fmt.Fprintf(&b, "  %-17s %d\n", k, e.Counts[k])
		}
	}
	switch f := r.Fault; {
	case f == nil:
		fmt.Fprintf(&b, "intact at %s: device %s\n", time.Now().UTC().Format(time.RFC3339), cmp.Or(r.Device, "unknown"))
	case f.Epoch == 0:
		fmt.Fprintf(&b, "BROKEN (%s): %s: %s\n", f.Kind, f.Text, advice(f))
	default:
		fmt.Fprintf(&b, "BROKEN (%s) in epoch %016x: %s: %s\n", f.Kind, f.Epoch, f.Text, advice(f))
	}
	return b.String()
}

// advice is what to do about a broken record.
func advice(f *chain.Fault) string {
	if f.Kind == chain.Structure {
		return "keep a copy of the file, and start the device, which sets it aside and goes on"
	}
	return "keep the files as they are, and compare with what the centre has stored"
}

type exportCmd struct {
	State string `default:"/var/lib/checkpoint" help:"State directory; its device key signs where the record ends."`
	File  string `arg:"" optional:"" help:"A copy of its journal.db, instead."`
	Out   string `short:"o" required:"" type:"path" placeholder:"FILE" help:"Where it goes; must be new."`
}

// Help is shown by "checkpoint journal export --help".
func (exportCmd) Help() string {
	return `Writes a header, the events as they were recorded, and a checkpoint that the device's key signs, for
each epoch. "checkpoint journal verify --card CARD FILE" checks it anywhere, without the device.`
}

func (c exportCmd) Run() error {
	var sign journal.Signer
	if _, err := os.Stat(filepath.Join(c.State, "device.key")); err == nil {
		key, _, err := enrol.Load(c.State)
		if err != nil {
			return err
		}
		report, err := evidence.Verify(cmp.Or(c.File, c.State), evidence.Known{})
		if err != nil {
			return err
		}
		if report.Fault != nil {
			return fmt.Errorf("not signed, for the record is broken: %s: %s", report.Fault.Text, advice(report.Fault))
		}
		sign = outbox.Checkpoint(report.Device, key.Sign)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: name a new file", err)
	} else if err != nil {
		return err
	}
	to := bufio.NewWriter(f)
	err = evidence.Export(cmp.Or(c.File, c.State), to, sign)
	if err = cmp.Or(err, to.Flush(), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // half a record is none
	}
	return nil
}
