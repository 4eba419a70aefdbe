package gate

import (
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

const allWhole = wire.Entry | wire.Exit | wire.Alarm

func TestContactsFirst(t *testing.T) {
	for _, tc := range []struct {
		inputs wire.Inputs
		want   []Kind
	}{
		{allWhole, []Kind{AlarmNormal, EntryWhole, ExitWhole}},
		{0, []Kind{AlarmOpen, EntryBroken, ExitBroken}},
		{wire.Exit | wire.Officer | wire.Supervisor, []Kind{AlarmOpen, EntryBroken, ExitWhole}}, // jammed keys
	} {
		c := contacts{settle: settled}
		if got := kinds(c.first(tc.inputs)); !slices.Equal(got, tc.want) {
			t.Errorf("%05b: %v, want %v", tc.inputs, got, tc.want)
		}
		if got := c.sample(time.Time{}, tc.inputs); got != nil {
			t.Errorf("%05b again: %v", tc.inputs, got)
		}
	}
}

func TestContactsSample(t *testing.T) {
	type step struct {
		at     int // ms
		inputs wire.Inputs
		want   []Kind
	}
	for name, steps := range map[string][]step{
		"a broken beam counts at once, a whole one after 30 ms": {
			{0, allWhole &^ wire.Entry, []Kind{EntryBroken}},
			{10, allWhole, nil}, {39, allWhole, nil}, {40, allWhole, []Kind{EntryWhole}}, {50, allWhole, nil},
		},
		"a flicker begins the wait again": {
			{0, allWhole &^ wire.Exit, []Kind{ExitBroken}},
			{10, allWhole, nil}, {20, allWhole &^ wire.Exit, nil}, {30, allWhole, nil}, {50, allWhole, nil},
			{60, allWhole, []Kind{ExitWhole}},
		},
		"the alarm contact opens at once": {
			{0, allWhole &^ wire.Alarm, []Kind{AlarmOpen}}, {15, allWhole, nil}, {45, allWhole, []Kind{AlarmNormal}},
		},
		"everything at once, alarm first": {
			{0, 0, []Kind{AlarmOpen, EntryBroken, ExitBroken}},
		},
		"a key counts once, when it has been turned for 30 ms": {
			{0, allWhole | wire.Officer, nil}, {29, allWhole | wire.Officer, nil}, {30, allWhole | wire.Officer, []Kind{OfficerKey}},
			{90, allWhole | wire.Officer, nil}, {100, allWhole, nil}, {130, allWhole, nil},
			{200, allWhole | wire.Officer, nil}, {230, allWhole | wire.Officer, []Kind{OfficerKey}},
		},
		"a key that is knocked": {
			{0, allWhole | wire.Supervisor, nil}, {20, allWhole, nil}, {31, allWhole | wire.Supervisor, nil}, {60, allWhole, nil},
		},
	} {
		c := contacts{settle: settled}
		c.first(allWhole)
		for _, s := range steps {
			at := time.UnixMilli(int64(s.at))
			if got := kinds(c.sample(at, s.inputs)); !slices.Equal(got, s.want) {
				t.Errorf("%s: at %d ms: %v, want %v", name, s.at, got, s.want)
			}
		}
	}
}

// FuzzContacts: whatever the inputs do, a contact never does the same thing twice,
// and what holds for long is believed.
func FuzzContacts(f *testing.F) {
	f.Add([]byte{byte(allWhole), 0, 5, byte(allWhole), 40, byte(allWhole)})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		c := contacts{settle: settled}
		at := time.UnixMilli(0)
		last := map[Kind]bool{}
		note := func(did []Input) {
			for _, in := range did {
				if in.Kind < OfficerKey {
					if last[in.Kind] {
						t.Fatalf("%v twice", in.Kind)
					}
					last[in.Kind], last[in.Kind^1] = true, false
				}
			}
		}
		note(c.first(wire.Inputs(data[0]) & wire.Plain))
		for i := 1; i+1 < len(data); i += 2 {
			at = at.Add(time.Duration(data[i]) * time.Millisecond)
			note(c.sample(at, wire.Inputs(data[i+1])&wire.Plain))
		}
		end := wire.Inputs(data[len(data)-1]) & wire.Plain
		c.sample(at, end)
		c.sample(at.Add(settled), end)
		if c.believed != end {
			t.Errorf("believes %05b after %05b", c.believed, end)
		}
	})
}

// FuzzDoor is FuzzContacts for a door: no contact does the same thing twice, people leave
// the zone when all beams are whole, and what is wrong is always one line.
func FuzzDoor(f *testing.F) {
	f.Add([]byte{0, 0, 40, 1, 0, 40, 0x21, 0, 40, 0x23, 0, 40})
	f.Add([]byte{0xff, 3, 250, 0, 0, 1, 0xff, 3, 250})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, d := contacts{door: true, settle: settled}, diagnosis{}
		at := time.UnixMilli(0)
		last := map[Kind]bool{}
		note := func(did []Input) {
			for _, in := range did {
				switch k := in.Kind; {
				case k == EntryBroken || k == OfficerKey || k == SupervisorKey || k == Followed || k == Reversed:
				case last[k]:
					t.Fatalf("%v twice", k)
				default:
					last[k] = true
				}
				for _, r := range reported {
					if in.Kind == r.high || in.Kind == r.low {
						last[r.high], last[r.low] = in.Kind == r.high, in.Kind == r.low
					}
				}
			}
		}
		note(c.first(wire.All &^ wire.Keys))
		for ; len(data) >= 3; data = data[3:] {
			at = at.Add(time.Duration(data[2]) * time.Millisecond)
			in := (wire.Inputs(data[0]) | wire.Inputs(data[1])<<8) & wire.All
			note(c.sample(at, in))
			o := orders{open: data[1]&0x40 != 0, obeyed: data[1]&0x80 != 0, since: time.Duration(data[2]) * 10 * time.Millisecond}
			if trouble, _ := d.step(at, &c, o); (trouble == 0) != (trouble.err() == nil) {
				t.Fatalf("%012b says nothing", trouble)
			}
			if !c.obstructed() && (!last[EntryWhole] || !last[ExitWhole]) {
				t.Fatalf("all whole, and %v", last)
			}
		}
	})
}

func kinds(inputs []Input) []Kind {
	var k []Kind
	for _, in := range inputs {
		k = append(k, in.Kind)
	}
	return k
}
