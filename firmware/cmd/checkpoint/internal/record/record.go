// Package record is "checkpoint journal": it lists, shows, checks and exports the record of what happened.
package record

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
)

// Commands is "checkpoint journal".
type Commands struct {
	List   listCmd   `cmd:"" help:"List the newest events, oldest first. The device must not be running, or give a copy of its file."`
	Export exportCmd `cmd:"" help:"Write the whole record as JSON lines that can be checked anywhere. The device must not be running, or give a copy of its file."`
	Show   showCmd   `cmd:"" help:"Show one event as an auditor reads it, with all that belongs to the same visit."`
	Verify verifyCmd `cmd:"" help:"Check that nothing in the record was changed, removed or cut off. Exit 0: intact, 2: broken, 1: could not look."`
}

type listCmd struct {
	State string `default:"/var/lib/checkpoint" help:"State directory, or a copy of its journal.db."`
	N     int    `short:"n" default:"50" help:"How many; 0 for all."`
	Kind  string `help:"Only events of this kind: presented, claimed, passed, alarm, ..."`
	JSON  bool   `name:"json" help:"One CloudEvent on a line."`
}

func (c listCmd) Run() error { return c.list(os.Stdout) }

func (c listCmd) list(w io.Writer) error {
	if c.N < 0 {
		return errors.New("-n takes 0 or more")
	}
	all, err := evidence.List(c.State, c.N, func(r event.Record) bool { return c.Kind == "" || string(r.Kind) == c.Kind })
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(all) {
		text := line(r)
		if c.JSON {
			b, err := event.Encode(r)
			if err != nil {
				return err
			}
			text = string(b)
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

// line is one event for people.
func line(r event.Record) string {
	s := fmt.Sprintf("%s  %-12s %-16s", r.At.Local().Format("2006-01-02 15:04:05.000 -0700"), cmp.Or(r.Lane, "-"), r.Kind)
	if v := r.Verdict; v.Reason != "" {
		s += fmt.Sprintf(" %-6s %s", v.Outcome, v.Reason)
		if v.Rule != "" {
			s += ", rule " + v.Rule
		}
		if v.Measured != "" {
			s += ", " + v.Measured
		}
		if v.Threshold != "" {
			s += " (needs " + v.Threshold + ")"
		}
		if v.SetBy != "" {
			s += ", red by " + v.SetBy
		}
		if v.Ruled != "" {
			s += ", the rules alone found " + string(v.Ruled)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(r.Note)) {
		s += fmt.Sprintf(" %s=%s", k, r.Note[k])
	}
	return strings.TrimRight(s, " ")
}
