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
)

// KeyID is the first 8 bytes of SHA-256 of the key's SubjectPublicKeyInfo DER.
type KeyID [8]byte

// String gives 16 hexadecimal digits.
func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// Keys are the public keys trusted for one purpose.
type Keys map[KeyID]*ecdsa.PublicKey

// maxKeys bounds keys.json: purposes times a few generations.
const maxKeys = 64

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
//	{"v": 1, "keys": [{"kid": "<16 hex digits>", "purpose": "mark", "alg": -7, "spki": "<base64>"}]}
//
// Unknown members, other purposes and withdrawn keys are passed over. A key whose id is not its own, or
// which is listed for two purposes, is an error: a key has one purpose.
func ReadKeys(data []byte, purpose string) (Keys, error) {
	var file struct {
		V    int `json:"v"`
		Keys []struct {
			KID, Purpose, SPKI string
			Alg                int
			Withdrawn          bool
		} `json:"keys"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("keys.json: %w", err)
	}
	if file.V != 1 || len(file.Keys) > maxKeys {
		return nil, fmt.Errorf("keys.json: want version 1 and at most %d keys, got version %d and %d keys", maxKeys, file.V, len(file.Keys))
	}
	keys, purposes := Keys{}, map[string]string{}
	for _, k := range file.Keys {
		if other, seen := purposes[k.KID]; seen && other != k.Purpose {
			return nil, fmt.Errorf("keys.json: key %q has two purposes, %q and %q", k.KID, other, k.Purpose)
		}
		purposes[k.KID] = k.Purpose
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
		keys[id] = key
	}
	return keys, nil
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
