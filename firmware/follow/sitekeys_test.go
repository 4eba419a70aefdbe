package follow

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"example.org/checkpoint/simulators/issuer"
)

// TestSiteKeys reads a folder with a good key, one that others may read, one that
// is none and one of another site: only the first opens anything.
func TestSiteKeys(t *testing.T) {
	dir := t.TempDir()
	good, open := issuer.NewSite("HZMB-DEP"), issuer.NewSite("HZMB-DEP")
	for name, f := range map[string]struct {
		data []byte
		mode os.FileMode
	}{
		"site-key-1.json": {good.PrivateFile(), 0o600},
		"site-key-2.json": {open.PrivateFile(), 0o644},
		"site-key-3.json": {[]byte("{}"), 0o600},
		"site-key-4.json": {issuer.NewSite("SZB-DEP").PrivateFile(), 0o600},
		"other.json":      {issuer.NewSite("HZMB-DEP").PrivateFile(), 0o600},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), f.data, f.mode); err != nil {
			t.Fatal(err)
		}
	}
	f := &Follower{log: slog.New(slog.DiscardHandler)}
	f.config.Device.Site = "HZMB-DEP"
	if keys := f.siteKeys(); len(keys) != 0 {
		t.Errorf("%d keys without a folder", len(keys))
	}
	f.config.Device.SiteKeys = dir
	keys := f.siteKeys()
	if _, ok := keys[[8]byte(good.KID)]; !ok || len(keys) != 1 {
		t.Errorf("%d keys, want the one that its owner alone may read", len(keys))
	}
}
