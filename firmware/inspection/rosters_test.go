package inspection_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/roster"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

const somebody = "AAAAAAAAAAAAAAAAAAAAAA"

// people puts a list of one Hong Kong pseudonym into a world, and says what it is for.
func (w *world) people(t testing.TB, name, index string) {
	t.Helper()
	list, err := roster.Build([16]byte{7}, []roster.Member{{Scheme: "HK", Subject: somebody}})
	if err != nil {
		t.Fatal(err)
	}
	w.add("lists/"+name+".bin", list)
	w.add("lists/index.json", []byte(`{"v":1,"source":"R97","lists":[`+index+`]}`))
}

func (w *world) profile(t testing.TB, name string, edits ...string) {
	t.Helper()
	data, err := policy.Shipped.ReadFile("profiles/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if len(edits) > 0 {
		text = text[:strings.Index(text, "\n \"tests\": [")] + "\n \"tests\": []}"
	}
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s has no %s", name, edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	w.add("policy/"+name+".json", []byte(text))
}

// arrival is a lane where a test is asked for.
var arrival = inspection.Lane{Kind: "border", Direction: "in", Profile: "gate", Policy: "hk-border-arrival"}

func gateCode(from time.Time) issuer.HealthCode {
	return issuer.HealthCode{Colour: issuer.Green, Profile: "gate", Subject: somebody, AgeBand: 3, From: from}
}

// TestExemptByList lets aircrew in without a test by a signed list, between its first
// moment and its last; the verdict names class and list (R97).
func TestExemptByList(t *testing.T) {
	day := now.Add(-4 * time.Hour)
	for name, tc := range map[string]struct {
		from, until time.Time
		u           time.Duration
		subject     string
		lane        string // profile
		want        verdict.Reason
	}{
		"in force":            {from: day, until: day.AddDate(0, 1, 0), want: verdict.Satisfied},
		"from this second":    {from: now, until: day.AddDate(0, 1, 0), want: verdict.Satisfied},
		"not begun":           {from: now.Add(time.Second), until: day.AddDate(0, 1, 0), want: "test-missing"},
		"ended":               {from: day, until: now, want: "test-missing"},
		"its last second":     {from: day, until: now.Add(time.Second), want: verdict.Satisfied},
		"ended, by one clock": {from: day, until: now.Add(time.Second), u: time.Second, want: "test-missing"},
		"somebody else":       {from: day, until: day.AddDate(0, 1, 0), subject: strings.Repeat("B", 21) + "A", want: "test-missing"},
	} {
		w := newWorld(t)
		w.profile(t, "hk-border-arrival")
		w.people(t, "aircrew", fmt.Sprintf(`{"name":"aircrew","exempt":"aircrew","from":%q,"until":%q,"source":"the carriers"}`,
			tc.from.Format(time.RFC3339), tc.until.Format(time.RFC3339)))
		h := gateCode(day)
		if tc.subject != "" {
			h.Subject = tc.subject
		}
		clock := sure
		clock.Uncertainty = tc.u
		v := w.load(t).Inspect(inspection.Presentation{Number: 1, At: now, Clock: clock, Lane: arrival, Codes: [][]byte{[]byte(w.hk.HealthCode(h))}})
		if v.Reason != tc.want {
			t.Errorf("%s: %s by %q", name, v.Reason, v.Rule)
		}
		used := slices.ContainsFunc(v.Lists, func(l verdict.List) bool { return l.Name == "lists/aircrew.bin" && !l.Changed.IsZero() })
		if said := v.Measured == "aircrew, lists/aircrew.bin"; said != (tc.want == verdict.Satisfied) || used != said {
			t.Errorf("%s: measured %q, lists %v", name, v.Measured, v.Lists)
		}
	}
}

