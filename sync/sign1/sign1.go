// Package sign1 signs what a device sends and opens what the centre signed:
// COSE_Sign1 over P-256 in the one strict form both sides use.
//
//	COSE_Sign1 = #6.18([protected: bstr .cbor {1: alg, 4: kid}, unprotected: {}, payload: bstr, signature: bstr])
//
// (RFC 9052 section 4.2). The purpose ("batch", "mark", …) is the external_aad, so a
// signature made for one thing never passes for another.
package sign1

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/fxamacker/cbor/v2"
)

var (
	ErrMalformed  = errors.New("sign1: not a COSE_Sign1 of ours")                 // wrong shape, or a second spelling of the same bytes
	ErrUnknownKey = errors.New("sign1: signed by a key that is not in the list")  // the key id is not among the trusted ones
	ErrSignature  = errors.New("sign1: signature does not fit bytes and purpose") // altered, or signed for another purpose
)

const (
	algES256  = -7 // ECDSA with SHA-256, RFC 9053 section 2.1
	algESP256 = -9 // the same with the curve fixed, RFC 9864 section 2.1
	tagSign1  = 18 // RFC 9052 section 2
	half      = 32 // bytes of each half of the signature (RFC 9053 section 2.1)
)

// message is the array of the package comment.
type message struct {
	_           struct{} `cbor:",toarray"`
	Protected   []byte
	Unprotected map[int]cbor.RawMessage
	Payload     []byte
	Signature   []byte
}

// header holds the only two parameters allowed (RFC 9052 section 3.1).
type header struct {
	Algorithm int    `cbor:"1,keyasint"`
	KeyID     []byte `cbor:"4,keyasint"`
}

// strict refuses what could be read in two ways; canonical writes deterministic
// CBOR (RFC 8949 section 4.2).
var (
	strict = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, MaxNestedLevels: 8,
		MaxArrayElements: 64, MaxMapPairs: 16,
	}.DecMode())
	canonical = must(cbor.CoreDetEncOptions().EncMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic(err)
	}
	return m
}

// Sign signs payload for a purpose. The same input gives the same bytes (RFC 6979), so a
// message sent again is recognised as the same message.
func Sign(key *ecdsa.PrivateKey, purpose string, payload []byte) ([]byte, error) {
	kid, err := KeyIDOf(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	protected, err := canonical.Marshal(header{algES256, kid[:]})
	if err != nil {
		return nil, err
	}
	digest, err := digest(protected, purpose, payload)
	if err != nil {
		return nil, err
	}
	der, err := key.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign1: %w", err)
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, fmt.Errorf("sign1: %w", err)
	}
	signature := make([]byte, 2*half)
	pair.R.FillBytes(signature[:half])
	pair.S.FillBytes(signature[half:])
	return canonical.Marshal(cbor.Tag{Number: tagSign1, Content: message{
		Protected: protected, Unprotected: map[int]cbor.RawMessage{}, Payload: payload, Signature: signature,
	}})
}

// Open checks data against the trusted keys and the purpose and returns the payload.
func Open(trusted Keys, purpose string, data []byte) ([]byte, error) {
	var (
		tag cbor.RawTag
		m   message
		h   header
	)
	if strict.Unmarshal(data, &tag) != nil || strict.Unmarshal(tag.Content, &m) != nil || strict.Unmarshal(m.Protected, &h) != nil {
		return nil, ErrMalformed
	}
	if tag.Number != tagSign1 || len(m.Unprotected) > 0 || h.Algorithm != algES256 && h.Algorithm != algESP256 ||
		len(h.KeyID) != len(KeyID{}) || len(m.Signature) != 2*half {
		return nil, ErrMalformed
	}
	protected, err := canonical.Marshal(h)
	if err != nil || !bytes.Equal(protected, m.Protected) {
		return nil, ErrMalformed
	}
	again, err := canonical.Marshal(cbor.Tag{Number: tagSign1, Content: m})
	if err != nil || !bytes.Equal(again, data) {
		return nil, ErrMalformed
	}
	key, ok := trusted[KeyID(h.KeyID)]
	if !ok {
		return nil, ErrUnknownKey
	}
	digest, err := digest(m.Protected, purpose, m.Payload)
	if err != nil {
		return nil, ErrMalformed
	}
	r, s := new(big.Int).SetBytes(m.Signature[:half]), new(big.Int).SetBytes(m.Signature[half:])
	if !ecdsa.Verify(key, digest, r, s) {
		return nil, ErrSignature
	}
	return m.Payload, nil
}

// digest hashes the Sig_structure of RFC 9052 section 4.4.
func digest(protected []byte, purpose string, payload []byte) ([]byte, error) {
	b, err := canonical.Marshal([]any{"Signature1", protected, []byte(purpose), payload})
	sum := sha256.Sum256(b)
	return sum[:], err
}
