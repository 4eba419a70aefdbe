package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/checkpoint/firmware/verdict"
)

var at = time.Date(2026, 11, 21, 0, 30, 15, 123456789, time.FixedZone("", 8*3600))

func sample() Record {
	return Record{
		Position: Position{Device: "gate-07", Site: "LMC", Lane: "dep-1", Epoch: 0x2a, Seq: 19, Prev: [32]byte{0xab}},
		Boot:     3, Visit: "00112233445566778899aabbccddeeff",
		Event: Event{At: at, Kind: Claimed, Presentation: 7, Note: map[string]string{"z": "1", "a": "2"},
			Verdict: verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Rule: "green-and-tested", Cite: "R05",
				Measured: "age 3 h", Threshold: "≤ 48 h", Person: "old-test", Place: "risk-place", Format: "HCT1", Scheme: "HK", Confidence: "trusted",
				At: at.Add(-20 * time.Millisecond), Within: 35 * time.Millisecond,
				Lists: []verdict.List{{Name: "trust/HK.json", Version: "12", Changed: at.Add(-90 * time.Minute)}, {Name: "policy/gate.json", Version: "12"}}}},
	}
}

func TestEncodeIsTheDocumentedForm(t *testing.T) {
	const want = `{"specversion":"1.0","id":"gate-07/000000000000002a/19","source":"/site/LMC/device/gate-07/lane/dep-1",` +
		`"type":"checkpoint.claimed.v1","time":"2026-11-20T16:30:15.123456789Z","datacontenttype":"application/json",` +
		`"prev":"ab00000000000000000000000000000000000000000000000000000000000000",` +
		`"data":{"lane":"dep-1","presentation":7,"boot":3,"visit":"00112233445566778899aabbccddeeff",` +
		`"verdict":{"outcome":"admit","reason":"satisfied","rule":"green-and-tested","cite":"R05","measured":"age 3 h","threshold":"≤ 48 h","person_risk":"old-test","place_risk":"risk-place",` +
		`"format":"HCT1","scheme":"HK","clock":"trusted","at":"2026-11-20T16:30:15.103456789Z","within_ns":35000000,"lists":[{"name":"trust/HK.json","version":"12","age_s":5400},{"name":"policy/gate.json","version":"12"}]},` +
		`"note":{"a":"2","z":"1"}}}`
	for range 20 { // maps have no order
		got, err := Encode(sample())
		if err != nil || string(got) != want {
			t.Fatalf("%v\n got %s\nwant %s", err, got, want)
		}
	}
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	device := sample()
	device.Lane, device.Kind, device.Presentation, device.Visit, device.Verdict, device.Note = "", Started, 0, "", verdict.Verdict{}, nil
	lowered := sample()
	lowered.Verdict.Ruled, lowered.Verdict.SetBy = verdict.Satisfied, "HK, CHP"
	for _, r := range []Record{sample(), device, lowered} {
		b, err := Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		r.At, r.Verdict.At = r.At.UTC(), r.Verdict.At.UTC()
		for i, l := range r.Verdict.Lists {
			if !l.Changed.IsZero() {
				r.Verdict.Lists[i].Changed = l.Changed.UTC()
			}
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("\n got %+v\nwant %+v", got, r)
		}
		if strings.Contains(string(b), "verdict") != (r.Kind == Claimed) {
			t.Errorf("verdict where the kind has none, or none: %s", b)
		}
	}
}

// TestNothingPersonalIsEncoded fills every member of a verdict that may hold
// something of a person, and some that a later version may add.
func TestNothingPersonalIsEncoded(t *testing.T) {
	r := sample()
	r.Verdict.Hotline, r.Verdict.Urgent = "3142 2330", []string{"funeral"}
	r.Verdict.Language, r.Verdict.Meaning, r.Verdict.Provenance = "SECRET", "SECRET", "SECRET"
	r.Verdict.Counts = []verdict.Count{{Identity: []byte("SECRET"), Until: at}, {Identity: []byte{0x53, 0x45}, Until: at}}
	b, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Encode(sample())
	if err != nil || !bytes.Equal(b, plain) {
		t.Errorf("the event depends on what may not be in it: %s", b)
	}
	known := map[string]bool{"Outcome": true, "Reason": true, "Rule": true, "Cite": true, "Measured": true, "Threshold": true,
		"Person": true, "Place": true, "Hotline": true, "Format": true, "Scheme": true, "Schemes": true, "Language": true, "Confidence": true, "Lists": true, "Counts": true,
		"At": true, "Within": true, "Urgent": true, "Yields": true, "Ruled": true, "SetBy": true, "Meaning": true, "Provenance": true}
	for f := range reflect.TypeFor[verdict.Verdict]().Fields() {
		if !known[f.Name] {
			t.Errorf("verdict.%s is new: decide whether it may leave the device", f.Name)
		}
	}
}

