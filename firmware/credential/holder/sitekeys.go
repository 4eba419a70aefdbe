package holder

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/checkpoint/firmware/credential"
)

// SiteKeys are private keys of one site, by key id. It implements credential.Keys.
type SiteKeys map[[8]byte]hpke.PrivateKey

// Add takes a private X25519 key of 32 bytes and returns its id: the first 8
// bytes of SHA-256 of the raw public key.
func (s SiteKeys) Add(private []byte) (kid [8]byte, err error) {
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		return kid, fmt.Errorf("site key: %w", err)
	}
	open, err := hpke.NewDHKEMPrivateKey(k)
	if err != nil {
		return kid, fmt.Errorf("site key: %w", err)
	}
	sum := sha256.Sum256(k.PublicKey().Bytes())
	kid = [8]byte(sum[:8])
	s[kid] = open
	return kid, nil
}

// AddFile takes a key as the centre hands it to a gate, {"v": 1, "site", "kid": "<16 hex
// digits>", "private": "<base64>"}, and returns the site. Errors say nothing of the key.
func (s SiteKeys) AddFile(data []byte) (site string, err error) {
	var f struct {
		KID     string `json:"kid"`
		Private []byte `json:"private"`
		Site    string `json:"site"`
	}
	if json.Unmarshal(data, &f) != nil {
		return "", errors.New("not a site key")
	}
	kid, err := s.Add(f.Private)
	if err == nil && f.KID != hex.EncodeToString(kid[:]) {
		delete(s, kid)
		err = errors.New("kid is not the start of the SHA-256 of the public key")
	}
	return f.Site, err
}

// Open opens with HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
// AES-128-GCM (RFC 9180), empty aad.
func (s SiteKeys) Open(kid, enc, ciphertext, info []byte) ([]byte, error) {
	if len(kid) != 8 {
		return nil, credential.ErrNoKey
	}
	key, ok := s[[8]byte(kid)]
	if !ok {
		return nil, credential.ErrNoKey
	}
	r, err := hpke.NewRecipient(enc, key, hpke.HKDFSHA256(), hpke.AES128GCM(), info)
	if err != nil {
		return nil, credential.ErrCannotOpen
	}
	plain, err := r.Open(nil, ciphertext)
	if err != nil {
		return nil, credential.ErrCannotOpen
	}
	return plain, nil
}
