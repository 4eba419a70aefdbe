package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"time"
)

// HealthCode is a health code token (FORMATS A1). The zero value of everything
// but Colour is usable.
type HealthCode struct {
	Profile    string // door (default) or gate
	Colour     int    // 0: no health map, a personal code
	Reasons    []int  // classes
	From       time.Time
	Until      time.Time                // default: the midnight after From in the scheme's zone
	Issued     time.Time                // default: From
	ID         []byte                   // 16 bytes; random by default
	Subject    string                   // gate: 22 characters of base64url; random by default
	Language   string                   // BCP 47
	AgeBand    int                      // 1 to 4
	Birth      string                   // gate: YYYYMMDD
	Consent    time.Time                // gate: a guardian's, until that day
	Provenance int                      // gate: 1 self, 2 relative, 3 worker
	Exempt     []string                 // gate
	Tests      []Test                   // gate
	Doses      []Dose                   // gate
	Phone      bool                     // bound to the key of some phone
	Holder     map[int]any              // bound to this phone: its COSE_Key
	Name       string                   // gate: full name
	Face       []byte                   // gate: template of 128 bytes
	StatusList string                   // short reference of a status list; none by default
	StatusAt   uint                     // index in it
	Change     func(claims map[int]any) // made to the claims before they are signed
	Spoil      Spoil
}

// Test is one test of a sample.
type Test struct {
	Sampled  time.Time
	Kind     string // PCR, RAT
	Positive bool
}

// Dose is one vaccination.
type Dose struct {
	Day        time.Time
	Product    string
	Number, Of int
}

// HealthCode signs a code and returns its text.
func (i *Issuer) HealthCode(h HealthCode) string {
	key := i.keys["token"]
	switch h.Spoil {
	case WrongKey:
		key = i.keys["venue"]
	case Stranger:
		key = newSigner()
	}
	claims := i.claims(h)
	if h.Change != nil {
		h.Change(claims)
	}
	return key.code("HCT1:", claims, h.Spoil)
}

func (i *Issuer) claims(h HealthCode) map[int]any {
	if h.Until.IsZero() {
		y, m, d := h.From.In(i.Zone).Date()
		h.Until = time.Date(y, m, d+1, 0, 0, 0, 0, i.Zone)
	}
	if h.Issued.IsZero() {
		h.Issued = h.From
	}
	if h.ID == nil {
		h.ID = random(16)
	}
	c := map[int]any{1: i.Name, 4: h.Until.Unix(), 5: h.From.Unix(), 6: h.Issued.Unix(), 7: h.ID, -70007: 1}
	gate := h.Profile == "gate"
	if gate {
		c[-70007] = 2
		if h.Subject == "" {
			h.Subject = base64.RawURLEncoding.EncodeToString(random(16))
		}
		c[2] = h.Subject
		identity := map[int]any{}
		if h.Name != "" {
			identity[4] = h.Name
		}
		if h.Birth != "" {
			identity[8] = h.Birth
		}
		if h.Face != nil {
			identity[62] = []any{map[int]any{0: h.Face, 1: 1, 2: 100, 3: "lab"}}
		}
		if len(identity) > 0 {
			c[169] = identity
		}
	}
	if h.Phone {
		h.Holder = coseKey()
	}
	if h.Holder != nil {
		c[8] = map[int]any{1: h.Holder}
	}
	if h.StatusList != "" {
		c[65535] = map[string]any{"status_list": map[string]any{"idx": h.StatusAt, "uri": h.StatusList}}
	}
	if h.Colour != 0 {
		c[-70001] = i.health(h, gate)
	}
	if h.Language != "" {
		c[-70004] = map[int]any{1: h.Language}
	}
	if h.AgeBand != 0 {
		c[-70005] = h.AgeBand
	}
	return c
}

func (i *Issuer) health(h HealthCode, gate bool) map[int]any {
	m := map[int]any{1: h.Colour}
	var reasons, doses, tests []any
	for _, class := range h.Reasons {
		reasons = append(reasons, []any{class})
	}
	for _, d := range h.Doses {
		doses = append(doses, []any{i.day(d.Day), d.Product, d.Number, d.Of})
	}
	for _, t := range h.Tests {
		tests = append(tests, []any{t.Sampled.Unix(), t.Kind, !t.Positive})
	}
	put(m, 2, reasons)
	if !gate {
		return m
	}
	put(m, 5, doses)
	put(m, 6, tests)
	put(m, 7, h.Exempt)
	if h.Provenance != 0 {
		m[3] = []any{h.Provenance}
	}
	if !h.Consent.IsZero() {
		m[10] = []any{random(16), i.day(h.Consent)}
	}
	return m
}

func put[T any](m map[int]any, key int, list []T) {
	if len(list) > 0 {
		m[key] = list
	}
}

// day counts days since 1970-01-01 in the scheme's zone.
func (i *Issuer) day(t time.Time) int64 {
	y, m, d := t.In(i.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// coseKey is the public key of some phone (RFC 9053 section 7.1.1).
func coseKey() map[int]any {
	k := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	point := must(k.PublicKey.Bytes()) // 4 || x || y
	return map[int]any{1: 2, -1: 1, -2: point[1:33], -3: point[33:]}
}
