package inspection

import (
	"testing"
	"time"

	"example.org/checkpoint/firmware/policy"
)

// TestVersions walks over the moments at which rules change.
func TestVersions(t *testing.T) {
	var v versions
	if v.at(time.Unix(0, 0)) != nil {
		t.Error("no versions, and one in force")
	}
	for _, from := range []string{"2026-03-01", "2026-01-01", "2026-02-01"} {
		p, err := policy.Parse([]byte(`{"v":1,"profile":"p","source":"` + from + `","effective_from":"` + from + `T00:00:00Z","rules":[{"name":"r","when":"true","outcome":"admit","reason":"satisfied"}]}`))
		if err == nil {
			v, err = v.add(p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[string]string{"2025-12-31T23:59:59Z": "2026-01-01", "2026-01-31T23:59:59Z": "2026-01-01", "2026-02-01T00:00:00Z": "2026-02-01", "2027-01-01T00:00:00Z": "2026-03-01"} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.at(now).Source(); got != want {
			t.Errorf("at %s: that of %s, want %s", at, got, want)
		}
	}
	if _, err := v.add(v[0]); err == nil {
		t.Error("two at once")
	}
}
