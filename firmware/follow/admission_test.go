package follow

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/request"
)

// admit keeps what the centre gives for a card, but with a certificate of two hours that has half an
// hour left: renewal is due.
func (o *office) admit(name, state string) {
	o.Helper()
	var text []byte
	o.eventually("the card is read", func() bool {
		text = o.admission(name)
		return text != nil
	})
	var a map[string]any
	if err := json.Unmarshal(text, &a); err != nil {
		o.Fatal(err)
	}
	long, _ := a["certificate"].(string)
	a["certificate"] = o.short(long)
	text, err := json.Marshal(a)
	if err == nil {
		err = enrol.Admit(state, name, text)
	}
	if err != nil {
		o.Fatal(err)
	}
}

// admission is what the centre gives for a card; nil for nothing.
func (o *office) admission(name string) []byte {
	o.Helper()
	r, err := http.Get(o.centre.HTTPURL() + "/admission?device=" + name)
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return nil
	}
	return text
}

// short has the centre's authority sign a certificate for less time.
func (o *office) short(long string) string {
	o.Helper()
	authority, err := os.ReadFile(filepath.Join(o.dir, "ca.key"))
	if err != nil {
		o.Fatal(err)
	}
	ca, err := tls.X509KeyPair(authority, authority)
	if err != nil {
		o.Fatal(err)
	}
	block, _ := pem.Decode([]byte(long))
	was, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		o.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: was.Subject.CommonName},
		NotBefore: time.Now().Add(-90 * time.Minute), NotAfter: time.Now().Add(30 * time.Minute), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, ca.Leaf, was.PublicKey, ca.PrivateKey)
	if err != nil {
		o.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestAdmissionIsRenewed: a device whose admission ends has the centre give it another with nobody at
// hand, and says so while it has none.
func TestAdmissionIsRenewed(t *testing.T) {
	o := newOffice(t)
	o.stop()
	o.secure, o.port = true, 0
	o.open()
	o.publish()
	a, _ := o.device("g1")
	old := a.asks.pass.Load()
	o.eventually("the set is there, and the line", func() bool { return a.asks.keys.Load() != nil && a.link.State().Connected })
	ends := func() bool { return a.Troubles().Has(health.AdmissionEnds) }
	if !a.renewalDue() || ends() {
		t.Error("half an hour of two is left: to be renewed, and no trouble yet")
	}
	a.device.Clock.Raise(time.Now().Add(20 * time.Minute)) // into the last tenth
	if !ends() {
		t.Error("in its last tenth it is no trouble")
	}

	card := filepath.Join(o.dir, "registry", "g1.json")
	good, err := os.ReadFile(card)
	if err != nil {
		t.Fatal(err)
	}
	var other map[string]any
	if err := json.Unmarshal(good, &other); err != nil {
		t.Fatal(err)
	}
	other["user"] = "UX"
	bad, err := json.Marshal(other)
	if err == nil {
		err = os.WriteFile(card, bad, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.eventually("the other card is read", func() bool { return o.admission("g1") == nil })
	if err := a.renewAdmission(t.Context()); !errors.Is(err, request.ErrRefused) {
		t.Error(err)
	}
	if a.asks.pass.Load() != old || !ends() || !a.renewalDue() {
		t.Error("a refusal ended the trouble")
	}
	if err := os.WriteFile(card, good, 0o600); err != nil {
		t.Fatal(err)
	}
	o.eventually("the good card is read", func() bool { return o.admission("g1") != nil })
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() { a.stayAdmitted(ctx) }) // ends with cancel
	o.eventually("renewed", func() bool { return a.asks.pass.Load() != old })
	cancel()
	loop.Wait()
	renewed, err := enrol.LoadPass(a.config.Device.State, "g1")
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(p *enrol.Pass) *x509.Certificate { return p.TLS.Certificates[0].Leaf }
	if ends() || a.renewalDue() || !bytes.Equal(leaf(renewed).Raw, leaf(a.asks.pass.Load()).Raw) || time.Until(leaf(renewed).NotAfter) < 24*time.Hour {
		t.Error("not renewed, or not kept", leaf(renewed).NotAfter, a.Troubles().All())
	}
	a.device.Clock.Raise(leaf(renewed).NotAfter.Add(time.Hour))
	if !ends() || !a.renewalDue() {
		t.Error("an admission that is over is no trouble")
	}
}
