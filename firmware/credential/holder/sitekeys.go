package holder

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
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
