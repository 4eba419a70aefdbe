// Package holder decodes what a phone presents (FORMATS A2, A3): health code
// tokens under the phone's own signature, bound to a place and a moment; in the
// open ("HCP1:") or sealed to one site ("HCE1:").
package holder

import (
	"fmt"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/healthcode"
	"example.org/checkpoint/firmware/credential/internal/base45"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// Prefix and SealedPrefix start every code of the two formats.
const (
	Prefix       = "HCP1:"
	SealedPrefix = "HCE1:"
)

// Claims of the presentation (RFC 8392 section 4, RFC 9052 for the nonce, FORMATS A2).
const (
	claimAudience = 3
	claimIssued   = 6
	claimNonce    = 10
	claimTokens   = -70002
)

// maxTokens bounds the tokens of one presentation.
const maxTokens = 4

// Decode decodes code, which starts with Prefix. It needs no keys.
func Decode(_ credential.Keys, code []byte) (credential.Presented, error) {
	data, err := base45.Decode(string(code[len(Prefix):]))
	if err != nil {
		return credential.Presented{}, malformed(err.Error())
	}
	return presentation(data)
}

// DecodeSealed decodes code, which starts with SealedPrefix. Without keys it
// cannot be opened.
func DecodeSealed(keys credential.Keys, code []byte) (credential.Presented, error) {
	data, err := base45.Decode(string(code[len(SealedPrefix):]))
	if err != nil {
		return credential.Presented{}, malformed(err.Error())
	}
	v, err := cosecwt.Decode(data)
	if err != nil {
		return credential.Presented{}, fmt.Errorf("sealed presentation: %w", err)
	}
	kid, enc, ciphertext, ok := parts(v)
	if !ok {
		return credential.Presented{}, malformed("want an array of a key id of 8 bytes, an encapsulation of 32 and a ciphertext")
	}
	if keys == nil {
		return credential.Presented{}, fmt.Errorf("sealed presentation: %w: this lane has no site key", credential.ErrCannotOpen)
	}
	plain, err := keys.Open(kid, enc, ciphertext, append([]byte(SealedPrefix), kid...))
	if err != nil {
		return credential.Presented{}, fmt.Errorf("sealed presentation: %w", err)
	}
	p, err := presentation(plain)
	p.SiteKey = kid
	return p, err
}

// parts takes apart [kid: bstr 8, enc: bstr 32, ct: bstr].
func parts(v any) (kid, enc, ciphertext []byte, ok bool) {
	a, _ := v.([]any)
	if len(a) != 3 {
		return nil, nil, nil, false
	}
	kid, ok0 := a[0].([]byte)
	enc, ok1 := a[1].([]byte)
	ciphertext, ok2 := a[2].([]byte)
	return kid, enc, ciphertext, ok0 && ok1 && ok2 && len(kid) == 8 && len(enc) == 32
}

func presentation(data []byte) (credential.Presented, error) {
	signed, m, err := cosecwt.Statement(credential.Holder, Prefix, data)
	if err != nil {
		return credential.Presented{}, fmt.Errorf("presentation: %w", err)
	}
	signed.Issued = m.Time(claimIssued)
	p := credential.Presented{Holder: &signed, IssuedAt: signed.Issued, Audience: m.Text(claimAudience), Nonce: m.Bytes(claimNonce, 8)}
	tokens := m.Array(claimTokens)
	if len(tokens) < 1 || len(tokens) > maxTokens {
		m.Fail(claimTokens, "is not one to four tokens")
	}
	if err := m.Closed(); err != nil {
		return credential.Presented{}, fmt.Errorf("presentation: %w", err)
	}
	for i, t := range tokens {
		b, ok := t.([]byte)
		if !ok {
			return credential.Presented{}, malformed("a token is not a byte string")
		}
		c, err := healthcode.Token(b)
		if err != nil {
			return credential.Presented{}, fmt.Errorf("presentation: token %d: %w", i+1, err)
		}
		p.Credentials = append(p.Credentials, c)
	}
	return p, nil
}

func malformed(what string) error {
	return fmt.Errorf("presentation: %w: %s", credential.ErrMalformed, what)
}
