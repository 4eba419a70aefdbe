package healthcode

import (
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// Keys of the health map.
const (
	keyColour     = 1
	keyReasons    = 2
	keyProvenance = 3
	keyDocuments  = 4
	keyDoses      = 5
	keyTests      = 6
	keyExempt     = 7
	keyConverts   = 8
	keyStays      = 9
	keyConsent    = 10
)

// Names of the values of keyColour and keyProvenance. There is no default: another value is malformed.
var (
	colours     = map[uint64]string{1: "green", 2: "amber", 3: "red", 4: "blue"}
	provenances = map[uint64]string{1: "self", 2: "relative", 3: "worker"}
)

// health reads the health map. A door token has colour and classes of reasons only.
func health(m *cosecwt.Map, f *credential.Facts) {
	colour, ok := colours[m.Uint(keyColour)]
	if !ok {
		m.Fail(keyColour, "is no colour")
	}
	f.Colour = colour
	each(m, keyReasons, func(r *row) {
		reason := credential.Reason{Class: r.uint()}
		if f.Profile == "gate" {
			reason.Since, reason.Until = r.optDay(), r.optDay()
			reason.Authority = r.optText()
			r.optText() // guidance
		}
		f.Reasons = append(f.Reasons, reason)
	})
	if f.Profile == "gate" {
		record(m, f)
	}
	m.Closed()
}

// record reads what only a gate token has.
func record(m *cosecwt.Map, f *credential.Facts) {
	if m.Has(keyProvenance) {
		one(m, keyProvenance, func(r *row) {
			if f.Provenance = provenances[r.uint()]; f.Provenance == "" {
				r.bad = true
			}
			r.optText() // agent
		})
	}
	each(m, keyDocuments, func(r *row) {
		f.Documents = append(f.Documents, credential.Document{Type: r.text(), Digest: r.bytes16()})
	})
	each(m, keyDoses, func(r *row) {
		f.Doses = append(f.Doses, credential.Dose{Day: r.day(), Product: r.text(), Number: r.count(), Of: r.optCount()})
	})
	each(m, keyTests, func(r *row) {
		f.Tests = append(f.Tests, credential.Test{Sampled: r.time(), Kind: r.text(), Negative: r.bool()})
		r.optText() // laboratory
	})
	f.Exempt, f.ConvertsTo = texts(m, keyExempt), texts(m, keyConverts)
	each(m, keyStays, func(r *row) { f.Stays = append(f.Stays, credential.Stay{Place: r.text(), Last: r.day()}) })
	if m.Has(keyConsent) {
		one(m, keyConsent, func(r *row) {
			r.bytes16() // guardian
			until := r.day()
			f.Consent = &until
		})
	}
}

// one reads the array under a key as a row.
func one(m *cosecwt.Map, key int, read func(*row)) {
	r := &row{left: m.Array(key)}
	read(r)
	if r.bad || len(r.left) > 0 {
		m.Fail(key, "is not in order")
	}
}

// each reads the optional array of rows under a key.
func each(m *cosecwt.Map, key int, read func(*row)) {
	if !m.Has(key) {
		return
	}
	for _, e := range m.Array(key) {
		a, ok := e.([]any)
		r := &row{left: a, bad: !ok}
		read(r)
		if r.bad || len(r.left) > 0 {
			m.Fail(key, "is not in order")
		}
	}
}

// texts reads the optional array of texts under a key.
func texts(m *cosecwt.Map, key int) []string {
	if !m.Has(key) {
		return nil
	}
	var out []string
	for _, e := range m.Array(key) {
		s, ok := e.(string)
		if !ok {
			m.Fail(key, "is not an array of text")
		}
		out = append(out, s)
	}
	return out
}

// row reads one array from left to right.
type row struct {
	left []any
	bad  bool
}

// take returns the next element if it is a T. An optional one that is not is left to the next reader.
func take[T any](r *row, optional bool, as func(any) (T, bool)) (T, bool) {
	var zero T
	if len(r.left) > 0 {
		if v, ok := as(r.left[0]); ok {
			r.left = r.left[1:]
			return v, true
		}
	}
	r.bad = r.bad || !optional
	return zero, false
}

func is[T any](v any) (T, bool) {
	t, ok := v.(T)
	return t, ok
}

func isDay(v any) (credential.Day, bool) {
	n, ok := cosecwt.Int(v)
	d := credential.Day(n)
	return d, ok && d >= credential.MinDay && d <= credential.MaxDay
}

// isCount takes what fits a count of doses.
func isCount(v any) (int, bool) {
	n, ok := v.(uint64)
	return int(n & 0xffff), ok && n <= 0xffff
}

func (r *row) uint() uint64        { v, _ := take(r, false, is[uint64]); return v }
func (r *row) text() string        { v, _ := take(r, false, is[string]); return v }
func (r *row) optText() string     { v, _ := take(r, true, is[string]); return v }
func (r *row) bool() bool          { v, _ := take(r, false, is[bool]); return v }
func (r *row) day() credential.Day { v, _ := take(r, false, isDay); return v }
func (r *row) count() int          { v, _ := take(r, false, isCount); return v }
func (r *row) optCount() int       { v, _ := take(r, true, isCount); return v }

func (r *row) optDay() *credential.Day {
	if v, ok := take(r, true, isDay); ok {
		return &v
	}
	return nil
}

func (r *row) bytes16() (b [16]byte) {
	v, _ := take(r, false, is[[]byte])
	r.bad = r.bad || len(v) != len(b)
	copy(b[:], v)
	return b
}

func (r *row) time() time.Time { v, _ := take(r, false, cosecwt.Time); return v }
