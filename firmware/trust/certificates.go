package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
)

// kinds are the extended key usages that limit a document signer (EU DCC
// Technical Specifications volume 5), each also with the stray arc that many carry.
var kinds = []struct {
	kind string
	oids []asn1.ObjectIdentifier
}{
	{"t", []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 1}, {1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 1}}},
	{"v", []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 2}, {1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 2}}},
	{"r", []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 3}, {1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 3}}},
}

// addCertificates reads the publishers' list, {"<hex kid>": "<base64 DER>"}.
// Signers are trusted because they are listed: neither their chain nor their own
// validity is asked for, as genuine codes outlive and precede both (FORMATS B1).
// A certificate that cannot be parsed is left out, so that one country's slip
// does not shut out all others; what it signed has an unknown signer.
func (s *Store) addCertificates(file string, data []byte) error {
	var list map[string][]byte
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%w: %v", errForm, err)
	}
	for name, der := range list {
		id, err := hex.DecodeString(name)
		sum := sha256.Sum256(der)
		if err != nil || !bytes.Equal(id, sum[:8]) {
			return fmt.Errorf("%w: %s is not the start of the SHA-256 of its certificate", errForm, name)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		s.certs[keyID(id)] = key{list: file, scheme: &scheme{name: country(cert), zone: time.UTC}, purpose: dsc,
			public: public{algorithmOf(cert), cert.PublicKey}, kinds: kindsOf(cert)}
	}
	return nil
}

// algorithmOf returns the one algorithm a certificate's key signs with, 0 for none that we verify.
func algorithmOf(cert *x509.Certificate) credential.Algorithm {
	a := credential.Algorithm(0)
	switch cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		a = credential.ES256
	case *rsa.PublicKey:
		a = credential.PS256
	}
	if !suits(a, cert.PublicKey) {
		return 0
	}
	return a
}

// kindsOf returns the kinds of certificate that one may sign; without any of the usages, all.
func kindsOf(cert *x509.Certificate) []string {
	var out []string
	for _, k := range kinds {
		for _, oid := range cert.UnknownExtKeyUsage {
			if oid.Equal(k.oids[0]) || oid.Equal(k.oids[1]) {
				out = append(out, k.kind)
				break
			}
		}
	}
	return out
}

// country names the signer: the issuer claim of a code may say anything.
func country(cert *x509.Certificate) string {
	for _, c := range [][]string{cert.Subject.Country, cert.Issuer.Country} {
		if len(c) > 0 {
			return c[0]
		}
	}
	return ""
}
