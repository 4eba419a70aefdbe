package holder_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// hctFile returns a file of the open profile's vectors.
func hctFile(t testing.TB, name string, into any) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "hct", name))
	if err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestDecode reads back what a phone shows, in the open and sealed.
func TestDecode(t *testing.T) {
	hk, site, p := issuer.New("HK", "Asia/Hong_Kong"), issuer.NewSite("LMC"), phone.New()
	for _, profile := range []string{"door", "gate"} {
		p.Hold(hk.HealthCode(issuer.HealthCode{Profile: profile, Colour: issuer.Green, From: now, Holder: p.Key()}))
	}
	showing := phone.Showing{Audience: "LMC", At: now, Nonce: []byte("nonce 12")}
	keys := holder.SiteKeys{}
	kid, err := keys.Add(site.Private())
	if err != nil || string(kid[:]) != string(site.KID) {
		t.Fatalf("%x %v, the site says %x", kid, err, site.KID)
	}
	open, err := holder.Decode(nil, []byte(p.Show(showing)))
	if err != nil {
		t.Fatal(err)
	}
	p.Site = site
	sealed, err := holder.DecodeSealed(keys, []byte(p.Show(showing)))
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []credential.Presented{open, sealed} {
		if got.Audience != "LMC" || string(got.Nonce) != "nonce 12" || !got.IssuedAt.Equal(now) || len(got.Credentials) != 2 ||
			got.Credentials[0].Facts.Profile != "door" || got.Credentials[1].HolderKey.Thumbprint != got.Credentials[0].HolderKey.Thumbprint ||
			string(got.Holder.KeyID) != string(got.Credentials[0].HolderKey.Thumbprint[:8]) {
			t.Errorf("%+v", got)
		}
	}
	if open.SiteKey != nil || string(sealed.SiteKey) != string(site.KID) {
		t.Errorf("site keys %x and %x", open.SiteKey, sealed.SiteKey)
	}
	if _, err := holder.DecodeSealed(nil, []byte(p.Show(showing))); !errors.Is(err, credential.ErrCannotOpen) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := holder.DecodeSealed(holder.SiteKeys{}, []byte(p.Show(showing))); !errors.Is(err, credential.ErrNoKey) {
		t.Errorf("with keys of nobody: %v", err)
	}
	if _, err := keys.Add(make([]byte, 31)); err == nil {
		t.Error("a key of 31 bytes is taken")
	}
}

// FuzzDecode reads anything as a presentation in the open, as a sealed one, and as
// the plaintext inside a seal.
func FuzzDecode(f *testing.F) {
	var cases []struct {
		Text  string
		Plain string `json:"plaintext_hex"`
	}
	hctFile(f, "index.json", &cases)
	var site struct{ Private []byte }
	hctFile(f, "site-key.test-only.json", &site)
	keys := holder.SiteKeys{}
	if _, err := keys.Add(site.Private); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		if len(c.Text) > 5 {
			f.Add(c.Text[5:])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, read := range []func() (credential.Presented, error){
			func() (credential.Presented, error) { return holder.Decode(keys, []byte(holder.Prefix+s)) },
			func() (credential.Presented, error) { return holder.DecodeSealed(keys, []byte(holder.SealedPrefix+s)) },
			func() (credential.Presented, error) {
				return holder.DecodeSealed(anyKey{}, []byte(holder.SealedPrefix+s))
			},
		} {
			p, err := read()
			switch {
			case err == nil && (p.Holder == nil || len(p.Nonce) != 8 || len(p.Credentials) < 1 || len(p.Credentials) > 4):
				t.Fatalf("%+v", p)
			case err != nil && !errors.Is(err, credential.ErrMalformed) && !errors.Is(err, credential.ErrNoKey) && !errors.Is(err, credential.ErrCannotOpen):
				t.Fatalf("%v is no error of this decoder", err)
			}
		}
	})
}

// anyKey opens everything: the ciphertext is the plaintext.
type anyKey struct{}

func (anyKey) Open(_, _, ciphertext, _ []byte) ([]byte, error) { return ciphertext, nil }
