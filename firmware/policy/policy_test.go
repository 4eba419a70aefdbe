package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProfiles compiles the shipped policies, which run their own tests.
func TestProfiles(t *testing.T) {
	files, err := filepath.Glob("profiles/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".json"); p.Profile() != want {
			t.Errorf("%s: profile %s", file, p.Profile())
		}
		t.Logf("%s: at most %d cost units", file, p.Cost())
	}
}