func TestUnknownMembersArePassedOver(t *testing.T) {
	b, _ := Encode(sample())
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	doc["traceparent"] = "00-1"
	doc["data"].(map[string]any)["later"] = []any{1}
	doc["data"].(map[string]any)["verdict"].(map[string]any)["why"] = map[string]any{"x": true}
	b, _ = json.Marshal(doc)
	got, err := Decode(b)
	if err != nil || got.Seq != 19 || got.Verdict.Rule != "green-and-tested" {
		t.Errorf("%v %+v", err, got)
	}
}

func TestBounds(t *testing.T) {
	for name, change := range map[string]struct {
		f    func(*Record)
		want error
	}{
		"note too long":     {func(r *Record) { r.Note = map[string]string{"n": strings.Repeat("x", MaxSize)} }, ErrTooLarge},
		"no device":         {func(r *Record) { r.Device = "" }, ErrName},
		"slash in a lane":   {func(r *Record) { r.Lane = "a/b" }, ErrName},
		"dot in a device":   {func(r *Record) { r.Device = "a.b" }, ErrName},
		"long site":         {func(r *Record) { r.Site = strings.Repeat("s", 65) }, ErrName},
		"no kind":           {func(r *Record) { r.Kind = "" }, ErrName},
		"year ten thousand": {func(r *Record) { r.At = time.Date(10000, 1, 2, 0, 0, 0, 0, time.UTC) }, ErrTime},
	} {
		r := sample()
		change.f(&r)
		if _, err := Encode(r); !errors.Is(err, change.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	b, _ := Encode(sample())
	for name, change := range map[string][2]string{
		"other version":     {`"specversion":"1.0"`, `"specversion":"2.0"`},
		"short epoch":       {`000000000000002a`, `2a`},
		"no number":         {`/19"`, `/x"`},
		"other device":      {`device/gate-07`, `device/gate-08`},
		"lane disagrees":    {`"lane":"dep-1"`, `"lane":"dep-2"`},
		"type":              {`checkpoint.claimed.v1`, `claimed`},
		"outcome":           {`"outcome":"admit"`, `"outcome":"open"`},
		"time":              {`2026-11-20T16`, `2026-13-20T16`},
		"prev":              {`"prev":"ab`, `"prev":"`},
		"verdict's time":    {`"at":"2026-11-20T16`, `"at":"2026-13-20T16`},
		"prev is not hex":   {`"prev":"ab`, `"prev":"zz`},
		"age without bound": {`5400`, `9000000000000000000`},
	} {
		bad := strings.Replace(string(b), change[0], change[1], 1)
		if _, err := Decode([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := Encode(sample())
	f.Add(b)
	r := sample()
	r.Kind, r.Lane, r.Verdict = Started, "", verdict.Verdict{}
	b, _ = Encode(r)
	f.Add(b)
	f.Add([]byte(`{"specversion":"1.0","id":"a/0000000000000000/0","source":"/site/s/device/a","type":"checkpoint.x.v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		once, err := Encode(r)
		if errors.Is(err, ErrTooLarge) {
			return // escapes grow
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%v: %s", err, once)
		}
		if twice, err := Encode(again); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%v\n%s\n%s", err, once, twice)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	r := sample()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(r); err != nil {
			b.Fatal(err)
		}
	}
}

// TestClip: a text of any length leaves an event encodable, and a character whole.
func TestClip(t *testing.T) {
	if got := Clip("short"); got != "short" {
		t.Error(got)
	}
	for shift := range 4 {
		long := Clip(strings.Repeat("x", shift) + strings.Repeat("規", 14_000)) // 42 kB
		if len(long) > MaxNote || len(long) < MaxNote-8 || !utf8.ValidString(long) || !strings.HasSuffix(long, "規 …") {
			t.Errorf("%d bytes: …%q", len(long), long[len(long)-16:])
		}
		r := Record{Position: Position{Device: "a", Site: "b"}, Event: Event{Kind: BundleRejected, Note: map[string]string{"why": long, "version": Clip(strings.Repeat("\x01", 1<<20))}}}
		if _, err := Encode(r); err != nil {
			t.Error(err)
		}
	}
}
