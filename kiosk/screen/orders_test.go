package screen

import (
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// TestOrders: what waits for a supervisor stands first, the one that the next turn of the key
// agrees to before the others, and what halts behind it.
func TestOrders(t *testing.T) {
	now := noon()
	s := Status{Orders: []OrderLine{
		{Number: 9, Kind: "lockdown", Halt: true, Lane: "2", From: now.Add(time.Hour)},
		{Number: 3, Kind: "breaker", Halt: true, Scheme: "GD", Reason: strings.Repeat("x", 500), Overdue: true},
		{Number: 8, Kind: "breaker", Held: true},
		{Number: 7, Kind: "min-version", Halt: true, Held: true, Direction: "in", Agrees: []string{"1", "2"}},
		{Number: 10, Kind: "of a later version", Halt: true},
	}}
	var said [][]string
	for _, o := range newBoard(s, phrases.English, here).Orders {
		said = append(said, append([]string{o.Figure, o.Word, o.Waits}, o.Facts...))
	}
	want := [][]string{
		{"refer", "Least program version", "The next turn of the supervisor's key at lane 1, 2 agrees to this, and to this alone", "Way in", "Order 7"},
		{"refer", "Admissions may resume", "Waits for a supervisor", "All lanes", "Order 8"},
		{"closed", "No admissions", "", "GD", "Order 3", "Reason: " + strings.Repeat("x", 119) + "…", "review overdue"},
		{"closed", "of a later version", "", "All lanes", "Order 10"},
		{"closed", "Lockdown", "", "Lane 2", "Order 9", "from 15:32:11"},
	}
	if !slices.EqualFunc(said, want, slices.Equal) {
		t.Errorf("%q\nwant %q", said, want)
	}
}

// TestHallNotes: staff see what the hall found afterwards, and what was decided without it.
func TestHallNotes(t *testing.T) {
	at := noon()
	s := Status{Events: []EventLine{
		{"1", event.Event{At: at, Kind: event.Reconciled, Note: map[string]string{"found": "double", "also": "gate-07", "claimed": at.Add(-time.Minute).Format(time.RFC3339), "presentation": "4"}}},
		{"1", event.Event{At: at, Kind: event.Claimed, Note: map[string]string{"hall": "alone"}}},
	}}
	rows := newBoard(s, phrases.English, here).Rows
	if r := rows[0]; r.Figure != "alarm" || r.Word != "One code passed twice" || !slices.Equal(r.Facts, []string{"Also at gate-07", "Here at 14:31:11"}) {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.Figure != "go" || !slices.Equal(r.Facts, []string{"The hall could not be asked: by this device's record alone"}) {
		t.Errorf("%+v", r)
	}
}
