package inspection_test

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

const day = 24 * time.Hour

// now is noon in Hong Kong.
var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// world is some issuers and a bundle that trusts them.
type world struct {
	hk, gz *issuer.Issuer
	dsc    *issuer.DSC
	files  fstest.MapFS
}

func newWorld(t testing.TB) *world {
	w := &world{issuer.New("HK", "Asia/Hong_Kong"), issuer.New("GZ", "Asia/Shanghai"), issuer.NewDSC("DE", "v"), fstest.MapFS{}}
	w.gz.Meanings = map[int]string{issuer.Green: "low-risk-proxy", issuer.Amber: "watch", issuer.Red: "high-risk", issuer.Blue: "low-risk-self"}
	w.add("trust/HK.json", w.hk.TrustFile())
	w.add("trust/GZ.json", w.gz.TrustFile())
	w.add("trust/dsc.json", issuer.DSCList(w.dsc))
	w.add("status/GZ/7.cwt", w.gz.StatusList("7", 1000,
		map[uint]byte{1: issuer.StatusWithdrawn, 2: issuer.StatusAmber, 3: issuer.StatusRed}, now.Add(-time.Hour), 12*time.Hour))
	for _, name := range []string{"hk-border-departure", "venue-market"} {
		data, err := os.ReadFile("../policy/profiles/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		w.add("policy/"+name+".json", data)
	}
	w.add("texts/en.toml", []byte("not for us"))
	return w
}

func (w *world) add(name string, data []byte) {
	w.files[name] = &fstest.MapFile{Data: data, ModTime: now.Add(-day)}
}

func (w *world) load(t testing.TB) *inspection.Snapshot {
	s, err := inspection.Load(w.files, "7", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	border = inspection.Lane{Kind: "border", Direction: "out", Profile: "gate", Policy: "hk-border-departure"}
	market = inspection.Lane{Kind: "venue", Direction: "in", Profile: "door", Policy: "venue-market", ReplayWindow: time.Minute}
	sure   = inspection.Clock{Confidence: "trusted"}
)

// today is an adult's health code of a colour, issued this morning, that says whose it is.
func today(colour int) issuer.HealthCode {
	return issuer.HealthCode{Profile: "gate", Colour: colour, AgeBand: 3, From: now.Add(-4 * time.Hour)}
}

func TestInspect(t *testing.T) {
	w := newWorld(t)
	s := w.load(t)
	with := func(colour int, change func(*issuer.HealthCode)) string {
		h := today(colour)
		change(&h)
		return w.hk.HealthCode(h)
	}
	spoilt := func(how issuer.Spoil) string {
		return with(issuer.Green, func(h *issuer.HealthCode) { h.Spoil = how })
	}
	gz := func(colour int, index uint, list string) string {
		return w.gz.HealthCode(issuer.HealthCode{Colour: colour, From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0), StatusList: list, StatusAt: index})
	}
	cert := func(c issuer.Certificate) string {
		c.From, c.Until = now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)
		return w.dsc.Certificate(c)
	}
	green := w.hk.HealthCode(today(issuer.Green))
	const admit, refer, refuse = verdict.Admit, verdict.Refer, verdict.Refuse
	for _, tc := range []struct {
		name    string
		lane    inspection.Lane
		codes   []string
		outcome verdict.Outcome
		reason  verdict.Reason
	}{
		{"green", border, []string{green}, admit, verdict.Satisfied},
		{"green, but for doors only", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.Profile = "door" })}, refer, "gate-code-needed"},
		{"amber", border, []string{w.hk.HealthCode(today(issuer.Amber))}, refer, "amber"},
		{"red with a reason", border, []string{with(issuer.Red, func(h *issuer.HealthCode) { h.Reasons = []int{3} })}, refuse, "red-close-contact"},
		{"red for a reason nobody knows", border, []string{with(issuer.Red, func(h *issuer.HealthCode) { h.Reasons = []int{44} })}, refer, "unknown-reason"},
		{"a colour without meaning", market, []string{w.hk.HealthCode(today(issuer.Blue))}, refer, verdict.NoRule},
		{"green of yesterday, long-lived", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.From, h.Until = now.Add(-day), now.Add(day) })}, refer, "not-today"},
		{"expired", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.From = now.Add(-day) })}, refuse, verdict.Expired},
		{"not yet", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.From = now.Add(time.Second) })}, refuse, verdict.NotYet},
		{"of nobody knows what age", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.AgeBand = 0 })}, refer, "age-unknown"},
		{"a child", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.Profile, h.Birth = "gate", "20160101" })}, refer, "child"},
		{"bad signature", border, []string{spoilt(issuer.BadSignature)}, refuse, verdict.BadSignature},
		{"malformed", border, []string{spoilt(issuer.Malformed)}, refuse, verdict.Malformed},
		{"venue key", border, []string{spoilt(issuer.WrongKey)}, refuse, verdict.WrongUse},
		{"stranger", border, []string{spoilt(issuer.Stranger)}, refuse, verdict.UnknownSigner},
		{"bound to a phone", border, []string{with(issuer.Green, func(h *issuer.HealthCode) { h.Phone = true })}, refuse, verdict.HolderProof},
		{"live: as printed", market, []string{gz(issuer.Green, 0, "7")}, admit, verdict.Satisfied},
		{"live: withdrawn", market, []string{gz(issuer.Green, 1, "7")}, refuse, verdict.Withdrawn},
		{"live: amber", market, []string{gz(issuer.Green, 2, "7")}, refer, "watch"},
		{"live: amber, printed red", market, []string{gz(issuer.Red, 2, "7")}, refuse, "high-risk"},
		{"live: red", market, []string{gz(issuer.Blue, 3, "7")}, refuse, "high-risk"},
		{"live: past the end", market, []string{gz(issuer.Green, 1000, "7")}, refer, verdict.Undetermined},
		{"live: no list", market, []string{gz(issuer.Green, 0, "9")}, refer, verdict.Undetermined},
		{"live: no list, printed red", market, []string{gz(issuer.Red, 0, "9")}, refuse, "high-risk"},
		{"certificate at a market", market, []string{cert(issuer.Certificate{})}, admit, verdict.Satisfied},
		{"certificate at the border", border, []string{cert(issuer.Certificate{})}, refer, "no-health-code"},
		{"certificate of another kind", market, []string{cert(issuer.Certificate{Kind: "t", Sampled: now})}, refuse, verdict.WrongUse},
		{"certificate of a stranger", market, []string{cert(issuer.Certificate{Spoil: issuer.Stranger})}, refuse, verdict.UnknownSigner},
		{"certificate, bad signature", market, []string{cert(issuer.Certificate{Spoil: issuer.BadSignature})}, refuse, verdict.BadSignature},
		{"two codes", market, []string{green, cert(issuer.Certificate{})}, refer, verdict.SeveralCodes},
		{"the same code twice", border, []string{green, green}, admit, verdict.Satisfied},
		{"a good code beside a bad one", market, []string{green, spoilt(issuer.BadSignature)}, refuse, verdict.BadSignature},
		{"a good code beside a red one", market, []string{green, w.hk.HealthCode(today(issuer.Red))}, refuse, "high-risk"},
		{"a good code beside a web page", border, []string{"https://example.org", green}, refuse, verdict.UnknownFormat},
		{"a good code beside a place's", border, []string{green, w.hk.VenueCode(issuer.VenueCode{From: now}), "HKEN:0spoilt"}, admit, verdict.Satisfied},
		{"a good code beside one not read yet", border, []string{green, "NZCP:/1/2KCEVIQEIVV"}, refuse, verdict.Unsupported},
		{"an ended code beside a place's", border, []string{w.hk.VenueCode(issuer.VenueCode{From: now}), with(issuer.Green, func(h *issuer.HealthCode) { h.From = now.Add(-day) })}, refuse, verdict.Expired},
		{"two places' codes", border, []string{w.hk.VenueCode(issuer.VenueCode{From: now}), w.hk.VenueCode(issuer.VenueCode{From: now})}, refuse, verdict.NoPerson},
		{"a web page and a place's code", border, []string{"https://example.org", w.hk.VenueCode(issuer.VenueCode{From: now})}, refuse, verdict.UnknownFormat},
		{"nine codes", market, strings.Split("a b c d e f g h i", " "), refer, verdict.SeveralCodes},
		{"nothing", border, nil, refuse, verdict.Malformed},
		{"old prefix", border, []string{strings.Replace(green, "HCT1:", "HCT0:", 1)}, refuse, verdict.Malformed},
		{"too long", border, []string{"HCT1:" + strings.Repeat("0", inspection.MaxCode)}, refuse, verdict.Malformed},
		{"a web page", border, []string{"https://example.org"}, refuse, verdict.UnknownFormat},
		{"a format not read yet", border, []string{"NZCP:/1/2KCEVIQEIVV"}, refuse, verdict.Unsupported},
		{"no policy", inspection.Lane{Kind: "border", Profile: "gate"}, []string{green}, refer, verdict.PolicyError},
		{"a policy that is not there", inspection.Lane{Policy: "hk-arrival"}, []string{green}, refer, verdict.PolicyError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := inspection.Presentation{Number: 1, At: now, Clock: sure, Lane: tc.lane}
			for _, c := range tc.codes {
				p.Codes = append(p.Codes, []byte(c))
			}
			got := s.Inspect(p)
			if got.Outcome != tc.outcome || got.Reason != tc.reason {
				t.Errorf("%s %s by %q, want %s %s", got.Outcome, got.Reason, got.Rule, tc.outcome, tc.reason)
			}
			if mayPass := got.Outcome == admit || len(got.Urgent) > 0; mayPass != (len(got.Counts) > 0) {
				t.Errorf("counts %d times", len(got.Counts))
			}
		})
	}
}

