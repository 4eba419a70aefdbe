package record

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict/words"
)

type showCmd struct {
	Event    string `arg:"" help:"Its id, as in journal list --json, or <epoch>/<number>, or its number in the newest epoch."`
	State    string `default:"/var/lib/checkpoint" help:"State directory, or a copy of its journal.db."`
	Language string `default:"en" enum:"zh-Hant,zh-Hans,en,ja,ko,pt" help:"Language of the words: ${enum}."`
}

func (c showCmd) Run() error { return c.show(os.Stdout) }

func (c showCmd) show(w io.Writer) error {
	r, err := Find(c.State, c.Event)
	if err != nil {
		return err
	}
	visit := []event.Record{r}
	if r.Visit != "" {
		visit, err = evidence.List(c.State, 0, func(o event.Record) bool { return o.Visit == r.Visit })
		if err != nil {
			return err
		}
		slices.Reverse(visit)
	}
	for _, o := range visit {
		mark := " "
		if o.Epoch == r.Epoch && o.Seq == r.Seq {
			mark = "*"
		}
		if _, err := fmt.Fprintf(w, "%s %016x/%d  %s\n", mark, o.Epoch, o.Seq, line(o)); err != nil {
			return err
		}
		if o.Verdict.Reason == "" {
			continue
		}
		at := o.Verdict.At
		if at.IsZero() {
			at = o.At
		}
		if _, err := fmt.Fprintf(w, "    %s\n", words.Auditor(o.Verdict, at, c.Language)); err != nil {
			return err
		}
		if err := c.movement(w, o); err != nil {
			return err
		}
	}
	return nil
}

// movement shows what lies beside an event that commits to a record of the movement.
func (c showCmd) movement(w io.Writer, r event.Record) error {
	if r.Note[movement.Note] == "" {
		return nil
	}
	kept, there, err := evidence.Movement(c.State, r.Epoch, r.Seq)
	switch {
	case err != nil:
		return err
	case !there:
		_, err = fmt.Fprintf(w, "    record of the movement: erased at its term, or because nobody passed\n")
	case kept.Commitment() != r.Note[movement.Note]:
		_, err = fmt.Fprintf(w, "    record of the movement: another than the event commits to: run 'checkpoint journal verify'\n")
	default:
		_, err = fmt.Fprintf(w, "    record of the movement, which only the centre can open, until %s; salt %x: %s\n", kept.Until.UTC().Format(time.DateOnly), kept.Salt, kept.Value)
	}
	return err
}

// Find finds an event by its id, or reads it out of a file.
func Find(state, id string) (event.Record, error) {
	if data, err := os.ReadFile(id); err == nil {
		return event.Decode([]byte(strings.TrimSpace(string(data))))
	}
	parts := strings.Split(id, "/")
	seq, err := strconv.ParseUint(parts[len(parts)-1], 10, 64)
	if err != nil || len(parts) > 3 {
		return event.Record{}, fmt.Errorf("%q is no event: give <device>/<epoch>/<number>, <epoch>/<number> or <number>, as journal list --json prints them, or a file", id)
	}
	newest := uint64(0)
	all, err := evidence.List(state, 0, func(r event.Record) bool {
		if newest == 0 {
			newest = r.Epoch // the first that is read
		}
		switch len(parts) {
		case 1:
			return r.Seq == seq && r.Epoch == newest
		case 2:
			return r.Seq == seq && fmt.Sprintf("%016x", r.Epoch) == parts[0]
		}
		return r.Seq == seq && fmt.Sprintf("%016x", r.Epoch) == parts[1] && r.Device == parts[0]
	})
	if err != nil {
		return event.Record{}, err
	}
	if len(all) == 0 {
		return event.Record{}, fmt.Errorf("event %s is not in %s: the journal keeps what is not confirmed and the newest after that; the centre has the others: give it as a file: %w", id, state, fs.ErrNotExist)
	}
	return all[0], nil
}
