package gate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

const sound = wire.Beams | wire.Alarm | wire.Closed | wire.Locked | wire.Tamper | wire.Loops

// patient is a diagnosis with a clock.
type patient struct {
	diagnosis
	contacts
	now time.Time
}

func newPatient() *patient { return &patient{contacts: contacts{door: true}, now: time.UnixMilli(0)} }

// lasting believes inputs for a time under orders, and returns what is wrong then.
func (p *patient) lasting(o orders, seconds float64, in wire.Inputs) (t trouble, forced bool) {
	p.believed = in
	for range int(seconds*20) + 1 {
		p.now = p.now.Add(50 * time.Millisecond)
		now, f := p.step(p.now, &p.contacts, o)
		t, forced = now, forced || f
	}
	return t, forced
}

func TestDiagnosis(t *testing.T) {
	shut, open := orders{obeyed: true, since: time.Hour}, orders{open: true, obeyed: true, since: time.Hour}
	const ajar = sound &^ wire.Closed &^ wire.Locked
	for name, tc := range map[string]struct {
		orders  orders
		in      wire.Inputs
		patient float64 // seconds for which nothing is wrong
		want    trouble
		err     error
	}{
		"sound":                         {shut, sound, 300, 0, nil},
		"open":                          {open, ajar, 300, 0, nil},
		"a bag in the middle":           {shut, sound &^ wire.Middle, 59, middleStuck, ErrBeam},
		"somebody in the entry":         {shut, sound &^ wire.Entry, 59, entryStuck, ErrBeam},
		"dirt on the exit":              {shut, sound &^ wire.Exit, 59, exitStuck, ErrBeam},
		"key jammed":                    {shut, sound | wire.Officer, 29, keyJammed, ErrKey},
		"loop shorted":                  {shut, sound &^ wire.Loops, -1, loopShorted, ErrLoop},
		"cabinet":                       {shut, sound &^ wire.Tamper, -1, cabinetOpen, ErrTamper},
		"locked while open":             {shut, sound &^ wire.Closed, 0.1, lockOpen, ErrDoor},
		"does not open":                 {open, sound, 3.9, notOpened, ErrDoor},
		"does not shut":                 {shut, ajar, 3.9, notShut, ErrDoor},
		"does not shut on somebody":     {shut, ajar &^ wire.Exit, 30, 0, nil},
		"does not lock":                 {shut, sound &^ wire.Locked, 3.9, notLocked, ErrDoor},
		"open in an alarm":              {shut, ajar &^ wire.Alarm, 300, 0, nil},
		"open, and no order is obeyed":  {orders{}, ajar, 300, 0, nil},
		"a shorted loop goes before it": {shut, ajar &^ wire.Loops &^ wire.Tamper, -1, loopShorted, ErrLoop},
	} {
		p := newPatient()
		if tc.patient >= 0 {
			if got, _ := p.lasting(tc.orders, tc.patient, tc.in); got != 0 {
				t.Errorf("%s: after %v s: %v", name, tc.patient, got.err())
			}
		}
		got, forced := p.lasting(tc.orders, 4.5, tc.in)
		if err := got.err(); got&tc.want != tc.want || tc.want == 0 && got != 0 || !errors.Is(err, tc.err) {
			t.Errorf("%s: %v, want %v", name, err, tc.err)
		} else if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), ":")) {
			t.Errorf("%s: %v", name, err)
		}
		if forced {
			t.Errorf("%s: forced", name)
		}
		if got, _ := p.lasting(tc.orders, 1, sound); got != 0 && !tc.orders.open {
			t.Errorf("%s: not over: %v", name, got.err())
		}
	}
}

// TestForced: the leaf opens by itself at once, and not because it was told a moment ago,
// nor in an alarm, nor while the way out is free.
func TestForced(t *testing.T) {
	for name, tc := range map[string]struct {
		orders orders
		in     wire.Inputs
		want   bool
	}{
		"pushed":              {orders{obeyed: true, since: time.Second}, sound &^ wire.Closed, true},
		"told a moment ago":   {orders{obeyed: true, since: time.Millisecond}, sound &^ wire.Closed, false},
		"told":                {orders{open: true, obeyed: true, since: time.Second}, sound &^ wire.Closed, false},
		"in an alarm":         {orders{obeyed: true, since: time.Second}, sound &^ wire.Closed &^ wire.Alarm, false},
		"while it is free":    {orders{since: time.Second}, sound &^ wire.Closed, false},
		"nothing has changed": {orders{obeyed: true, since: time.Second}, sound, false},
	} {
		p := newPatient()
		p.lasting(tc.orders, 1, sound)
		if _, got := p.lasting(tc.orders, 0, tc.in); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestContactDead: people pass, and the leaf's contact says shut.
func TestContactDead(t *testing.T) {
	p := newPatient()
	shut, open := orders{obeyed: true, since: time.Hour}, orders{open: true, obeyed: true, since: time.Hour}
	for i := range openings {
		if got, _ := p.lasting(shut, 1, sound); got != 0 {
			t.Fatalf("after %d: %v", i, got.err())
		}
		p.lasting(open, 1, sound)
		p.lasting(open, 1, sound&^wire.Entry)
	}
	if got, _ := p.lasting(shut, 1, sound); got != contactDead || !errors.Is(got.err(), ErrDoor) {
		t.Errorf("%v", got.err())
	}
	p.lasting(open, 1, sound&^wire.Closed&^wire.Locked)
	if got, _ := p.lasting(shut, 1, sound); got != 0 {
		t.Errorf("it moves: %v", got.err())
	}
}
