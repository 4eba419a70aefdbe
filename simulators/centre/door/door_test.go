package door

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"testing"

	"example.org/checkpoint/simulators/centre/registry"
	"github.com/nats-io/nkeys"
)

// TestRevokedIsNotRenewed: who was revoked is let in again by hand only, also after the centre's restart.
func TestRevokedIsNotRenewed(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "g1"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	user, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	d, dir := registry.Device{Site: "LMC", CSR: csr, User: user}, t.TempDir()
	g, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := g.Renew(d, "g1", csr, user); err != nil || a.Device != "g1" {
		t.Fatal(a.Device, err)
	}
	for name, card := range map[string]registry.Device{"without a user": {CSR: csr}, "without a request": {CSR: []byte{}, User: user}} {
		if _, err := g.Admit(card, "g1"); err == nil {
			t.Error("a card is admitted", name)
		}
		if _, err := g.Renew(card, "g1", csr, card.User); !errors.Is(err, ErrRenew) {
			t.Errorf("a card %s: %v", name, err)
		}
	}
	g.push = func(string) error { return nil }
	if err := g.Revoke(nil, user); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Renew(d, "g1", csr, user); !errors.Is(err, ErrRenew) {
		t.Error(err)
	}
	if g, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Renew(d, "g1", csr, user); !errors.Is(err, ErrRenew) {
		t.Error("after a restart:", err)
	}
	if _, err := g.Admit(d, "g1"); err != nil {
		t.Error("by hand:", err)
	}
}
