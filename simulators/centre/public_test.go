package centre

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestPublicKeys: what goes into the bundle names every enrolled device at its site, and nobody whose
// card was taken out.
func TestPublicKeys(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	b.enrol("g2", b.key, dir)
	line := func() (purposes, devices []string) {
		t.Helper()
		r, err := http.Get(b.c.HTTPURL() + "/keys")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var file struct {
			V    int
			Keys []struct {
				KID, Purpose, Device, Site, SPKI string
				Alg                              int
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&file); err != nil || file.V != 1 {
			t.Fatal(file.V, err)
		}
		for _, k := range file.Keys {
			if k.KID == "" || k.SPKI == "" || k.Alg != -7 {
				t.Errorf("%+v", k)
			}
			if k.Purpose == "device" {
				devices = append(devices, k.Device+"@"+k.Site)
			} else {
				purposes = append(purposes, k.Purpose)
			}
		}
		return purposes, devices
	}
	if purposes, devices := line(); !slices.Equal(purposes, []string{"mark", "orders", "reply"}) || !slices.Equal(devices, []string{"g1@LW", "g2@LW"}) {
		t.Error(purposes, devices)
	}
	if err := os.Remove(filepath.Join(dir, "registry", "g2.json")); err != nil {
		t.Fatal(err)
	}
	if _, devices := line(); !slices.Equal(devices, []string{"g1@LW"}) {
		t.Error(devices)
	}
}