// TestExemptByCode takes a class from Hong Kong's own code, and from no other scheme's.
func TestExemptByCode(t *testing.T) {
	w := newWorld(t)
	w.profile(t, "hk-border-arrival")
	mo := issuer.New("MO", "Asia/Macau")
	mo.MapsTo = map[string]map[int]string{"HK": {issuer.Green: "may-cross"}}
	w.add("trust/MO.json", mo.TrustFile())
	w.add("status/MO/1.cwt", mo.StatusList("1", 10, nil, now.Add(-time.Hour), 12*time.Hour))
	s := w.load(t)
	h := gateCode(now.Add(-4 * time.Hour))
	h.Exempt = []string{"aircrew"}
	live := h
	live.StatusList = "1"
	for code, want := range map[string]struct {
		reason   verdict.Reason
		measured string
	}{w.hk.HealthCode(h): {verdict.Satisfied, "aircrew, HK"}, mo.HealthCode(live): {"test-missing", ""}} {
		v := s.Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: arrival, Codes: [][]byte{[]byte(code)}})
		if v.Reason != want.reason || v.Measured != want.measured {
			t.Errorf("%s %s %q", v.Scheme, v.Reason, v.Measured)
		}
	}
}

// TestCohorts opens a border to one group first (R27).
func TestCohorts(t *testing.T) {
	w := newWorld(t)
	w.profile(t, "hk-border-departure", `"open_cohorts": []`, `"open_cohorts": ["first-week"]`)
	w.people(t, "first", `{"name":"first","cohort":"first-week"}`)
	s := w.load(t)
	for subject, want := range map[string]verdict.Reason{somebody: verdict.Satisfied, strings.Repeat("B", 21) + "A": "not-open-here"} {
		h := gateCode(now.Add(-4 * time.Hour))
		h.Subject = subject
		if v := s.Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(w.hk.HealthCode(h))}}); v.Reason != want {
			t.Errorf("%s: %s by %q", subject, v.Reason, v.Rule)
		}
	}
}

// TestIndexRefuses keeps out sets whose lists do not say what they are for.
func TestIndexRefuses(t *testing.T) {
	const dates = `"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"`
	for index, want := range map[string]string{
		`{"name":"x","exempt":"aircrew",` + dates + `}`: "",
		`{"name":"x","cohort":"first"}`:                 "",
		`{"name":"x","endorsement":"business"}`:         "",
		``:                                              "what it is for",
		`{"name":"y","exempt":"aircrew",` + dates + `}`:                        "is not there",
		`{"name":"x","exempt":"aircrew"}`:                                      "want from and a later until",
		`{"name":"x","exempt":"aircrew","from":"2026-01-01T00:00:00Z"}`:        "want from and a later until",
		`{"name":"x","exempt":"business",` + dates + `}`:                       "no exemptions",
		`{"name":"x","endorsement":"tourist"}`:                                 "endorsements are",
		`{"name":"x"}`:                                                         "want one of",
		`{"name":"x","exempt":"a","cohort":"b",` + dates + `}`:                 "want one of",
		`{"name":"../x","cohort":"b"}`:                                         "no name of a list",
		`{"name":"x","cohort":"a"},{"name":"x","cohort":"b"}`:                  "is there twice",
		`{"name":"x","cohort":"a"}` + strings.Repeat(`,{"name":"y"}`, 40) + ``: "at most 32",
	} {
		w := newWorld(t)
		w.people(t, "x", index)
		_, err := inspection.Load(w.files, "8", time.Time{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", index, err, want)
		}
	}
}

// TestPlaces tells a stay in a place of risk from one elsewhere; without the list every
// stay that a code states counts (R03, R07).
func TestPlaces(t *testing.T) {
	for name, tc := range map[string]struct {
		list string
		want verdict.Reason
	}{
		"no list":           {"", "risk-place"},
		"empty":             {`[]`, verdict.Satisfied},
		"the place":         {`[{"place":"CN-5301"}]`, "risk-place"},
		"what begins so":    {`[{"place":"CN-53*"}]`, "risk-place"},
		"another":           {`[{"place":"CN-53"},{"place":"CN-54*"}]`, verdict.Satisfied},
		"of risk from then": {`[{"place":"CN-5301","from":"2025-12-30"}]`, "risk-place"},
		"of risk later":     {`[{"place":"CN-5301","from":"2025-12-31"}]`, verdict.Satisfied},
		"twice":             {`[{"place":"CN-5301","from":"2025-12-31"},{"place":"CN-5301","from":"2025-12-01"}]`, "risk-place"},
	} {
		w := newWorld(t)
		if tc.list != "" {
			w.add("lists/places.json", []byte(`{"v":1,"places":`+tc.list+`}`))
		}
		h := gateCode(now.Add(-4 * time.Hour))
		h.Change = func(c map[int]any) { c[-70001] = map[int]any{1: 1, 9: []any{[]any{"CN-5301", 20452}}} } // 30 December 2025
		v := w.load(t).Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(w.hk.HealthCode(h))}})
		if v.Reason != tc.want {
			t.Errorf("%s: %s by %q", name, v.Reason, v.Rule)
		}
		if used := slices.ContainsFunc(v.Lists, func(l verdict.List) bool { return l.Name == "lists/places.json" }); used != (tc.list != "") {
			t.Errorf("%s: lists %v", name, v.Lists)
		}
	}
	for _, bad := range []string{`{`, `{"v":2,"places":[]}`, `{"v":1,"places":[{"place":"*"}]}`, `{"v":1,"places":[{"place":"a*b"}]}`, `{"v":1,"places":[{"place":"x","from":"soon"}]}`} {
		w := newWorld(t)
		w.add("lists/places.json", []byte(bad))
		if _, err := inspection.Load(w.files, "8", time.Time{}); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}

