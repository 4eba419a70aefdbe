package roster

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func village(n int) []Member {
	out := make([]Member, n)
	for i := range out {
		out[i] = Member{"GZ", fmt.Sprintf("%022d", i)}
	}
	return out
}

func build(t testing.TB, salt byte, members []Member) []byte {
	data, err := Build([saltSize]byte{salt}, members)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestVillage holds the 64,000 residents of one village (R92): all are on the list,
// nobody else, and nobody by the same pseudonym of another scheme.
func TestVillage(t *testing.T) {
	members := village(64_000)
	list, err := Parse(build(t, 1, slices.Concat(members, members[:100])))
	if err != nil || list.Len() != len(members) {
		t.Fatal(err, list.Len())
	}
	for _, m := range members {
		if !list.Has(m) {
			t.Fatalf("%v is not on it", m)
		}
	}
	for _, m := range []Member{{"GZ", fmt.Sprintf("%022d", 64_000)}, {"HK", members[0].Subject}, {"GZ", ""}, {"", members[0].Subject}, {"G", "Z" + members[0].Subject}, {}} {
		if list.Has(m) {
			t.Errorf("%v is on it", m)
		}
	}
	if (List{}).Has(members[0]) {
		t.Error("somebody is on no list")
	}
}

func TestParseRefuses(t *testing.T) {
	good := build(t, 1, village(3))
	for name, data := range map[string][]byte{
		"nothing": nil, "short": good[:head-1], "magic": append([]byte("X"), good[1:]...), "cut": good[:len(good)-1], "longer": append(slices.Clone(good), 0),
		"out of order": slices.Concat(good[:head], good[head+size:head+2*size], good[head:head+size], good[head+2*size:]),
		"twice":        slices.Concat(good[:head], good[head:head+size], good[head:head+size], good[head+2*size:]),
	} {
		if _, err := Parse(data); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := slices.Clone(good[:head])
	many[head-4] = 0xff
	if _, err := Parse(many); !errors.Is(err, ErrMany) {
		t.Errorf("many: %v", err)
	}
	if a, b := build(t, 1, village(3)), build(t, 2, village(3)); slices.Equal(a[head:], b[head:]) {
		t.Error("the salt changes nothing")
	}
}

func BenchmarkHas(b *testing.B) {
	members := village(64_000)
	list, err := Parse(build(b, 1, members))
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if !list.Has(members[i%len(members)]) {
			b.Fatal("not on it")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := build(b, 1, village(64_000))
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(build(f, 1, village(3)))
	f.Add(build(f, 1, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data)
		if err == nil && list.Len()*size+head != len(data) {
			t.Fatal(list.Len())
		}
		list.Has(Member{"GZ", "x"})
	})
}
