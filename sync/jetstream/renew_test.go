package jetstream

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/request"
	"example.org/checkpoint/sync/sign1"
)

// asker is what asks the centre over a line, for an enrolled device.
func (g *guarded) asker(device string, l *Link) *request.Client {
	g.Helper()
	key, _, err := enrol.Load(filepath.Join(g.dir, "devices", device))
	if err != nil {
		g.Fatal(err)
	}
	r, err := http.Get(g.HTTPURL() + "/keys")
	if err != nil {
		g.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		g.Fatal(err)
	}
	dated, err := sign1.ReadKeys(text, "reply")
	if err != nil {
		g.Fatal(err)
	}
	return request.New(l, request.Options{Device: device, Site: "LMC", Sign: key.Sign, Keys: func() sign1.Keys { return dated.At(time.Now()) },
		Now: time.Now, Rand: rand.Reader, Wait: func(context.Context, time.Duration) error { return nil }})
}

// TestRenewal: a device asks for a new admission before the old one ends, with nobody at hand, and comes in
// by it; nobody gets one in its name, and one that was revoked gets none.
func TestRenewal(t *testing.T) {
	g := newGuarded(t)
	pass := g.admit("g1")
	leaf := pass.TLS.Certificates[0].Leaf
	half := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	if pass.Due(half.Add(-time.Hour)) || !pass.Due(half.Add(time.Hour)) || leaf.NotAfter.Sub(leaf.NotBefore) < 2*365*24*time.Hour {
		t.Errorf("due too soon or too late: %v to %v", leaf.NotBefore, leaf.NotAfter)
	}
	l := g.line("g1", g.NATSURL(), pass)
	eventually(t, "connected", func() bool { return l.State().Connected })
	dir := filepath.Join(g.dir, "devices", "g1")
	key, _, err := enrol.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ask, err := key.Request(dir, "g1")
	if err != nil {
		t.Fatal(err)
	}
	c := g.asker("g1", l)
	text, err := c.Renew(t.Context(), ask.CSR, ask.User)
	if err == nil {
		err = enrol.Admit(dir, "g1", text)
	}
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := enrol.LoadPass(dir, "g1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(renewed.TLS.Certificates[0].Certificate[0], pass.TLS.Certificates[0].Certificate[0]) {
		t.Error("the same certificate")
	}
	l.Renew(renewed)
	shown, err := l.certificate(nil)
	if err != nil || !bytes.Equal(shown.Certificate[0], renewed.TLS.Certificates[0].Certificate[0]) {
		t.Error("the line shows the old certificate", err)
	}
	came := l.State().Since
	if err := l.nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "in again", func() bool { s := l.State(); return s.Connected && s.Since.After(came) })

	theirs, err := key.Request(dir, "g2")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]enrol.Request{"another's name": {CSR: theirs.CSR, User: ask.User}, "another's user": {CSR: ask.CSR, User: "UX"}, "no request": {User: ask.User}} {
		if _, err := c.Renew(t.Context(), r.CSR, r.User); !errors.Is(err, request.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
