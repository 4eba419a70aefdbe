package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"

	"github.com/fxamacker/cbor/v2"
)

// Spoil says what is wrong with a code.
type Spoil uint8

const (
	Sound        Spoil = iota
	BadSignature       // one bit of the signature is turned
	Malformed          // the last two characters are missing
	WrongKey           // signed by another key of the same scheme
	Stranger           // signed by a key that nobody knows
	OtherKind          // signed as if it were another kind of code
	Untagged           // without the tag of COSE_Sign1
	Trailing           // one byte behind the structure
	Loose              // the length of the payload in more bytes than needed
	OpenHeader         // the key id in the unprotected header too
	DER                // the signature as ASN.1
	Twin               // the other spelling of a valid signature, (r, n - s): sound, with other bytes
)

// Algorithms by their numbers (RFC 9053 section 2, RFC 9864).
const (
	ES256   = -7
	EdDSA   = -8
	ESP256  = -9
	Ed25519 = -19
)

// code signs claims as a kind of code and writes the text.
func (s signer) code(prefix string, claims map[int]any, how Spoil) string {
	external := prefix
	if how == OtherKind {
		external = "ODD1:"
	}
	data := s.spoilt(map[int]any{1: s.alg, 4: s.kid}, external, CBOR(claims), how)
	text := prefix + Base45(data)
	if how == Malformed {
		text = text[:len(text)-2]
	}
	return text
}

// Statement signs any payload as any kind, with the scheme's key of a purpose: what no
// other method makes. Header is put over the protected one, {1: alg, 4: kid}; nil takes away.
func (i *Issuer) Statement(purpose, external string, header map[int]any, payload []byte) []byte {
	return i.keys[purpose].sign(header, external, payload)
}

// sign makes a COSE_Sign1 (RFC 9052 section 4.2) with more in the protected header.
func (s signer) sign(more map[int]any, external string, payload []byte) []byte {
	protected := map[int]any{1: s.alg, 4: s.kid}
	for label, v := range more {
		if protected[label] = v; v == nil {
			delete(protected, label)
		}
	}
	return s.spoilt(protected, external, payload, Sound)
}

func (s signer) spoilt(protected map[int]any, external string, payload []byte, how Spoil) []byte {
	header := CBOR(protected)
	message := CBOR([]any{"Signature1", header, []byte(external), payload}) // RFC 9052 section 4.4
	return Wrap(header, payload, s.raw(message, how), how)
}

// raw signs a message, in ECDSA r || s of 32 bytes each (RFC 9053 section 2.1).
func (s signer) raw(message []byte, how Spoil) []byte {
	k, ok := s.key.(*ecdsa.PrivateKey)
	if !ok {
		return must(s.key.Sign(nil, message, crypto.Hash(0)))
	}
	sum := sha256.Sum256(message)
	r, t, err := ecdsa.Sign(rand.Reader, k, sum[:])
	if err != nil {
		panic(err)
	}
	if how == DER {
		return must(asn1.Marshal(struct{ R, S *big.Int }{r, t}))
	}
	if how == Twin {
		t.Sub(elliptic.P256().Params().N, t)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signature
}

// Wrap puts a COSE_Sign1 together, spoilt in its form if so asked.
func Wrap(header, payload, signature []byte, how Spoil) []byte {
	open := map[int]any{}
	if how == BadSignature {
		signature = append(append([]byte{}, signature[:len(signature)-1]...), signature[len(signature)-1]^1)
	}
	if how == OpenHeader {
		open[4] = signature[:8]
	}
	var body any = payload
	if how == Loose { // four bytes of length (RFC 8949 section 3)
		n := len(payload)
		body = cbor.RawMessage(append([]byte{0x5a, 0, 0, byte(n >> 8), byte(n)}, payload...))
	}
	parts := []any{header, open, body, signature}
	switch how {
	case Untagged:
		return CBOR(parts)
	case Trailing:
		return append(CBOR(cbor.Tag{Number: 18, Content: parts}), 0)
	}
	return CBOR(cbor.Tag{Number: 18, Content: parts})
}
