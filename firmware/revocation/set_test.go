package revocation_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential/revoked"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

// opener opens files of a bundle in memory.
func opener(files map[string][]byte, scheme string) func(string) (revocation.File, error) {
	return func(name string) (revocation.File, error) {
		data, ok := files["revoked/"+scheme+"/"+name]
		if !ok {
			return revocation.File{}, fs.ErrNotExist
		}
		return revocation.File{Data: data}, nil
	}
}

// hashed opens the same files as one that has hashed them.
func hashed(open func(string) (revocation.File, error)) func(string) (revocation.File, error) {
	return func(name string) (revocation.File, error) {
		f, err := open(name)
		sum := sha256.Sum256(f.Data)
		f.SHA256 = sum[:]
		return f, err
	}
}

// signedOf takes the signed part out of revoked/<scheme>.json.
func signedOf(t testing.TB, files map[string][]byte, scheme string) []byte {
	var f struct{ List []byte }
	if err := json.Unmarshal(files["revoked/"+scheme+".json"], &f); err != nil {
		t.Fatal(err)
	}
	return f.List
}

func openSet(t testing.TB, files map[string][]byte) *revocation.Set {
	l, err := revoked.Decode(signedOf(t, files, "HK"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := revocation.OpenSet(l, hashed(opener(files, "HK")))
	if err == nil {
		s, err = revocation.OpenSet(l, opener(files, "HK"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// spread returns n hashes, evenly spread or in one corner.
func spread(n int, from uint64, uneven bool) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		if out[i] = hash(from + uint64(i)); uneven && i%10 > 0 {
			out[i] = 1<<40 + uint64(i)*3
		}
	}
	return out
}

// TestSet asks sets of many shapes for everything that is in them and much that is not.
func TestSet(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	for name, r := range map[string]issuer.Revocation{
		"empty":        {},
		"one":          {Base: []uint64{7}},
		"a page":       {Base: spread(64, 0, false)},
		"evenly":       {Base: spread(5000, 0, false)},
		"unevenly":     {Base: spread(5000, 0, true)},
		"in chunks":    {Base: spread(5000, 0, false), Chunk: 700},
		"the limits":   {Base: []uint64{0, 1, 1<<64 - 2, 1<<64 - 1}},
		"only a delta": {Deltas: []issuer.RevocationDelta{{Withdrawn: []uint64{3, 1, 2}}}},
		"with deltas": {Base: spread(2000, 0, false), Chunk: 300, Deltas: []issuer.RevocationDelta{
			{Withdrawn: spread(100, 1<<20, false), Reinstated: spread(50, 0, false)},
			{Withdrawn: spread(10, 0, false), Reinstated: spread(20, 1<<20, false)},
		}},
	} {
		want := map[uint64]bool{}
		for _, h := range r.Base {
			want[h] = true
		}
		for _, d := range r.Deltas {
			for _, h := range d.Reinstated {
				want[h] = false
			}
			for _, h := range d.Withdrawn {
				want[h] = true
			}
		}
		for h := range want {
			for _, near := range []uint64{h - 1, h + 1} {
				if _, known := want[near]; !known {
					want[near] = false
				}
			}
		}
		s := openSet(t, hk.Revocation(r))
		for h, in := range want {
			if got := s.Has(revocation.Hash(h)); got != in {
				t.Fatalf("%s: %x is withdrawn: %t, want %t", name, h, got, in)
			}
		}
	}
}

// TestOpenRefuses spoils one thing of a list at a time.
func TestOpenRefuses(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	whole := issuer.Revocation{Base: spread(100, 0, false), Chunk: 40, Deltas: []issuer.RevocationDelta{{Withdrawn: []uint64{1}, Reinstated: []uint64{2, 3}}}}
	for name, spoil := range map[string]func(map[string][]byte){
		"a flipped bit":  func(f map[string][]byte) { f["revoked/HK/base-1.bin"][17] ^= 1 },
		"a hash missing": func(f map[string][]byte) { f["revoked/HK/base-0.bin"] = f["revoked/HK/base-0.bin"][8:] },
		"a part of one":  func(f map[string][]byte) { f["revoked/HK/base-0.bin"] = f["revoked/HK/base-0.bin"][1:] },
		"a file missing": func(f map[string][]byte) { delete(f, "revoked/HK/delta-0.bin") },
		"chunks exchanged": func(f map[string][]byte) {
			f["revoked/HK/base-0.bin"], f["revoked/HK/base-1.bin"] = f["revoked/HK/base-1.bin"], f["revoked/HK/base-0.bin"]
		},
	} {
		files := hk.Revocation(whole)
		spoil(files)
		l, err := revoked.Decode(signedOf(t, files, "HK"))
		if err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(string) (revocation.File, error){opener(files, "HK"), hashed(opener(files, "HK"))} {
			if _, err := revocation.OpenSet(l, open); err == nil || !strings.Contains(err.Error(), ".bin: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	twice := hk.Revocation(issuer.Revocation{Base: []uint64{5, 5}})
	l, _ := revoked.Decode(signedOf(t, twice, "HK"))
	if _, err := revocation.OpenSet(l, opener(twice, "HK")); err == nil {
		t.Error("a hash twice")
	}
}

// TestSets asks lists of schemes: who signed them, and whether they have ended.
func TestSets(t *testing.T) {
	hk, mo := issuer.New("HK", "Asia/Hong_Kong"), issuer.New("MO", "Asia/Macau")
	store, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile(), "trust/MO.json": mo.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	gone := []byte("withdrawn")
	h := uint64(revocation.HashOf(gone))
	list := issuer.Revocation{Base: []uint64{h}, Issued: at, Expires: at.Add(time.Hour)}
	posing := *mo
	posing.Name = "HK"
	statusKey := list
	statusKey.Key = "status"
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		at    time.Time
		id    []byte
		want  revocation.Status
	}{
		{"withdrawn", hk.Revocation(list), at, gone, revocation.Withdrawn},
		{"not withdrawn", hk.Revocation(list), at, []byte("another"), revocation.Valid},
		{"ended", hk.Revocation(list), at.Add(time.Hour), []byte("another"), revocation.Undetermined},
		{"by another scheme", posing.Revocation(list), at, gone, revocation.Undetermined},
		{"by the status key", hk.Revocation(statusKey), at, gone, revocation.Undetermined},
	} {
		var sets revocation.Sets
		if err := sets.Add("HK", signedOf(t, tc.files, "HK"), store, opener(tc.files, "HK")); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if a := sets.Look("HK", tc.id, tc.at, 0); a.Status != tc.want || a.List != "revoked/HK.json" || !a.Changed.Equal(at) {
			t.Errorf("%s: %+v", tc.name, a)
		}
		if a := sets.Look("GZ", tc.id, tc.at, 0); a.Status != revocation.Valid || a.List != "" {
			t.Errorf("a scheme without a list: %+v", a)
		}
		if err := sets.Add("HK", signedOf(t, tc.files, "HK"), store, opener(tc.files, "HK")); err == nil {
			t.Errorf("%s: added twice", tc.name)
		}
	}
	files := hk.Revocation(list)
	var sets revocation.Sets
	if err := sets.Add("MO", signedOf(t, files, "HK"), store, opener(files, "HK")); err == nil {
		t.Error("Hong Kong's list is taken for Macau's")
	}
}

// million is how many withdrawn identities the largest list has.
const million = 10_000_000

// bigSet writes a base to files, maps them and opens it.
func bigSet(b *testing.B) (*revocation.Set, revoked.List, func(string) (revocation.File, error)) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	files := hk.Revocation(issuer.Revocation{Base: spread(million, 0, false), Chunk: 2_000_000})
	l, err := revoked.Decode(signedOf(b, files, "HK"))
	if err != nil {
		b.Fatal(err)
	}
	dir, mapped := b.TempDir(), map[string][]byte{}
	open := func(name string) (revocation.File, error) {
		if mapped[name] == nil {
			mapped[name] = mapFile(b, filepath.Join(dir, name), files["revoked/HK/"+name])
		}
		return revocation.File{Data: mapped[name]}, nil
	}
	s, err := revocation.OpenSet(l, open)
	if err != nil {
		b.Fatal(err)
	}
	return s, l, open
}

// mapFile writes a file and maps it for reading.
func mapFile(b *testing.B, name string, data []byte) []byte {
	if err := os.WriteFile(name, data, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	mapped, err := syscall.Mmap(int(f.Fd()), 0, len(data), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { syscall.Munmap(mapped) })
	return mapped
}

// BenchmarkOpen10Million compares hashes and order of 80 MB, or order alone where the files were hashed
// already; the bytes beside the map are what it keeps.
func BenchmarkOpen10Million(b *testing.B) {
	_, l, open := bigSet(b)
	sums := map[string][]byte{}
	for _, f := range l.Base {
		sums[f.Name] = f.SHA256[:]
	}
	known := func(name string) (revocation.File, error) {
		f, err := open(name)
		f.SHA256 = sums[name]
		return f, err
	}
	for name, open := range map[string]func(string) (revocation.File, error){"hashed-here": open, "hashed-already": known} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(8 * million)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := revocation.OpenSet(l, open); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHas10Million(b *testing.B) {
	s, _, _ := bigSet(b)
	i := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		h := hash(i % (2 * million)) // half of them are in it
		if in := s.Has(revocation.Hash(h)); in != (i%(2*million) < million) {
			b.Fatal(in)
		}
	}
}

// BenchmarkHalves10Million is a search by halves in the same hashes, mapped as one file.
func BenchmarkHalves10Million(b *testing.B) {
	all := spread(million, 0, false)
	slices.Sort(all)
	data := make([]byte, 0, 8*million)
	for _, h := range all {
		data = binary.BigEndian.AppendUint64(data, h)
	}
	mapped := mapFile(b, filepath.Join(b.TempDir(), "base"), data)
	i := uint64(0)
	for b.Loop() {
		i++
		h := hash(i % (2 * million))
		at := sort.Search(million, func(i int) bool { return binary.BigEndian.Uint64(mapped[8*i:]) >= h })
		if in := at < million && binary.BigEndian.Uint64(mapped[8*at:]) == h; in != (i%(2*million) < million) {
			b.Fatal(in)
		}
	}
}

func FuzzRevoked(f *testing.F) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	f.Add(signedOf(f, hk.Revocation(issuer.Revocation{Base: []uint64{1, 2}, Deltas: []issuer.RevocationDelta{{Reinstated: []uint64{1}}}}), "HK"), []byte("12345678"))
	odd, _ := base64.StdEncoding.DecodeString("0oRA")
	f.Add(odd, []byte{})
	f.Fuzz(func(t *testing.T, data, file []byte) {
		l, err := revoked.Decode(data)
		if err != nil {
			return
		}
		s, err := revocation.OpenSet(l, func(string) (revocation.File, error) { return revocation.File{Data: file}, nil })
		if err != nil {
			return
		}
		for h := range slices.Chunk(file[:len(file)/8*8], 8) {
			h := revocation.Hash(binary.BigEndian.Uint64(h))
			if in := s.Has(h); len(l.Base) > 0 && len(l.Deltas) == 0 && !in {
				t.Fatalf("%x is in the base and not found", h)
			}
		}
	})
}