// TestClock walks a same-day code through midnight with clocks of several qualities (R05).
func TestClock(t *testing.T) {
	w := newWorld(t)
	w.add("policy/open.json", rules("open", ""))
	s := w.load(t)
	code := [][]byte{[]byte(w.hk.HealthCode(today(issuer.Green)))}
	midnight := time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC)
	lane := market
	lane.Policy = "open"
	for _, tc := range []struct {
		at    time.Time
		clock inspection.Clock
		want  verdict.Reason
	}{
		{midnight.Add(-time.Second), sure, verdict.Satisfied},
		{midnight, sure, verdict.Expired},
		{midnight.Add(20 * time.Second), inspection.Clock{Uncertainty: 30 * time.Second, Confidence: "drifting"}, verdict.Satisfied},
		{midnight.Add(30 * time.Second), inspection.Clock{Uncertainty: 30 * time.Second, Confidence: "drifting"}, verdict.Expired},
		{now, inspection.Clock{Confidence: "unknown"}, verdict.ClockUnknown},
		{now, inspection.Clock{}, verdict.ClockUnknown},
	} {
		got := s.Inspect(inspection.Presentation{At: tc.at, Clock: tc.clock, Lane: lane, Codes: code})
		if got.Reason != tc.want || got.Confidence != tc.clock.Confidence {
			t.Errorf("%s %+v: %s %s, want %s", tc.at, tc.clock, got.Outcome, got.Reason, tc.want)
		}
	}
}