// TestDevices shows what the lane's devices gave to the rules, and what a rule says where
// one gave nothing.
func TestDevices(t *testing.T) {
	w := newWorld(t)
	w.profile(t, "venue-estate", `"thermal": 0`, `"thermal": 1`)
	residents, err := roster.Build([16]byte{7}, []roster.Member{{Scheme: "HK", Subject: somebody}})
	if err != nil {
		t.Fatal(err)
	}
	w.add("lists/residents.bin", residents)
	s := w.load(t)
	yes, no := true, false
	estate := inspection.Lane{Kind: "venue", Direction: "in", VenueClass: "estate", Profile: "gate", Policy: "venue-estate"}
	for name, tc := range map[string]struct {
		lane    inspection.Lane
		devices policy.Devices
		want    verdict.Reason
		said    string
	}{
		"cool":                    {estate, policy.Devices{Temperature: &policy.Temperature{Celsius: 36.5, Uncertainty: 0.5}}, verdict.Satisfied, ""},
		"hot":                     {estate, policy.Devices{Temperature: &policy.Temperature{Celsius: 38.5, Uncertainty: 0.5}}, "temperature", "385 × 0.1 °C"},
		"no sensor":               {estate, policy.Devices{}, verdict.PolicyError, "missing temperature"},
		"the card of the code":    {border, policy.Devices{Document: &policy.Document{Type: "HKID", Match: &yes}}, verdict.Satisfied, ""},
		"another card":            {border, policy.Devices{Document: &policy.Document{Type: "HKID", Match: &no}}, "document-mismatch", ""},
		"a card nobody compared":  {border, policy.Devices{Document: &policy.Document{Type: "HKID"}}, verdict.Satisfied, ""},
		"a face, not asked about": {border, policy.Devices{Face: &policy.Face{Similarity: 0.1, Liveness: "failed"}, Venue: &policy.Venue{Inside: 1, Capacity: 2}}, verdict.Satisfied, ""},
	} {
		h := gateCode(now.Add(-4 * time.Hour))
		v := s.Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: tc.lane, Codes: [][]byte{[]byte(w.hk.HealthCode(h))}, Devices: tc.devices})
		if v.Reason != tc.want || v.Measured != tc.said {
			t.Errorf("%s: %s by %q, measured %q", name, v.Reason, v.Rule, v.Measured)
		}
	}
}

