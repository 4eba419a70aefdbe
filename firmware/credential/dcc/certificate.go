package dcc

import (
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// groups are the kinds of certificate, by their key (eu-dcc-schema 1.3.3).
var groups = []struct {
	key  string
	kind string
	read func(*cosecwt.Map, *credential.Facts)
}{
	{"v", "vaccination", vaccination},
	{"t", "test", test},
	{"r", "recovery", func(*cosecwt.Map, *credential.Facts) {}}, // the vocabulary of the rules has no recovery
}

// certificate reads what is certified: exactly one entry of exactly one group. A
// group that is null or empty is not there. Beyond that no schema is enforced,
// for genuine certificates break it; what cannot be read is no fact.
func certificate(m *cosecwt.Map, c *credential.Credential) error {
	for _, g := range groups {
		entries, _ := m.Take(g.key).([]any)
		if len(entries) == 0 {
			continue
		}
		if c.Signed.Use != "" || len(entries) > 1 {
			return malformed("more than one entry")
		}
		c.Signed.Use, c.Facts.Kind = g.key, g.kind
		entry := m.Inside(entries[0], g.key)
		if id, ok := entry.Take("ci").(string); ok {
			c.ID.Text = id
		}
		g.read(entry, &c.Facts)
	}
	if c.Signed.Use == "" {
		m.Fail("certificate", "has no entry")
	}
	if day, ok := date(m.Take("dob")); ok {
		c.Facts.Birth = &day
	}
	if nam, ok := m.Take("nam").(map[any]any); ok { // as on the machine readable zone, '<' between parts
		surname, _ := nam["fnt"].(string)
		given, _ := nam["gnt"].(string)
		c.Facts.Name = strings.TrimSpace(surname + " " + given)
	}
	return m.Err()
}

func vaccination(m *cosecwt.Map, f *credential.Facts) {
	day, ok := date(m.Take("dt"))
	if !ok {
		return
	}
	product, _ := m.Take("mp").(string)
	f.Doses = []credential.Dose{{Day: day, Product: strings.TrimSpace(product), Number: count(m.Take("dn")), Of: count(m.Take("sd"))}}
}

// Codes of the value sets: kinds of test (LOINC) and the result "not detected" (SNOMED CT).
const (
	testNAAT    = "LP6464-4"
	testRAT     = "LP217198-3"
	notDetected = "260415000"
)

func test(m *cosecwt.Map, f *credential.Facts) {
	sampled, ok := moment(m.Take("sc"))
	if !ok {
		return
	}
	kind, _ := m.Take("tt").(string)
	switch kind = strings.TrimSpace(kind); kind {
	case testNAAT:
		kind = "PCR"
	case testRAT:
		kind = "RAT"
	}
	result, _ := m.Take("tr").(string)
	f.Tests = []credential.Test{{Sampled: sampled, Kind: kind, Negative: strings.TrimSpace(result) == notDetected}}
}

// date reads a full date, with or without a time of day behind it; a year alone is none.
func date(v any) (credential.Day, bool) {
	s, _ := v.(string)
	if len(s) < len(time.DateOnly) {
		return 0, false
	}
	t, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)])
	return credential.DayOf(t), err == nil && t.Year() >= 1
}

// moment reads a date-time; without a zone it is UTC.
func moment(v any) (time.Time, bool) {
	s, _ := v.(string)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// count reads a small number, also one written as a float.
func count(v any) int {
	if f, ok := v.(float64); ok && f >= 0 && f <= 99 {
		return int(f)
	}
	if n, ok := cosecwt.Int(v); ok && n >= 0 && n <= 99 {
		return int(n)
	}
	return 0
}