// TestVerdict shows what a verdict carries beside its outcome.
func TestVerdict(t *testing.T) {
	w := newWorld(t)
	w.add("freshness.json", []byte(`{"v":1,"changed":{"trust/HK.json":"2026-01-01T00:00:00Z"}}`))
	h := today(issuer.Green)
	h.Language = "zh-Hant-HK"
	got := w.load(t).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: border, Codes: [][]byte{[]byte(w.hk.HealthCode(h))}})
	got.Counts = nil
	want := verdict.Verdict{
		Outcome: verdict.Admit, Reason: verdict.Satisfied, Rule: "green-today", Hotline: "3142 2330", Cite: "R05: on the day of issue in Hong Kong time",
		Format: "HCT1", Scheme: "HK", Schemes: []string{"HK"}, Meaning: "may-cross", Language: "zh-Hant-HK", Confidence: "trusted", At: now,
		Lists: []verdict.List{
			{Name: "policy/hk-border-departure.json", Version: "7", Changed: now.Add(-day)},
			{Name: "trust/HK.json", Version: "7", Changed: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestFreshness(t *testing.T) {
	w := newWorld(t)
	green := []byte(w.hk.HealthCode(today(issuer.Green)))
	red := []byte(w.hk.HealthCode(today(issuer.Red)))
	live := []byte(w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Blue, From: now.Add(-day), Until: now.Add(day), StatusList: "7"}))
	for _, tc := range []struct {
		rule    string
		code    []byte
		outcome verdict.Outcome
		reason  verdict.Reason
	}{
		{`"trust": {"max_stale": 86400, "fail": "refuse"}`, green, verdict.Admit, verdict.Satisfied},
		{`"trust": {"max_stale": 86399, "fail": "refuse"}`, green, verdict.Refuse, verdict.Stale},
		{`"trust": {"max_stale": 86399, "fail": "refer"}`, green, verdict.Refer, verdict.Stale},
		{`"trust": {"max_stale": 86399, "fail": "manual"}`, green, verdict.Refer, verdict.Stale},
		{`"trust": {"max_stale": 86399, "fail": "allow-flagged"}`, green, verdict.Admit, verdict.Satisfied},
		{`"trust": {"max_stale": 86399, "fail": "refer"}`, red, verdict.Refuse, "high-risk"},
		{`"policy": {"max_stale": 60, "fail": "refer"}`, green, verdict.Refer, verdict.Stale},
		{`"status": {"max_stale": 3600, "fail": "refer"}`, live, verdict.Admit, verdict.Satisfied},
		{`"status": {"max_stale": 3599, "fail": "refer"}`, live, verdict.Refer, verdict.Stale},
		{`"status": {"max_stale": 60, "fail": "refer"}`, green, verdict.Admit, verdict.Satisfied},
	} {
		w.add("freshness.json", []byte(`{"v":1,`+tc.rule+`}`))
		got := w.load(t).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: market, Codes: [][]byte{tc.code}})
		if got.Outcome != tc.outcome || got.Reason != tc.reason {
			t.Errorf("%s: %s %s, want %s %s", tc.rule, got.Outcome, got.Reason, tc.outcome, tc.reason)
		}
	}
}