// TestDocument compares a card read at the lane with those that the code names, by the
// digests of their numbers (FORMATS A1): a code that names none, or a lane without the
// scheme's key, compares nothing; of several codes each that can be compared has to name it.
func TestDocument(t *testing.T) {
	w := newWorld(t)
	w.profile(t, "hk-border-departure", `"document_required": 0`, `"document_required": 1`)
	s := w.load(t)
	key := []byte("the document key of HK")
	digest := func(number string) []byte { d := credential.DigestOf(key, number); return d[:] }
	naming := func(documents ...any) string {
		h := today(issuer.Green)
		h.Change = func(c map[int]any) {
			if len(documents) > 0 {
				c[-70001] = map[int]any{1: issuer.Green, 4: documents}
			}
		}
		return w.hk.HealthCode(h)
	}
	card := []any{"HKID", digest("A123456(3)")}
	of := func(kind, number, scheme string) *policy.Document {
		return &policy.Document{Type: kind, Digests: map[string][16]byte{scheme: credential.DigestOf(key, number)}}
	}
	for name, tc := range map[string]struct {
		code string
		card *policy.Document
		want verdict.Reason
	}{
		"the card, as it is printed":  {naming(card), of("HKID", "A123456(3)", "HK"), verdict.Satisfied},
		"the card, in another way":    {naming(card), of("HKID", "a 123456 3", "HK"), verdict.Satisfied},
		"one of two":                  {naming([]any{"HRP", digest("H01234567")}, card), of("HKID", "A1234563", "HK"), verdict.Satisfied},
		"another number":              {naming(card), of("HKID", "A1234564", "HK"), "document-mismatch"},
		"the number as another type":  {naming(card), of("HRP", "A1234563", "HK"), "document-mismatch"},
		"a code that names none":      {naming(), of("HKID", "A1234563", "HK"), "document-missing"},
		"a key of another scheme":     {naming(card), of("HKID", "A1234563", "GZ"), "document-missing"},
		"no card":                     {naming(card), nil, "document-missing"},
		"a reader that knows no keys": {naming(card), &policy.Document{Type: "HKID"}, "document-missing"},
	} {
		v := s.Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(tc.code)}, Devices: policy.Devices{Document: tc.card}})
		if v.Reason != tc.want {
			t.Errorf("%s: %s by %q", name, v.Reason, v.Rule)
		}
	}
}

// TestLoweredKeepsTheRule has a list too old lower a verdict: the rule, what it measured
// and what it found stay (R28).
func TestLoweredKeepsTheRule(t *testing.T) {
	w := newWorld(t)
	w.add("freshness.json", []byte(`{"v":1,"trust":{"max_stale":60,"fail":"refuse"}}`))
	w.people(t, "aircrew", `{"name":"aircrew","exempt":"aircrew","from":"2025-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}`)
	v := w.load(t).Inspect(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(w.hk.HealthCode(gateCode(now.Add(-4 * time.Hour))))}})
	if v.Outcome != verdict.Refuse || v.Reason != verdict.Stale || v.Ruled != verdict.Satisfied || v.Rule != "green-today" || v.Cite == "" ||
		v.Measured != "aircrew, lists/aircrew.bin" || v.Counts != nil || v.Urgent != nil || v.Hotline == "" {
		t.Errorf("%+v", v)
	}
}

