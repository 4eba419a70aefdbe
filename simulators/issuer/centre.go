package issuer

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Device is a kiosk that prints provisional slips (FORMATS A6).
type Device struct {
	Name string
	key  signer
}

// NewDevice makes a device with a fresh key.
func NewDevice(name string) *Device { return &Device{name, newSigner()} }

// Slip is a provisional slip.
type Slip struct {
	Number []byte // 16 bytes; random by default
	Site   string
	Device string // default: the one that signs
	Issued time.Time
	Change func(claims map[int]any)
	Spoil  Spoil
}

// Slip signs a slip and returns its text.
func (d *Device) Slip(s Slip) string {
	if s.Number == nil {
		s.Number = random(16)
	}
	if s.Device == "" {
		s.Device = d.Name
	}
	claims := map[int]any{6: s.Issued.Unix(), 7: s.Number, -70006: map[int]any{1: s.Site, 2: s.Device}}
	if s.Change != nil {
		s.Change(claims)
	}
	key := d.key
	if s.Spoil == Stranger {
		key = newSigner()
	}
	return key.code("PRV1:", claims, s.Spoil)
}

// Site is where sealed presentations are opened (FORMATS A3).
type Site struct {
	Name    string
	KID     []byte // first 8 bytes of SHA-256 of Public
	Public  []byte // X25519, 32 bytes
	private *ecdh.PrivateKey
}

// NewSite makes a site with a fresh key.
func NewSite(name string) *Site {
	k := must(ecdh.X25519().GenerateKey(rand.Reader))
	id := sha256.Sum256(k.PublicKey().Bytes())
	return &Site{name, id[:8], k.PublicKey().Bytes(), k}
}

// Private returns the private key, 32 bytes: what an enrolled gate is given.
func (s *Site) Private() []byte { return s.private.Bytes() }

// PrivateFile returns site-key.json for `checkpoint verify`.
func (s *Site) PrivateFile() []byte {
	return must(json.MarshalIndent(map[string]any{"v": 1, "kid": hex.EncodeToString(s.KID), "site": s.Name, "private": s.Private()}, "", " "))
}

// Seal seals a presentation to the site and returns the text. Info is what binds
// the seal to its purpose; nil for the right one.
func (s *Site) Seal(plain, info []byte) string {
	if info == nil {
		info = append([]byte("HCE1:"), s.KID...)
	}
	to := must(hpke.NewDHKEMPublicKey(must(ecdh.X25519().NewPublicKey(s.Public))))
	enc, sender, err := hpke.NewSender(to, hpke.HKDFSHA256(), hpke.AES128GCM(), info)
	if err != nil {
		panic(err)
	}
	return "HCE1:" + Base45(CBOR([]any{s.KID, enc, must(sender.Seal(nil, plain))}))
}

// KeysFile returns keys.json of a bundle (PROTOCOL C1, C2) for some devices and sites.
func KeysFile(devices []*Device, sites []*Site) []byte {
	keys, places := []any{}, []any{}
	for _, d := range devices {
		keys = append(keys, map[string]any{"kid": hex.EncodeToString(d.key.kid), "purpose": "device", "device": d.Name,
			"alg": d.key.alg, "spki": d.key.spki, "from": 0, "until": 0})
	}
	for _, s := range sites {
		places = append(places, map[string]any{"kid": hex.EncodeToString(s.KID), "kem": "DHKEM(X25519, HKDF-SHA256)",
			"public": s.Public, "purpose": "site", "site": s.Name})
	}
	return must(json.MarshalIndent(map[string]any{"v": 1, "keys": keys, "sites": places}, "", " "))
}