// TestStale: a class of files is too old from the time that freshness.json says, counted from
// when somebody last vouched for the set.
func TestStale(t *testing.T) {
	w := newWorld(t)
	w.add("freshness.json", []byte(`{"v":1,"staff":{"max_stale":3600,"fail":"refuse"}}`))
	s, err := inspection.Load(w.files, "7", now)
	if err != nil {
		t.Fatal(err)
	}
	if s.Stale("staff", now.Add(time.Hour)) || !s.Stale("staff", now.Add(time.Hour+1)) || s.Stale("orders", now.Add(day)) || s.Vouched(now.Add(time.Minute)).Stale("staff", now.Add(time.Hour+1)) {
		t.Error("how old a list of staff may be")
	}
}

// TestFreshnessCountsFromTheLastVouch has a set that never changes and is vouched
// for again and again: it stays fresh. Once nobody vouches for it, it gets old.
func TestFreshnessCountsFromTheLastVouch(t *testing.T) {
	w := newWorld(t)
	w.add("freshness.json", []byte(`{"v":1,"trust":{"max_stale":3600,"fail":"refuse"},"policy":{"max_stale":3600,"fail":"refer"},
		"changed":{"trust/HK.json":"2025-01-01T00:00:00Z"}}`))
	green := []byte(w.hk.HealthCode(today(issuer.Green)))
	old, err := inspection.Load(w.files, "7", now.AddDate(0, 0, -20))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		s      *inspection.Snapshot
		at     time.Time
		reason verdict.Reason
	}{
		{old, now, verdict.Stale},
		{old.Vouched(now.Add(-time.Hour)), now, verdict.Satisfied},
		{old.Vouched(now.Add(-time.Hour)), now.Add(time.Second), verdict.Stale},
		{old.Vouched(now), now, verdict.Satisfied},
		{old.Vouched(time.Time{}), now, verdict.Stale}, // plain files of yesterday
		{old.Vouched(time.Time{}), now.Add(-day + time.Hour), verdict.NotYet},
	} {
		got := tc.s.Inspect(inspection.Presentation{At: tc.at, Clock: sure, Lane: market, Codes: [][]byte{green}})
		if got.Reason != tc.reason {
			t.Errorf("at %s: %s %s, want %s", tc.at, got.Outcome, got.Reason, tc.reason)
		}
		for _, l := range got.Lists {
			if l.Name == "trust/HK.json" && l.Changed.Year() != 2025 {
				t.Errorf("last changed %s: the verdict tells when the content changed, not when it was vouched for", l.Changed)
			}
		}
	}
	if got := old.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: market, Codes: [][]byte{green}}); got.Reason != verdict.Stale {
		t.Errorf("vouching made the snapshot itself newer: %s", got.Reason)
	}
}

// TestLoadRejects spoils one file of a bundle at a time; the error names it.
func TestLoadRejects(t *testing.T) {
	w := newWorld(t)
	spoil := func(name, old, new string) []byte {
		data := w.files[name].Data
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("%s has no %q", name, old)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
	var bad = map[string][]byte{
		"trust/HK.json":                   spoil("trust/HK.json", `"alg": -7`, `"alg": -8`),
		"trust/GZ.json":                   spoil("trust/GZ.json", `"kid": "`, `"kid": "0`),
		"trust/MO.json":                   w.files["trust/HK.json"].Data,
		"trust/dsc.json":                  []byte(`{"00": "AA=="}`),
		"keys.json":                       []byte(`[]`),
		"status/GZ/7.cwt":                 w.files["status/GZ/7.cwt"].Data[1:],
		"status/GZ/8.cwt":                 w.files["status/GZ/7.cwt"].Data,
		"policy/venue-market.json":        spoil("policy/venue-market.json", `c.colour ==`, `c.color ==`),
		"policy/hk-arrival.json":          w.files["policy/venue-market.json"].Data,
		"policy/hk-border-departure.json": spoil("policy/hk-border-departure.json", `"test_h": 48`, `"test_h": 1`),
		"freshness.json":                  []byte(`{"v":1,"revocation":{"max_stale":1,"fail":"allow-flagged"}}`),
	}
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		before, had := w.files[name]
		w.add(name, bad[name])
		_, err := inspection.Load(w.files, "8", time.Time{})
		if err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s is spoilt: %v", name, err)
		}
		if delete(w.files, name); had {
			w.files[name] = before
		}
	}
	w.load(t)
}
