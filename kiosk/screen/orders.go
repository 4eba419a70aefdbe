package screen

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// OrderLine is an order of the centre that is in force at some lane of the device, or would
// open what was halted and waits for a supervisor.
type OrderLine struct {
	Number    uint64
	Kind      string   // as the centre names it: "breaker", "lockdown", "min-version", "time"
	Halt      bool     // it halts by itself
	Held      bool     // it opens or lowers something, and waits for a supervisor
	Agrees    []string // numbers of the lanes where the next turn of the supervisor's key agrees to it, and to nothing else
	Direction string   // where it holds: "in" or "out"; empty: both ways
	Lane      string   // number of the lane; empty: all
	Scheme    string   // of codes; empty: all
	Reason    string   // as the centre gave it
	From      time.Time
	Since     time.Time // it was here, and its time had come: what waits longest is agreed to first
	Overdue   bool      // somebody should have looked at it again
}

// maxReason is how much of a reason is shown, in characters.
const maxReason = 120

// ordered is one order in words.
type ordered struct {
	Figure, Word string
	Held         bool
	Facts        []string
	Waits        string // what has to be done; empty for nothing
}

// orders sets the orders into words: first what waits for a supervisor, in the order in
// which the key agrees to it.
func (b board) orders(all []OrderLine) []ordered {
	sorted := slices.SortedFunc(slices.Values(all), func(x, y OrderLine) int {
		if x.Held != y.Held {
			return map[bool]int{true: -1, false: 1}[x.Held]
		}
		return cmp.Or(x.Since.Compare(y.Since), x.From.Compare(y.From), cmp.Compare(x.Number, y.Number))
	})
	var out []ordered
	for _, o := range sorted {
		known, ok := phrases.Orders[o.Kind]
		if !ok {
			known = phrases.Order{Halts: Words{Hant: o.Kind}, Opens: Words{Hant: o.Kind}}
		}
		r := ordered{Figure: "closed", Word: known.Halts.In(b.Tongue), Held: o.Held}
		if o.Held {
			r.Figure = "refer"
		}
		if !o.Halt {
			r.Word = known.Opens.In(b.Tongue)
		}
		var where []string
		if o.Lane != "" {
			where = append(where, b.T("lane", "n", o.Lane))
		}
		if d, ok := phrases.Directions[o.Direction]; ok {
			where = append(where, d.In(b.Tongue))
		}
		if o.Scheme != "" {
			where = append(where, o.Scheme)
		}
		r.Facts = append(r.Facts, cmp.Or(strings.Join(where, ", "), b.T("everywhere")), b.T("order", "n", strconv.FormatUint(o.Number, 10)))
		if o.From.After(b.current) {
			r.Facts = append(r.Facts, b.T("from", "n", b.when(o.From)))
		}
		if o.Reason != "" {
			r.Facts = append(r.Facts, b.T("given", "n", clip(o.Reason)))
		}
		if o.Overdue {
			r.Facts = append(r.Facts, b.T("overdue"))
		}
		switch {
		case o.Held && len(o.Agrees) > 0:
			r.Waits = b.T("agrees", "n", strings.Join(o.Agrees, ", "))
		case o.Held:
			r.Waits = b.T("held")
		}
		out = append(out, r)
	}
	return out
}

// clip shortens a text of the centre.
func clip(s string) string {
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason-1]) + "…"
	}
	return s
}