// TestFacts writes presentations as facts and decides on these again: the same verdict by
// every shipped policy, and nothing of the person in what is written (R18, R43).
func TestFacts(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"hk-border-arrival", "hk-border-departure", "mo-border", "gz-city", "mutual-recognition", "venue-market", "venue-estate", "venue-government"} {
		w.profile(t, name)
	}
	w.people(t, "aircrew", `{"name":"aircrew","exempt":"aircrew","from":"2025-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}`)
	w.add("lists/places.json", []byte(`{"v":1,"places":[{"place":"CN-5301"}]}`))
	s := w.load(t)
	person := gateCode(now.Add(-4 * time.Hour))
	person.Birth, person.Exempt = "20080229", []string{"return2hk", "business"}
	person.Tests = []issuer.Test{{Sampled: now.Add(-48*time.Hour - time.Second), Kind: "PCR"}}
	person.Doses = []issuer.Dose{{Day: now.AddDate(0, -1, 0), Product: "A", Number: 2, Of: 2}}
	person.Change = func(c map[int]any) { c[169].(map[int]any)[4] = "CHAN TAI MAN" }
	stays, red := person, person
	stays.Change = func(c map[int]any) { c[-70001].(map[int]any)[9] = []any{[]any{"CN-5301", 20452}} }
	red.Colour, red.Reasons = issuer.Red, []int{5}
	tried := 0
	for name, h := range map[string]issuer.HealthCode{"person": person, "stays": stays, "red": red, "green": gateCode(now.Add(-4 * time.Hour))} {
		code := []byte(w.hk.HealthCode(h))
		for _, profile := range s.Policies() {
			for _, lane := range []inspection.Lane{{Kind: "border", Direction: "in", Profile: "gate", Policy: profile}, {Kind: "venue", Direction: "out", Profile: "door", Policy: profile}} {
				p := inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: lane, Codes: [][]byte{code}}
				c, ok := s.Facts(p)
				if !ok {
					t.Fatalf("%s under %s: no facts", name, profile)
				}
				line, err := json.Marshal(c)
				if err != nil {
					t.Fatal(err)
				}
				for _, personal := range []string{somebody, "2008-02-29", "CHAN", "birth", "CN-5301", "HCT1:"} {
					if strings.Contains(string(line), personal) {
						t.Fatalf("%s under %s: %s in %s", name, profile, personal, line)
					}
				}
				again, err := policy.ReadCase(line)
				if err != nil {
					t.Fatal(err)
				}
				data := w.files["policy/"+profile+".json"]
				rules, err := policy.Parse(data.Data)
				if err != nil {
					t.Fatal(err)
				}
				want := s.Inspect(p)
				got, err := rules.Try(again)
				if err != nil || got.Outcome != want.Outcome || got.Reason != want.Reason || got.Rule != want.Rule || got.Measured != want.Measured ||
					got.Threshold != want.Threshold || got.Person != want.Person || got.Place != want.Place || got.SetBy != want.SetBy {
					t.Errorf("%s under %s: %v\n%+v\nwant\n%+v", name, profile, err, got, want)
				}
				tried++
			}
		}
	}
	if tried < 50 {
		t.Fatalf("%d tries", tried)
	}
	if _, ok := s.Facts(inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte("HCT1:nothing")}}); ok {
		t.Error("facts of what is no code")
	}
}

// FuzzIndex reads what lists of people and of places are for.
func FuzzIndex(f *testing.F) {
	list, err := roster.Build([16]byte{7}, []roster.Member{{Scheme: "HK", Subject: somebody}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"v":1,"lists":[{"name":"x","exempt":"aircrew","from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}]}`), []byte(`{"v":1,"places":[{"place":"CN-53*","from":"2026-01-01"}]}`))
	f.Add([]byte(`{"v":1,"lists":[{"name":"x","cohort":"first"}]}`), []byte(`{"v":1,"places":[]}`))
	f.Fuzz(func(t *testing.T, index, places []byte) {
		s, err := inspection.New(map[string]inspection.File{"lists/index.json": {Data: index}, "lists/places.json": {Data: places}, "lists/x.bin": {Data: list}}, "1", time.Time{})
		if (s == nil) == (err == nil) {
			t.Fatal(s, err)
		}
	})
}
