// Package movement says what of a passage a border keeps beside its event, and seals it so that
// the centre alone can read it (PROTOCOL C9).
package movement

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// ErrRule means: sites/<site>.json does not say what is kept of a passage.
var ErrRule = errors.New("not a site's rule for records of movement")

// Note names the commitment to a record in the note of its event.
const Note = "movement"

// maxDays bounds how long a record is kept.
const maxDays = 3660

// Rule is that of one site. The zero Rule keeps nothing.
type Rule struct {
	Keep time.Duration // from the claim on; then the record is erased
	kid  string
	key  hpke.PublicKey // nil: nothing is kept
}

// Parse reads sites/<site>.json:
//
//	{"v": 1, "movement": {"record": "sealed", "days": 30, "seal": "<base64 of the centre's public seal key>"}}
//
// The key is one for HPKE (RFC 9180): X25519 with 32 bytes, or ML-KEM-768 with X25519. A record
// "none", or no such member: nothing is kept. "count" keeps nothing either: the centre counts
// events. Members that it does not know are others'.
func Parse(site []byte) (Rule, error) {
	var f struct {
		V        int
		Movement *struct {
			Record string
			Days   int
			Seal   []byte
		}
	}
	if err := json.Unmarshal(site, &f); err != nil || f.V != 1 {
		return Rule{}, fmt.Errorf("%w: want \"v\": 1: %v", ErrRule, err)
	}
	switch m := f.Movement; {
	case m == nil || m.Record == "none" || m.Record == "count":
		return Rule{}, nil
	case m.Record != "sealed":
		return Rule{}, fmt.Errorf("%w: record %q: use none, count or sealed", ErrRule, m.Record)
	case m.Days < 1 || m.Days > maxDays:
		return Rule{}, fmt.Errorf("%w: %d days: use 1 to %d", ErrRule, m.Days, maxDays)
	}
	kem := hpke.DHKEM(ecdh.X25519())
	if len(f.Movement.Seal) != 32 {
		kem = hpke.MLKEM768X25519()
	}
	key, err := kem.NewPublicKey(f.Movement.Seal)
	if err != nil {
		return Rule{}, fmt.Errorf("%w: seal is no public key: %w", ErrRule, err)
	}
	sum := sha256.Sum256(f.Movement.Seal)
	return Rule{Keep: time.Duration(f.Movement.Days) * 24 * time.Hour, kid: hex.EncodeToString(sum[:8]), key: key}, nil
}

// Passage is what of an admission is kept.
type Passage struct {
	At        time.Time
	Direction string          // in or out
	Scheme    string          // that issued the first code
	Counts    []verdict.Count // the identities of the codes (FORMATS A7)
}

// plain is the form of what is sealed, and sealed of what is kept.
type (
	plain struct {
		V          int       `json:"v"`
		Time       time.Time `json:"time"`
		Direction  string    `json:"direction"`
		Scheme     string    `json:"scheme"`
		Identities [][]byte  `json:"identities"`
	}
	sealed struct {
		V      int    `json:"v"`
		KID    string `json:"kid"`
		Sealed []byte `json:"sealed"`
	}
)

// Seal gives the record of a passage as JSON: "kid", the first 8 bytes of the SHA-256 of the
// public key, and "sealed", HPKE's encapsulated key and ciphertext with HKDF-SHA256, AES-128-GCM
// and the info "movement:" before kid. Nil where nothing is kept, as of a lane without direction.
func (r Rule) Seal(p Passage) ([]byte, error) {
	if r.key == nil || p.Direction != "in" && p.Direction != "out" {
		return nil, nil
	}
	of := plain{V: 1, Time: p.At.UTC().Truncate(time.Second), Direction: p.Direction, Scheme: p.Scheme}
	for _, c := range p.Counts {
		of.Identities = append(of.Identities, c.Identity)
	}
	text, err := json.Marshal(of)
	if err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	ciphertext, err := hpke.Seal(r.key, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte("movement:"+r.kid), text)
	if err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	return json.Marshal(sealed{1, r.kid, ciphertext})
}
