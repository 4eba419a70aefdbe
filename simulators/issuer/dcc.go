package issuer

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"time"
)

// DSC is a document signer of EU Digital COVID Certificates.
type DSC struct {
	Country string
	key     signer
	der     []byte
	kid     []byte // first 8 bytes of SHA-256 of the certificate's DER
}

// usages limit a signer to kinds: t test, v vaccination, r recovery.
var usages = map[string]int{"t": 1, "v": 2, "r": 3}

// NewDSC makes a signer of a country with a fresh certificate. Without kinds it may sign all.
func NewDSC(country string, kinds ...string) *DSC {
	s := newSigner()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Country: []string{country}, CommonName: "DSC of " + country},
		NotBefore:    time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	for _, kind := range kinds {
		template.UnknownExtKeyUsage = append(template.UnknownExtKeyUsage,
			asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1847, 2021, 1, usages[kind]})
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, s.key.Public(), s.key))
	id := sha256.Sum256(der)
	return &DSC{country, s, der, id[:8]}
}

// DSCList returns the publishers' list of signers, {"<hex kid>": "<base64 DER>"}.
func DSCList(signers ...*DSC) []byte {
	list := map[string][]byte{}
	for _, d := range signers {
		list[hex.EncodeToString(d.kid)] = d.der
	}
	return must(json.MarshalIndent(list, "", " "))
}

// Certificate is one certificate. Everything but From and Until has a default.
type Certificate struct {
	Kind        string // v (default), t or r
	From, Until time.Time
	ID          string // UVCI; random by default
	Birth       string // YYYY-MM-DD
	Sampled     time.Time
	Positive    bool
	Spoil       Spoil
}

// Certificate signs a certificate and returns its text.
func (d *DSC) Certificate(c Certificate) string {
	if c.ID == "" {
		c.ID = fmt.Sprintf("URN:UVCI:01:%s:%X", d.Country, random(12))
	}
	if c.Birth == "" {
		c.Birth = "1980-02-29"
	}
	key, kid := d.key, d.kid
	if c.Spoil == Stranger {
		key = newSigner()
		kid = key.kid
	}
	hcert := map[string]any{
		"ver": "1.3.0", "dob": c.Birth,
		"nam": map[string]any{"fn": "Muster", "fnt": "MUSTER", "gn": "Maria", "gnt": "MARIA"},
	}
	kind, entry := c.entry(d.Country)
	hcert[kind] = []any{entry}
	data := key.sign(map[int]any{4: kid}, "", CBOR(map[int]any{
		1: d.Country, 4: c.Until.Unix(), 6: c.From.Unix(), -260: map[int]any{1: hcert},
	}))
	if c.Spoil == BadSignature {
		data[len(data)-1] ^= 1
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	must(z.Write(data))
	if err := z.Close(); err != nil {
		panic(err)
	}
	text := "HC1:" + Base45(packed.Bytes())
	if c.Spoil == Malformed {
		text = text[:len(text)-2]
	}
	return text
}

// entry follows eu-dcc-schema 1.3.0.
func (c Certificate) entry(country string) (string, map[string]any) {
	e := map[string]any{"tg": "840539006", "co": country, "is": "Ministry of Health", "ci": c.ID}
	switch c.Kind {
	case "t":
		e["tt"], e["sc"], e["tc"] = "LP6464-4", c.Sampled.UTC().Format(time.RFC3339), "Test centre"
		if e["tr"] = "260415000"; c.Positive {
			e["tr"] = "260373001"
		}
		return "t", e
	case "r":
		day := c.From.AddDate(0, -1, 0).Format(time.DateOnly)
		e["fr"], e["df"], e["du"] = day, c.From.Format(time.DateOnly), c.Until.Format(time.DateOnly)
		return "r", e
	}
	e["vp"], e["mp"], e["ma"] = "1119349007", "EU/1/20/1528", "ORG-100030215"
	e["dn"], e["sd"], e["dt"] = 2, 2, c.From.Format(time.DateOnly)
	return "v", e
}
