package revocation_test

import (
	"io/fs"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

// wide is how many codes the largest list has: 16 MiB, from some 16 KB.
const wide = 64 << 20

// TestUnpackedBytes counts what is unpacked: nothing of what a stranger has signed,
// and of all lists together no more than a bound.
func TestUnpackedBytes(t *testing.T) {
	gz, mo := issuer.New("GZ", "Asia/Shanghai"), issuer.New("MO", "Asia/Macau")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile(), "trust/MO.json": mo.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"another scheme's": mo.StatusList("7", wide, nil, at, time.Hour),
		"spoilt":           flipLast(gz.StatusList("7", wide, nil, at, time.Hour)),
	} {
		var lists revocation.Lists
		if err := lists.Add("status/GZ/7.cwt", "GZ", data, store); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := lists.Unpacked(); n != 0 {
			t.Errorf("%s: unpacked %d bytes", name, n)
		}
		good := gz.StatusDelta("7", wide, wide, nil, map[uint]byte{1: 1}, at, time.Hour)
		if err := lists.AddDelta("GZ", good, store); err != nil || lists.Unpacked() != 0 {
			t.Errorf("%s, then a sound delta: %v, unpacked %d bytes", name, err, lists.Unpacked())
		}
		if a := lists.Look("GZ", credential.StatusRef{URI: "7"}, at, 0); a.Status != revocation.Undetermined || a.Why == nil || !a.Changed.Equal(at) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	var lists revocation.Lists
	if err := lists.Add("status/GZ/7.cwt", "GZ", gz.StatusList("7", 1000, nil, at, time.Hour), store); err != nil {
		t.Fatal(err)
	}
	if err := lists.AddDelta("GZ", flipLast(gz.StatusDelta("7", 1000, wide, nil, nil, at, time.Hour)), store); err != nil || lists.Unpacked() != 250 {
		t.Errorf("a spoilt delta: %v, unpacked %d bytes", err, lists.Unpacked())
	}
	for i, uri := range []string{"a", "b", "c", "d"} {
		err := lists.Add("status/GZ/"+uri+".cwt", "GZ", gz.StatusList(uri, wide, nil, at, time.Hour), store)
		if last := i == 3; (err != nil) != last || lists.Unpacked() > 64<<20 {
			t.Errorf("list %s: %v, unpacked %d bytes", uri, err, lists.Unpacked())
		}
	}
}

// TestNameOfAStranger gives a list that nobody vouches for the name of a sound one: the sound one counts.
func TestNameOfAStranger(t *testing.T) {
	gz, mo := issuer.New("GZ", "Asia/Shanghai"), issuer.New("MO", "Asia/Macau")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile(), "trust/MO.json": mo.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	sound := gz.StatusList("7", 8, map[uint]byte{1: issuer.StatusRed}, at, time.Hour)
	strange := mo.StatusList("7", 8, nil, at, time.Hour)
	for _, order := range [][][]byte{{sound, strange}, {strange, sound}, {strange, strange, sound}} {
		var lists revocation.Lists
		for _, data := range order {
			if err := lists.Add("status/GZ/7.cwt", "GZ", data, store); err != nil {
				t.Error(err)
			}
		}
		if a := lists.Look("GZ", credential.StatusRef{URI: "7", Index: 1}, at, 0); a.Status != revocation.Red {
			t.Errorf("%+v", a)
		}
		if err := lists.Add("status/GZ/8.cwt", "GZ", sound, store); err == nil {
			t.Error("took a second list 7")
		}
	}
}

func flipLast(b []byte) []byte {
	b[len(b)-1] ^= 1
	return b
}

// TestFromTheFuture shows that what is made later than the clock can be says nothing yet.
func TestFromTheFuture(t *testing.T) {
	gz := issuer.New("GZ", "Asia/Shanghai")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	var lists revocation.Lists
	if err := lists.Add("status/GZ/7.cwt", "GZ", gz.StatusList("7", 8, nil, at, time.Hour), store); err != nil {
		t.Fatal(err)
	}
	files := gz.Revocation(issuer.Revocation{Issued: at, Expires: at.Add(time.Hour)})
	var sets revocation.Sets
	if err := sets.Add("GZ", signedOf(t, files, "GZ"), store, opener(files, "GZ")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		now  time.Time
		u    time.Duration
		want revocation.Status
	}{
		{at, 0, revocation.Valid},
		{at.Add(-time.Second), 0, revocation.Undetermined},
		{at.Add(-2 * time.Second), 2 * time.Second, revocation.Valid},
		{at.Add(-3 * time.Second), 2 * time.Second, revocation.Undetermined},
		{at.Add(time.Hour + time.Second), 2 * time.Second, revocation.Valid},
		{at.Add(time.Hour + 2*time.Second), 2 * time.Second, revocation.Undetermined},
	} {
		for what, a := range map[string]revocation.Answer{
			"status":     lists.Look("GZ", credential.StatusRef{URI: "7"}, tc.now, tc.u),
			"revocation": sets.Look("GZ", []byte("x"), tc.now, tc.u),
		} {
			if a.Status != tc.want || (a.Why == nil) != (tc.want == revocation.Valid) {
				t.Errorf("%s at %s ± %s: %s %v", what, tc.now, tc.u, a.Status, a.Why)
			}
		}
	}
}

// TestNoFileOfAStranger shows that the files of a list that nobody vouches for stay closed.
func TestNoFileOfAStranger(t *testing.T) {
	hk := issuer.New("HK", "Asia/Hong_Kong")
	store, err := trust.Parse(map[string][]byte{"trust/HK.json": hk.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	list := issuer.Revocation{Base: spread(10, 0, false), Issued: at, Expires: at.Add(time.Hour), Key: "token"}
	opened := 0
	var sets revocation.Sets
	err = sets.Add("HK", signedOf(t, hk.Revocation(list), "HK"), store, func(string) (revocation.File, error) {
		opened++
		return revocation.File{}, fs.ErrNotExist
	})
	if err != nil || opened > 0 {
		t.Errorf("%v, opened %d files", err, opened)
	}
	if a := sets.Look("HK", nil, at, 0); a.Status != revocation.Undetermined || a.Why == nil {
		t.Errorf("%+v", a)
	}
}
