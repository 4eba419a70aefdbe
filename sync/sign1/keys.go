package sign1

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// KeyID is the first 8 bytes of SHA-256 of the key's SubjectPublicKeyInfo DER.
type KeyID [8]byte

// String gives 16 hexadecimal digits.
func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// Keys are the public keys trusted for one purpose at one time.
type Keys map[KeyID]*ecdsa.PublicKey

// Dated are the keys of one purpose with the time in which each is trusted.
type Dated []dated

type dated struct {
	id          KeyID
	key         *ecdsa.PublicKey
	from, until int64  // Unix seconds, until is no longer within; 0 = open
	site        string // of a device; "" = any
}

// Of gives the keys of a site's devices, and those of which no site is said. A device of another
// site has its own hall.
func (d Dated) Of(site string) Dated {
	return slices.DeleteFunc(slices.Clone(d), func(k dated) bool { return k.site != "" && k.site != site })
}

// At gives the keys that are trusted at now, which is a time that the caller has checked.
func (d Dated) At(now time.Time) Keys {
	keys := Keys{}
	for _, k := range d {
		if at := now.Unix(); (k.from == 0 || at >= k.from) && (k.until == 0 || at < k.until) {
			keys[k.id] = k.key
		}
	}
	return keys
}

// maxKeys bounds keys.json: a fleet of devices, each with a few generations.
const maxKeys = 25_000

// KeyIDOf gives a key's id.
func KeyIDOf(key *ecdsa.PublicKey) (KeyID, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return KeyID{}, fmt.Errorf("sign1: %w", err)
	}
	sum := sha256.Sum256(der)
	return KeyID(sum[:8]), nil
}

// ReadKeys takes the keys of one purpose out of the bundle's keys.json:
//
//	{"v": 1, "keys": [{"kid": "<16 hex digits>", "purpose": "mark", "alg": -7, "spki": "<base64>", "from": 0, "until": 0},
//	                  {"kid": …, "purpose": "device", "device": "gate-01", "site": "HZMB", …}]}
//
// from and until are Unix seconds between which the key is trusted, 0 or absent for open.
// Unknown members, other purposes and withdrawn keys are passed over; a key that one entry withdraws is
// withdrawn whatever another says. A key whose id is not its own, or which is listed for two purposes,
// is an error: a key has one purpose.
func ReadKeys(data []byte, purpose string) (Dated, error) {
	var file struct {
		V    int `json:"v"`
		Keys []struct {
			KID, Purpose, SPKI, Site string
			Alg                      int
			From, Until              int64
			Withdrawn                bool
		} `json:"keys"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("keys.json: %w", err)
	}
	if file.V != 1 || len(file.Keys) > maxKeys {
		return nil, fmt.Errorf("keys.json: want version 1 and at most %d keys, got version %d and %d keys", maxKeys, file.V, len(file.Keys))
	}
	var keys Dated
	purposes, withdrawn := map[string]string{}, map[string]bool{}
	for _, k := range file.Keys {
		if other, seen := purposes[k.KID]; seen && other != k.Purpose {
			return nil, fmt.Errorf("keys.json: key %q has two purposes, %q and %q", k.KID, other, k.Purpose)
		}
		purposes[k.KID] = k.Purpose
		if k.Withdrawn {
			withdrawn[strings.ToLower(k.KID)] = true
		}
		if k.Purpose != purpose || k.Withdrawn {
			continue
		}
		if k.Alg != algES256 && k.Alg != algESP256 {
			return nil, fmt.Errorf("keys.json: key %q: algorithm %d is neither ES256 (-7) nor ESP256 (-9)", k.KID, k.Alg)
		}
		key, id, err := readSPKI(k.SPKI)
		if err != nil {
			return nil, fmt.Errorf("keys.json: key %q: %w", k.KID, err)
		}
		if id.String() != k.KID {
			return nil, fmt.Errorf("keys.json: key %q is really %s", k.KID, id)
		}
		keys = append(keys, dated{id, key, k.From, k.Until, k.Site})
	}
	return slices.DeleteFunc(keys, func(k dated) bool { return withdrawn[k.id.String()] }), nil
}

func readSPKI(text string) (*ecdsa.PublicKey, KeyID, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, KeyID{}, err
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, KeyID{}, err
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, KeyID{}, fmt.Errorf("not a P-256 key")
	}
	id, err := KeyIDOf(key)
	return key, id, err
}
