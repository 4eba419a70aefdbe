package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"
)

// Facts are the statements of a credential. Absent facts are empty or nil.
type Facts struct {
	Profile    string // door or gate; empty where the format knows neither
	Kind       string // of an EU certificate: vaccination, test or recovery; empty for other formats
	Colour     string // green, amber, red or blue; what it means is data of the scheme
	Reasons    []Reason
	Provenance string // who applied: self, relative, worker
	ConvertsTo []string
	Language   string // BCP 47
	Assist     uint64 // bits: 1 slow, 2 speech, 4 step-free
	AgeBand    int    // 1 under 12, 2 12-17, 3 18-64, 4 65 and over
	Birth      *Day
	Name       string   // as written in the code; for joining codes of one person, never for rules
	Face       []byte   // template of 128 int8; nil if the code has none
	Photo      []byte   // JPEG or WebP; nil if the code has none
	Exempt     []string // entry schemes and exempt classes
	Consent    *Day     // a guardian's, until the end of that day
	Doses      []Dose
	Tests      []Test
	Stays      []Stay
	Documents  []Document // that the record is bound to
}

// Document is a document by its type, HKID, HRP, PASSPORT or EEP, and the digest of its
// number under the scheme's document key; never the number (FORMATS A1).
type Document struct {
	Type   string
	Digest [16]byte
}

// DigestOf returns the digest of a document's number under a scheme's document key: the
// first 16 bytes of HMAC-SHA-256 over its letters, as capitals, and digits.
func DigestOf(key []byte, number string) (d [16]byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(number))))
	copy(d[:], mac.Sum(nil))
	return d
}

// Reason is why a colour is not green. Classes are those of FORMATS A1; others go to staff.
type Reason struct {
	Class        uint64
	Since, Until *Day
	Authority    string
}

// Dose is one vaccination; Number of Of, 0 where the code does not say.
type Dose struct {
	Day        Day
	Product    string
	Number, Of int
}

// Test is one test of a sample.
type Test struct {
	Sampled  time.Time
	Kind     string // PCR or RAT
	Negative bool
}

// Stay is a stay in a place of risk.
type Stay struct {
	Place string
	Last  Day
}

// Day counts days since 1970-01-01 in the issuing scheme's own time zone.
type Day int64

// MinDay and MaxDay are the first day of year 1 and the last of year 9999.
const (
	MinDay Day = -719162
	MaxDay Day = 2932896
)

// DayOf returns the day on which t falls in its own zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// In returns the first moment of d in a zone.
func (d Day) In(zone *time.Location) time.Time {
	y, m, n := d.date()
	return time.Date(y, m, n, 0, 0, 0, 0, zone)
}

func (d Day) date() (int, time.Month, int) { return time.Unix(int64(d)*86400, 0).UTC().Date() }

// Age returns the full years between birth and d. Who was born on 29 February
// has a birthday on 1 March in other years.
func (d Day) Age(birth Day) int {
	y, m, n := d.date()
	by, bm, bn := birth.date()
	age := y - by
	if m < bm || m == bm && n < bn {
		age--
	}
	return age
}

// At returns what a lane of a profile may learn (FORMATS A1): the door profile
// names the colour, classes of reasons, preferences and age band, and of which kind
// a certificate is; only the gate profile names everything.
func (f Facts) At(profile string) Facts {
	if profile == "gate" {
		return f
	}
	door := Facts{Profile: f.Profile, Kind: f.Kind, Colour: f.Colour, Language: f.Language, Assist: f.Assist, AgeBand: f.AgeBand}
	for _, r := range f.Reasons {
		door.Reasons = append(door.Reasons, Reason{Class: r.Class})
	}
	return door
}
