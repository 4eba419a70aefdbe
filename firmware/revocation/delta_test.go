package revocation_test

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/statuslist"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

var at = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// TestDelta brings a list up to date, and tries deltas that must not.
func TestDelta(t *testing.T) {
	gz, mo := issuer.New("GZ", "Asia/Shanghai"), issuer.New("MO", "Asia/Macau")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile(), "trust/MO.json": mo.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	before := map[uint]byte{1: issuer.StatusRed, 2: issuer.StatusAmber}
	after := map[uint]byte{2: issuer.StatusWithdrawn, 500: issuer.StatusRed, 1500: issuer.StatusAmber}
	made, later := at.Add(-5*time.Hour), at.Add(-time.Hour)
	base := gz.StatusList("7", 1000, before, made, 4*time.Hour) // ended an hour ago
	good := gz.StatusDelta("7", 1000, 2000, before, after, later, 4*time.Hour)
	flipped := append([]byte{}, good...)
	flipped[len(flipped)-1] ^= 1
	for _, tc := range []struct {
		name  string
		delta []byte
		want  map[uint64]revocation.Status // by index
	}{
		{"none", nil, map[uint64]revocation.Status{1: revocation.Undetermined}},
		{"sound: newer, longer, and alive again", good, map[uint64]revocation.Status{0: revocation.Valid, 1: revocation.Valid,
			2: revocation.Withdrawn, 500: revocation.Red, 1500: revocation.Amber, 2000: revocation.Undetermined}},
		{"another scheme's key", mo.StatusDelta("7", 1000, 2000, before, after, later, 4*time.Hour), map[uint64]revocation.Status{0: revocation.Undetermined}},
		{"spoilt signature", flipped, map[uint64]revocation.Status{0: revocation.Undetermined}},
		{"for another base", gz.StatusDelta("7", 2000, 2000, after, before, later, 4*time.Hour), map[uint64]revocation.Status{0: revocation.Undetermined}},
		{"older than its base", gz.StatusDelta("7", 1000, 2000, before, after, made.Add(-time.Second), 99*time.Hour), map[uint64]revocation.Status{0: revocation.Undetermined}},
		{"shorter than its base", gz.StatusDelta("7", 1000, 400, before, nil, later, 4*time.Hour), map[uint64]revocation.Status{0: revocation.Undetermined}},
	} {
		var lists revocation.Lists
		if err := lists.Add("status/GZ/7.cwt", "GZ", base, store); err != nil {
			t.Fatal(err)
		}
		if tc.delta != nil {
			if err := lists.AddDelta("GZ", tc.delta, store); err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
		for index, want := range tc.want {
			a := lists.Look("GZ", credential.StatusRef{URI: "7", Index: index}, at, 0)
			if a.Status != want || (a.Why == nil) != (want != revocation.Undetermined) {
				t.Errorf("%s: %d is %s (%v), want %s", tc.name, index, a.Status, a.Why, want)
			}
			if want != revocation.Undetermined && !a.Changed.Equal(later) {
				t.Errorf("%s: made %s", tc.name, a.Changed)
			}
		}
	}
	var none revocation.Lists
	if err := none.AddDelta("GZ", good, store); err == nil {
		t.Error("a delta without a list is taken")
	}
}

// TestNotGood is the list that venues get: whatever is not as printed does not
// hold, and nobody learns in which way.
func TestNotGood(t *testing.T) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	var lists revocation.Lists
	values := map[uint]byte{1: issuer.StatusWithdrawn, 2: issuer.StatusAmber, 3: issuer.StatusRed}
	if err := lists.Add("status/GZ/7.cwt", "GZ", gz.NotGoodList("7", 9, values, at, time.Hour), store); err != nil {
		t.Fatal(err)
	}
	for index, want := range []revocation.Status{revocation.Valid, revocation.Withdrawn, revocation.Withdrawn, revocation.Withdrawn, revocation.Valid} {
		if a := lists.Look("GZ", credential.StatusRef{URI: "7", Index: uint64(index)}, at, 0); a.Status != want {
			t.Errorf("%d is %s", index, a.Status)
		}
	}
}

// holders of one scheme's codes, the largest that is published (FORMATS A1).
const holders = 11_080_000

// bigList has one in a hundred codes not as printed.
func bigList(b *testing.B) (*trust.Store, []byte) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile()})
	if err != nil {
		b.Fatal(err)
	}
	values := map[uint]byte{}
	for i := uint(0); i < holders; i += 100 {
		values[i+uint(hash(uint64(i))%100)] = byte(1 + i%3)
	}
	return store, gz.StatusList("7", holders, values, at, time.Hour)
}

// BenchmarkLoad11Million decodes and verifies the list; its size is reported.
func BenchmarkLoad11Million(b *testing.B) {
	store, data := bigList(b)
	b.ReportAllocs()
	for b.Loop() {
		var lists revocation.Lists
		if err := lists.Add("status/GZ/7.cwt", "GZ", data, store); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(data)), "packed-B")
	b.ReportMetric(holders/4, "entries-B")
}

// BenchmarkLook11Million looks at codes all over the list.
func BenchmarkLook11Million(b *testing.B) {
	store, data := bigList(b)
	var lists revocation.Lists
	if err := lists.Add("status/GZ/7.cwt", "GZ", data, store); err != nil {
		b.Fatal(err)
	}
	i := uint64(0)
	for b.Loop() {
		i++
		if a := lists.Look("GZ", credential.StatusRef{URI: "7", Index: hash(i) % holders}, at, 0); a.Status == revocation.Undetermined {
			b.Fatal(a.Why)
		}
	}
}

// hash spreads numbers evenly (splitmix64).
func hash(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func FuzzDelta(f *testing.F) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	base, err := statuslist.Decode(gz.StatusList("7", 100, map[uint]byte{1: 1}, at, time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(gz.StatusDelta("7", 100, 200, map[uint]byte{1: 1}, nil, at, time.Hour))
	f.Add(gz.StatusDelta("8", 100, 100, nil, nil, at, time.Hour))
	if err := base.Unpack(statuslist.MaxUnpacked); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := statuslist.DecodeDelta(data)
		if err != nil || d.Unpack(statuslist.MaxUnpacked) != nil {
			return
		}
		next, err := base.Apply(d)
		if err == nil && (len(next.Entries) < len(base.Entries) || next.Signed.Issued.Before(base.Signed.Issued)) {
			t.Fatalf("%+v", next)
		}
	})
}
