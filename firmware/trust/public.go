package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"

	"example.org/checkpoint/firmware/credential"
)

// public is a public key with the one algorithm it signs with.
type public struct {
	algorithm credential.Algorithm // 0: none that we verify
	key       crypto.PublicKey
}

// minRSA is the smallest modulus in bits (RFC 8230 section 2).
const minRSA = 2048

// suits reports whether an algorithm goes with a key.
func suits(a credential.Algorithm, k crypto.PublicKey) bool {
	switch k := k.(type) {
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() && (a == credential.ES256 || a == credential.ESP256)
	case ed25519.PublicKey:
		return a == credential.EdDSA || a == credential.Ed25519
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSA && a == credential.PS256
	}
	return false
}

// verify checks a signature over message; the algorithm has to be the key's own.
func (p public) verify(a credential.Algorithm, message, signature []byte) bool {
	if a != p.algorithm {
		return false
	}
	sum := sha256.Sum256(message)
	switch k := p.key.(type) {
	case *ecdsa.PublicKey: // r || s of 32 bytes each (RFC 9053 section 2.1)
		return len(signature) == 64 &&
			ecdsa.Verify(k, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	case *rsa.PublicKey: // RFC 8230 section 2: MGF1 with SHA-256, salt as long as the hash
		return rsa.VerifyPSS(k, crypto.SHA256, sum[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
