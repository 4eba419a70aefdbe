package event

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// MaxSize is the most bytes that an encoded event may have (PROTOCOL part C).
const MaxSize = 16 << 10

var (
	ErrTooLarge  = errors.New("event: larger than 16 KiB")
	ErrMalformed = errors.New("event: malformed")
	ErrName      = errors.New("event: device, site, lane and kind are 1 to 64 letters, digits, '-' or '_'")
	ErrTime      = errors.New("event: time outside the years 0 to 9999")
)

// Position is where in the chain an event stands.
type Position struct {
	Device, Site string
	Lane         string // empty for an event of the whole device
	Epoch        uint64 // random; one life of one journal
	Seq          uint64 // from 1 in every epoch, without gaps
	Prev         [32]byte
}

// Record is an event with all that the journal adds to it.
type Record struct {
	Position
	Boot  uint64 // in which Presentation counts
	Visit string // random; the same in all events of one presentation; empty for none
	Event
}

// envelope is the CloudEvents 1.0 form (PROTOCOL C3); prev is an extension attribute.
type envelope struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Prev        string `json:"prev"`
	Data        data   `json:"data"`
}

type data struct {
	Lane         string            `json:"lane,omitempty"`
	Presentation uint64            `json:"presentation,omitempty"`
	Boot         uint64            `json:"boot"`
	Visit        string            `json:"visit,omitempty"`
	Verdict      *judgement        `json:"verdict,omitempty"`
	Note         map[string]string `json:"note,omitempty"`
}

// judgement is what of a verdict may leave the device: neither what it counts nor the
// person's language, nor what the code's colour means and who applied for it; nor the hotline and the urgent reasons, which are the policy's.
type judgement struct {
	Outcome   string         `json:"outcome"`
	Reason    verdict.Reason `json:"reason"`
	Rule      string         `json:"rule,omitempty"`
	Cite      string         `json:"cite,omitempty"`
	Measured  string         `json:"measured,omitempty"`
	Threshold string         `json:"threshold,omitempty"`
	Ruled     verdict.Reason `json:"ruled,omitempty"`  // what the rules alone had found
	SetBy     string         `json:"red_by,omitempty"` // schemes and departments
	Person    verdict.Reason `json:"person_risk,omitempty"`
	Place     verdict.Reason `json:"place_risk,omitempty"`
	Format    string         `json:"format,omitempty"`
	Scheme    string         `json:"scheme,omitempty"`
	Clock     string         `json:"clock,omitempty"`
	At        string         `json:"at,omitempty"`        // when it was made, RFC 3339; the event may be later
	Within    int64          `json:"within_ns,omitempty"` // how far off that may have been
	Lists     []list         `json:"lists,omitempty"`
}

type list struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Age     *int64 `json:"age_s,omitempty"` // since the content last changed; absent if unknown
}

// maxAge bounds the age of a list, either way.
const maxAge = 100 * 365 * 24 * time.Hour

// Encode gives the one form in bytes of r. The next event's Prev is their SHA-256.
func Encode(r Record) ([]byte, error) {
	if !ValidName(r.Device) || !ValidName(r.Site) || r.Lane != "" && !ValidName(r.Lane) || !ValidName(string(r.Kind)) {
		return nil, ErrName
	}
	at := r.At.UTC()
	if at.Year() < 0 || at.Year() > 9999 {
		return nil, ErrTime
	}
	source := "/site/" + r.Site + "/device/" + r.Device
	if r.Lane != "" {
		source += "/lane/" + r.Lane
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(envelope{
		SpecVersion: "1.0",
		ID:          fmt.Sprintf("%s/%016x/%d", r.Device, r.Epoch, r.Seq),
		Source:      source,
		Type:        "checkpoint." + string(r.Kind) + ".v1",
		Time:        at.Format(time.RFC3339Nano),
		ContentType: "application/json",
		Prev:        hex.EncodeToString(r.Prev[:]),
		Data: data{Lane: r.Lane, Presentation: r.Presentation, Boot: r.Boot, Visit: r.Visit,
			Verdict: judged(r.Event), Note: r.Note},
	})
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	if b.Len() > MaxSize {
		return nil, ErrTooLarge
	}
	return b.Bytes(), nil
}

func judged(e Event) *judgement {
	v := e.Verdict
	if v.Reason == "" && e.Kind != Presented && e.Kind != Claimed && e.Kind != Override && e.Kind != Reconciled {
		return nil
	}
	j := &judgement{Outcome: v.Outcome.String(), Reason: v.Reason, Rule: v.Rule, Cite: v.Cite, Measured: v.Measured,
		Threshold: v.Threshold, Ruled: v.Ruled, SetBy: v.SetBy, Person: v.Person, Place: v.Place, Format: v.Format, Scheme: v.Scheme, Clock: v.Confidence, Within: max(0, int64(v.Within))}
	if at := v.At.UTC(); !v.At.IsZero() && at.Year() >= 0 && at.Year() <= 9999 {
		j.At = at.Format(time.RFC3339Nano)
	}
	for _, l := range v.Lists {
		j.Lists = append(j.Lists, list{l.Name, l.Version, age(e.At, l.Changed)})
	}
	return j
}

// age is in whole seconds.
func age(at, changed time.Time) *int64 {
	if changed.IsZero() {
		return nil
	}
	s := int64(min(max(at.Sub(changed), -maxAge), maxAge) / time.Second)
	return &s
}

// ValidName reports whether s can name a device, a site or a lane: 1 to 64
// letters, digits, '-' or '_', so that it is one token of an id, a path and a subject.
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
