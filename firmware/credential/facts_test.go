package credential

import (
	"reflect"
	"testing"
	"time"
)

func day(t *testing.T, s string) Day {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return DayOf(d)
}

// TestAge walks birthdays; 29 February counts on 1 March (R37).
func TestAge(t *testing.T) {
	for _, tc := range []struct {
		birth, on string
		want      int
	}{
		{"1999-11-21", "2026-11-20", 26}, {"1999-11-21", "2026-11-21", 27},
		{"1980-02-29", "2026-02-28", 45}, {"1980-02-29", "2026-03-01", 46}, {"1980-02-29", "2028-02-29", 48},
		{"2015-12-31", "2026-12-30", 10}, {"2026-11-21", "2026-11-21", 0},
	} {
		if got := day(t, tc.on).Age(day(t, tc.birth)); got != tc.want {
			t.Errorf("born %s, on %s: %d, want %d", tc.birth, tc.on, got, tc.want)
		}
	}
}

func TestDay(t *testing.T) {
	hk := time.FixedZone("HK", 8*3600)
	at := time.Date(2026, 11, 21, 23, 59, 59, 0, hk)
	if d := DayOf(at); !d.In(hk).Equal(time.Date(2026, 11, 21, 0, 0, 0, 0, hk)) || DayOf(at.Add(time.Second)) != d+1 {
		t.Errorf("%d", d)
	}
	if y := MinDay.In(time.UTC).Year(); y != 1 || MaxDay.In(time.UTC).Format(time.DateOnly) != "9999-12-31" {
		t.Errorf("%d, %s", y, MaxDay.In(time.UTC))
	}
}

// TestDoor fills every fact and looks at what a door lane may learn.
func TestDoor(t *testing.T) {
	d := Day(1)
	full := Facts{Profile: "gate", Kind: "test", Colour: "red", Reasons: []Reason{{3, &d, &d, "CHP"}}, Provenance: "self", ConvertsTo: []string{"GD"},
		Language: "en", Assist: 1, AgeBand: 3, Birth: &d, Name: "N", Face: []byte{1}, Photo: []byte{1}, Exempt: []string{"crew"}, Consent: &d,
		Doses: []Dose{{}}, Tests: []Test{{}}, Stays: []Stay{{}}, Documents: []Document{{}}}
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is not filled", v.Type().Field(i).Name)
		}
	}
	want := Facts{Profile: "gate", Kind: "test", Colour: "red", Reasons: []Reason{{Class: 3}}, Language: "en", Assist: 1, AgeBand: 3}
	for _, profile := range []string{"door", "", "Gate"} {
		if got := full.At(profile); !reflect.DeepEqual(got, want) {
			t.Errorf("%q learns %+v", profile, got)
		}
	}
	if !reflect.DeepEqual(full.At("gate"), full) {
		t.Error("a gate does not learn everything")
	}
}

// TestDigestOf takes a number as it is printed or typed; another key is another digest.
func TestDigestOf(t *testing.T) {
	want := DigestOf([]byte("k"), "A1234563")
	for _, number := range []string{"A123456(3)", "a1234563", " A 123-456 3"} {
		if DigestOf([]byte("k"), number) != want {
			t.Errorf("%q has another digest", number)
		}
	}
	if DigestOf([]byte("k"), "A1234564") == want || DigestOf([]byte("l"), "A1234563") == want {
		t.Error("two numbers, or two keys, with one digest")
	}
}
