package phone_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

var now = time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)

// TestSizes keeps codes within what their carriers may need (FORMATS A0).
func TestSizes(t *testing.T) {
	hk, gd, site := issuer.New("HK", "Asia/Hong_Kong"), issuer.New("GD", "Asia/Shanghai"), issuer.NewSite("HZMB-DEP")
	holding := func(seal bool, codes ...func(p *phone.Phone) string) string {
		p := phone.New()
		for _, c := range codes {
			p.Hold(c(p))
		}
		if seal {
			p.Site = site
		}
		return p.Show(phone.Showing{Audience: site.Name, At: now})
	}
	door := func(by *issuer.Issuer) func(p *phone.Phone) string {
		return func(p *phone.Phone) string {
			return by.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Holder: p.Key(), StatusList: "7", StatusAt: 11_079_999})
		}
	}
	lean := issuer.HealthCode{Profile: "gate", Colour: issuer.Green, From: now, Name: "CHAN TAI MAN 陳大文", Birth: "19800229",
		Tests: []issuer.Test{{Sampled: now, Kind: "PCR"}}}
	gate := func(face []byte) func(p *phone.Phone) string {
		return func(p *phone.Phone) string {
			h := lean
			h.Holder, h.Face = p.Key(), face
			return hk.HealthCode(h)
		}
	}
	for _, tc := range []struct {
		name string
		text string
		max  int
	}{
		{"door code on paper", hk.HealthCode(issuer.HealthCode{Colour: issuer.Red, Reasons: []int{3, 11}, From: now, Language: "zh-Hant-HK", AgeBand: 4}), issuer.MaxDoor},
		{"gate code on paper", hk.HealthCode(lean), issuer.MaxPaper},
		{"one door code presented", holding(false, door(hk)), issuer.MaxPresented},
		{"two door codes presented", holding(false, door(hk), door(gd)), issuer.MaxPresented},
		{"a gate code with a face, sealed", holding(true, gate(make([]byte, 128))), issuer.MaxPresented},
		{"a lean gate code and a door code, sealed", holding(true, gate(nil), door(gd)), issuer.MaxPresented},
	} {
		if v := issuer.QRVersion(tc.text); v == 0 || v > tc.max {
			t.Errorf("%s: %d characters need version %d, at most %d", tc.name, len(tc.text), v, tc.max)
		}
	}
}

// TestQRVersion compares the table with the vectors.
func TestQRVersion(t *testing.T) {
	dir := os.Getenv("CHECKPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "vectors", "hct", "index.json"))
	if err != nil {
		t.Fatalf("reference data is missing (%v): run `make deps` or set CHECKPOINT_SHARED to its folder", err)
	}
	var cases []struct {
		ID, Text string
		Version  int `json:"qr_version_m"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if got := issuer.QRVersion(c.Text); c.Text != "" && got != c.Version {
			t.Errorf("%s: version %d, want %d", c.ID, got, c.Version)
		}
	}
}
