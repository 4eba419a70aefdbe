package revocation_test

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/simulators/issuer"
)

var now = time.Unix(1_780_000_000, 0).UTC()

func TestLook(t *testing.T) {
	gz, mo := issuer.New("GZ", "Asia/Shanghai"), issuer.New("MO", "Asia/Macau")
	store, err := trust.Parse(map[string][]byte{"trust/GZ.json": gz.TrustFile(), "trust/MO.json": mo.TrustFile()})
	if err != nil {
		t.Fatal(err)
	}
	values := map[uint]byte{1: issuer.StatusWithdrawn, 2: issuer.StatusAmber, 3: issuer.StatusRed}
	var lists revocation.Lists
	add := func(file string, data []byte) error { return lists.Add(file, "GZ", data, store) }
	for file, data := range map[string][]byte{
		"status/GZ/7.cwt": gz.StatusList("7", 1000, values, now, time.Hour),
		"status/GZ/6.cwt": mo.StatusList("6", 1000, values, now, time.Hour), // another scheme's
	} {
		if err := add(file, data); err != nil {
			t.Fatal(err)
		}
	}
	if add("status/GZ/x.cwt", gz.StatusList("7", 8, nil, now, time.Hour)) == nil {
		t.Error("took a second list 7")
	}
	if add("status/GZ/y.cwt", []byte("no list")) == nil {
		t.Error("took what is no list")
	}
	for _, tc := range []struct {
		scheme, uri string
		index       uint64
		at          time.Time
		want        revocation.Status
	}{
		{"GZ", "7", 0, now, revocation.Valid},
		{"GZ", "7", 1, now, revocation.Withdrawn},
		{"GZ", "7", 2, now, revocation.Amber},
		{"GZ", "7", 3, now, revocation.Red},
		{"GZ", "7", 3, now.Add(time.Hour - time.Second), revocation.Red},
		{"GZ", "7", 0, now.Add(time.Hour), revocation.Undetermined},
		{"GZ", "7", 1 << 40, now, revocation.Undetermined},
		{"GZ", "6", 0, now, revocation.Undetermined},
		{"GZ", "9", 0, now, revocation.Undetermined},
		{"MO", "7", 0, now, revocation.Undetermined},
	} {
		a := lists.Look(tc.scheme, credential.StatusRef{URI: tc.uri, Index: tc.index}, tc.at, 0)
		if a.Status != tc.want || (a.Why != nil) != (tc.want == revocation.Undetermined) {
			t.Errorf("%s %s/%d at %s: %s, %v; want %s", tc.scheme, tc.uri, tc.index, tc.at, a.Status, a.Why, tc.want)
		}
	}
}

func TestStricter(t *testing.T) {
	for _, tc := range []struct {
		printed string
		status  revocation.Status
		want    string
	}{
		{"green", revocation.Valid, "green"}, {"green", revocation.Amber, "amber"}, {"green", revocation.Red, "red"},
		{"blue", revocation.Amber, "amber"}, {"amber", revocation.Valid, "amber"}, {"amber", revocation.Red, "red"},
		{"red", revocation.Amber, "red"}, {"red", revocation.Valid, "red"}, {"green", revocation.Undetermined, "green"},
		{"", revocation.Valid, ""}, {"", revocation.Red, "red"},
	} {
		if got := revocation.Stricter(tc.printed, tc.status); got != tc.want {
			t.Errorf("%q and %s: %q, want %q", tc.printed, tc.status, got, tc.want)
		}
	}
}
