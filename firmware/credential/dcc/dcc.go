// Package dcc decodes the EU Digital COVID Certificate (eHealth Network, HCERT
// 1.0.5): "HC1:", base45, zlib, a CWT in COSE_Sign1. It reads leniently what the
// world has issued; FORMATS B1 lists what was met.
package dcc

import (
	"fmt"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/base45"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
	"example.org/checkpoint/firmware/credential/internal/inflate"
)

// Prefix starts every code of this format.
const Prefix = "HC1:"

// maxInflated bounds the decompressed bytes. The longest text inflates to less
// than 3 KiB in any certificate seen; a bomb stops here.
const maxInflated = 64 << 10

// COSE header parameters (RFC 9052 section 3.1) and CWT claims (RFC 8392; HCERT section 3.3).
const (
	headerAlgorithm = 1
	headerKeyID     = 4

	claimIssuer  = 1
	claimExpires = 4
	claimIssued  = 6
	claimHCERT   = -260
)

// Decode decodes code, which starts with Prefix.
func Decode(code []byte) (credential.Credential, error) {
	c, err := decode(code)
	if err != nil {
		return credential.Credential{}, fmt.Errorf("DCC: %w", err)
	}
	return c, nil
}

func decode(code []byte) (credential.Credential, error) {
	var c credential.Credential
	packed, err := base45.Decode(string(code[len(Prefix):]))
	if err != nil {
		return c, malformed(err.Error())
	}
	data, err := inflate.Zlib(packed, maxInflated)
	if err != nil {
		return c, malformed(err.Error())
	}
	s, err := cosecwt.Lenient(data)
	if err != nil {
		return c, err
	}
	if c.Signed, err = signed(s); err != nil {
		return c, err
	}
	payload, err := cosecwt.DecodeLenient(s.Payload)
	if err != nil {
		return c, err
	}
	m := cosecwt.NewMap(payload)
	if m.Has(claimIssuer) {
		c.Signed.Issuer = m.Text(claimIssuer)
	}
	c.NotAfter, c.Through = m.TimeLenient(claimExpires), true
	if m.Has(claimIssued) {
		c.Signed.Issued = m.TimeLenient(claimIssued)
		c.NotBefore = c.Signed.Issued
	}
	if err := m.Err(); err != nil {
		return c, err
	}
	return c, certificate(m.Map(claimHCERT).Map(1), &c)
}

// signed reads the header. The protected one wins, even where it is wrong (vectors CO21, CO22).
func signed(s cosecwt.Sign1) (credential.Signed, error) {
	from := func(key int) *cosecwt.Map {
		if s.Protected.Has(key) {
			return s.Protected
		}
		return s.Unprotected
	}
	out := credential.Signed{Format: credential.DCC, Signature: s.Signature}
	h := from(headerAlgorithm)
	out.Algorithm = credential.Algorithm(h.Int(headerAlgorithm))
	if err := h.Err(); err != nil {
		return out, err
	}
	h = from(headerKeyID)
	out.KeyID = h.Bytes(headerKeyID, -1)
	if err := h.Err(); err != nil {
		return out, err
	}
	if out.Algorithm != credential.ES256 && out.Algorithm != credential.PS256 {
		return out, fmt.Errorf("%w: algorithm %d", credential.ErrUnsupported, out.Algorithm)
	}
	var err error
	out.Message, err = s.Message("")
	return out, err
}

func malformed(what string) error { return fmt.Errorf("%w: %s", credential.ErrMalformed, what) }
