package gate

import (
	"slices"
	"strings"
	"testing"

	"example.org/checkpoint/hardware/gate/internal/wire"
)

var short = map[Kind]string{EntryBroken: "E", EntryWhole: "e", ExitBroken: "X", ExitWhole: "x", Followed: "F", Reversed: "R"}

// walk gives beams as letters A, B and C for what is broken, "-" for none, and returns
// what was reported.
func (p *passage) walk(t *testing.T, steps string) string {
	t.Helper()
	var said strings.Builder
	for _, s := range strings.Fields(steps) {
		var b beams
		for i, letter := range "ABC" {
			if strings.ContainsRune(s, letter) {
				b |= 1 << i
			}
		}
		for _, k := range p.step(b) {
			said.WriteString(short[k])
		}
	}
	return said.String()
}

func TestPassage(t *testing.T) {
	for name, tc := range map[string]struct{ steps, want string }{
		"through, thick":                       {"A AB ABC BC C -", "EXex"},
		"through, thin":                        {"A AB B BC C -", "EXex"},
		"through, fast, on a slow bus":         {"AB BC -", "EXex"},
		"one beam seen too late":               {"A AB BC C -", "EXex"},
		"into the first and back":              {"A -", "Ee"},
		"into the middle and back":             {"A AB A -", "Ee"},
		"to the exit and back, thick":          {"A AB ABC AB A -", "Ee"},
		"leans back and goes on":               {"A AB ABC BC ABC BC C -", "EXex"},
		"sways at the exit":                    {"A AB ABC BC C BC C -", "EXex"},
		"an arm first":                         {"A AB ABC AB ABC BC C -", "EXex"},
		"goes back from beyond the first":      {"A AB B AB A -", "Ee"},
		"second behind the first, with a gap":  {"A AB B BC ABC AB B BC C -", "EFEXxe"},
		"second when the first is at the exit": {"A AB B BC C AC A AB B BC C -", "EFEXxe"},
		"second peeks in and goes":             {"A AB B BC C AC C -", "EFEXxe"},
		"goes back from the exit":              {"A AB ABC BC ABC AB A -", "EFEXxe"},
		"from the exit":                        {"C BC ABC AB A -", "RXx"},
		"from the exit and back":               {"C BC C -", "RXx"},
		"both sides at once":                   {"AC ABC -", "XExe"},
		"one from each side":                   {"A AC ABC -", "EFEXxe"},
		"over the first beam":                  {"B BC C -", "XExe"},
		"vanishes in the middle":               {"A AB B -", "EXxe"},
		"one after the other":                  {"A AB BC C - A AB BC C -", "EXexEXex"},
		"one leaves as the next comes":         {"A AB BC C A -", "EFEXxe"},
	} {
		var p passage
		p.begin(0)
		if got := p.walk(t, tc.steps); got != tc.want {
			t.Errorf("%s: %s: %s, want %s", name, tc.steps, got, tc.want)
		}
		if p.at != nowhere || p.entryBroken || p.exitBroken {
			t.Errorf("%s: not over: %+v", name, p)
		}
	}
}

func TestPassageBegin(t *testing.T) {
	for b, want := range map[beams][]Kind{
		0: {EntryWhole, ExitWhole}, first: {EntryBroken, ExitWhole}, second: {EntryBroken, ExitWhole},
		third: {EntryWhole, ExitBroken}, first | second | third: {EntryBroken, ExitBroken},
	} {
		var p passage
		if got := p.begin(b); !slices.Equal(got, want) {
			t.Errorf("%03b: %v, want %v", b, got, want)
		}
		if b != 0 && p.at != mixed {
			t.Errorf("%03b: somebody unknown is at %d", b, p.at)
		}
		p.step(0)
		if p.at != nowhere || p.entryBroken || p.exitBroken {
			t.Errorf("%03b: not over: %+v", b, p)
		}
	}
}

// TestDeadBeam: people walk through with one beam blind, and it is found, and only it.
func TestDeadBeam(t *testing.T) {
	for i, beam := range [...]wire.Inputs{wire.Entry, wire.Middle, wire.Exit} {
		var p passage
		p.begin(0)
		n := 0
		for ; p.deadBeams() == 0 && n < 100; n++ {
			for _, s := range []beams{first, first | second, second, second | third, third, 0} {
				p.step(s &^ (1 << i))
			}
		}
		if got := p.deadBeams(); got != beam || n > 30 {
			t.Errorf("beam %d: found %010b after %d people", i, got, n)
		}
	}
	var p passage
	p.begin(0)
	for range 29 {
		p.walk(t, "A -")
	}
	if p.deadBeams() != 0 {
		t.Error("29 people looked in, and a beam is dead")
	}
	p.walk(t, "A AB BC C - A - A -")
	if p.deadBeams() != 0 {
		t.Error("a passage was forgotten")
	}
}

// FuzzPassage: whatever beams do, the two beams of old are reported in turn, but for
// EntryBroken after Followed; nobody is in the zone when all beams are whole; and
// nobody is through who did not break the exit beam.
func FuzzPassage(f *testing.F) {
	f.Add([]byte{0, 1, 3, 7, 6, 4, 0})
	f.Add([]byte{1, 3, 2, 6, 7, 3, 2, 6, 4, 0})
	f.Add([]byte{4, 6, 7, 3, 1, 0, 2, 5, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var p passage
		var now beams
		if len(data) > 0 {
			now = beams(data[0] & 7)
		}
		last := map[Kind]bool{}
		for i, k := range p.begin(now) {
			if want := []Kind{EntryBroken, ExitBroken}[i]; k&^1 != want {
				t.Fatalf("state %d is %v", i, k)
			}
			last[k] = true
		}
		sawExit := now&third != 0
		for _, d := range data {
			now = beams(d & 7)
			sawExit = sawExit || now&third != 0
			followed, did := false, p.step(now)
			if slices.Equal(did, []Kind{ExitBroken, EntryWhole, ExitWhole}) && !sawExit {
				t.Fatal("through, and never at the exit")
			}
			for _, k := range did {
				switch k {
				case Followed:
					followed = true
					continue
				case Reversed:
					continue
				}
				if last[k] && !(followed && k == EntryBroken) {
					t.Fatalf("%v twice", k)
				}
				last[k], last[k^1] = true, false
			}
			if now == 0 {
				if !last[EntryWhole] || !last[ExitWhole] || p.at != nowhere {
					t.Fatalf("empty, and %v, %+v", last, p)
				}
				sawExit = false
			}
		}
	})
}

// BenchmarkPassage is one person, six changes of the beams.
func BenchmarkPassage(b *testing.B) {
	var p passage
	p.begin(0)
	for b.Loop() {
		for _, s := range [...]beams{first, first | second, second, second | third, third, 0} {
			p.step(s)
		}
	}
}
