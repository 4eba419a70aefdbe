package bundle

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/publish"
)

// keysOf makes ten keys, which cases name by number.
func keysOf(t testing.TB) (all []ed25519.PrivateKey) {
	for range 10 {
		all = append(all, newKeys(t, 0, 1).Targets)
	}
	return all
}

// role is a role's keys, how many have to sign, and who did: "01234/3/024".
func parseRole(t testing.TB, text string, all []ed25519.PrivateKey) (keys, sigs []ed25519.PrivateKey, threshold int) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		t.Fatal(text)
	}
	fmt.Sscan(parts[1], &threshold)
	for _, n := range parts[0] {
		keys = append(keys, all[n-'0'])
	}
	for _, n := range parts[2] {
		sigs = append(sigs, all[n-'0'])
	}
	return keys, sigs, threshold
}

// TestConformance_test_root_rotation: a chain of roots, the last of which is taken or not.
func TestConformance_test_root_rotation(t *testing.T) {
	for name, c := range map[string]struct {
		roots string
		good  bool
	}{
		"1-of-1-key-rotation":                                             {"1/1/1 2/1/21 2/1/2", true},
		"1-of-1-key-rotation-unused-signatures":                           {"1/1/314 2/1/3214 2/1/324", true},
		"3-of-5-sign-with-different-keycombos":                            {"01234/3/024 01234/3/041 01234/3/013 01234/3/013", true},
		"3-of-5-one-key-rotated":                                          {"01234/3/024 01345/3/041", true},
		"3-of-5-one-key-rotated-with-intermediate-step":                   {"01234/3/024 01345/3/0245 01345/3/045", true},
		"3-of-5-all-keys-rotated-with-intermediate-step":                  {"01234/3/024 56789/3/024567 56789/3/567", true},
		"1-of-3-threshold-increase-to-2-of-3":                             {"123/1/1 123/2/12", true},
		"2-of-3-threshold-decrease-to-1-of-3":                             {"123/2/12 123/1/12 123/1/1", true},
		"1-of-2-threshold-increase-to-2-of-2":                             {"1/1/1 12/2/12", true},
		"1-of-1-key-rotation-fail-not-signed-with-old-key":                {"1/1/1 2/1/234", false},
		"1-of-1-key-rotation-fail-not-signed-with-new-key":                {"1/1/1 2/1/134", false},
		"3-of-5-one-key-rotate-fails-not-signed-with-3-new-keys":          {"01234/3/024 01345/3/024", false},
		"3-of-5-one-key-rotate-fails-not-signed-with-3-old-keys":          {"01234/3/024 01345/3/045", false},
		"1-of-3-threshold-bump-to-2-of-3-fails-new-threshold-not-reached": {"123/1/1 123/2/2", false},
		"2-of-3-threshold-decr-to-1-of-3-fails-old-threshold-not-eached":  {"123/2/12 123/1/1", false},
	} {
		t.Run(name, func(t *testing.T) {
			m, all := newMirror(t), keysOf(t)
			var last []ed25519.PrivateKey
			for i, text := range strings.Fields(c.roots) {
				keys, sigs, threshold := parseRole(t, text, all)
				m.trust(publish.Keys{Roots: keys, Threshold: threshold, Targets: m.keys.Targets, Snapshot: m.keys.Snapshot, Timestamp: m.keys.Timestamp})
				m.root.Signed.Version = int64(i + 1)
				m.files[fmt.Sprintf("%d.root.json", i+1)] = signed(m.t, m.root, sigs...)
				last = sigs
			}
			m.keys.Roots = last
			m.publish()
			s := m.device(filepath.Join(t.TempDir(), "bundle.db"))
			set, changed, err := s.Refresh(t.Context(), known(noon))
			if (err == nil && changed) != c.good {
				t.Fatalf("changed %v, %v", changed, err)
			}
			if c.good && set.found.trusted.root != m.root.Signed.Version {
				t.Errorf("under root %d", set.found.trusted.root)
			}
		})
	}
}

// TestConformance_test_non_root_rotations: the next root gives a role other keys.
func TestConformance_test_non_root_rotations(t *testing.T) {
	for name, c := range map[string]struct {
		role string
		good bool
	}{
		"1-of-1-key-rotation":                                            {"2/1/2", true},
		"1-of-1-key-rotation-unused-signatures":                          {"1/1/314", true},
		"1-of-1-key-rotation-fail-not-signed-with-new-key":               {"2/1/134", false},
		"3-of-5-one-key-signature-wrong-not-signed-with-3-expected-keys": {"01345/3/024", false},
		"2-of-5-one-key-signature-mising-threshold-not-reached":          {"01345/3/04", false},
		"3-of-5-sign-first-combo":                                        {"01234/3/024", true},
		"3-of-5-sign-second-combo":                                       {"01234/3/041", true},
		"3-of-5-sign-third-combo":                                        {"01234/3/013", true},
		"3-of-5-sign-fourth-combo":                                       {"01234/3/123", true},
		"3-of-5-sign-fifth-combo":                                        {"01234/3/234", true},
	} {
		for _, role := range []string{metadata.TIMESTAMP, metadata.SNAPSHOT, metadata.TARGETS} {
			t.Run(name+"/"+role, func(t *testing.T) {
				m, all := newMirror(t), keysOf(t)
				s := m.device(filepath.Join(t.TempDir(), "bundle.db"))
				take(t, s, noon)
				keys, sigs, threshold := parseRole(t, c.role, all)
				m.root.Signed.Roles[role].KeyIDs, m.root.Signed.Roles[role].Threshold = nil, threshold
				for _, key := range keys {
					offered{m, s}.more(role, key)
				}
				m.root.Signed.Version++
				m.next()
				m.put("rules.txt", "two")
				m.publish()
				switch role { // signed again, by those who did
				case metadata.TARGETS:
					data := signed(m.t, m.targs, sigs...)
					m.files["2.targets.json"], m.snap.Signed.Meta["targets.json"] = data, describe(2, data)
					m.point()
				case metadata.SNAPSHOT:
					data := signed(m.t, m.snap, sigs...)
					m.files["2.snapshot.json"], m.stamp.Signed.Meta["snapshot.json"] = data, describe(2, data)
					m.files["timestamp.json"] = signed(m.t, m.stamp, m.keys.Timestamp)
				default:
					m.files["timestamp.json"] = signed(m.t, m.stamp, sigs...)
				}
				_, changed, err := s.Refresh(t.Context(), known(noon))
				if (err == nil && changed) != c.good {
					t.Fatalf("changed %v, %v", changed, err)
				}
			})
		}
	}
}

// TestConformance_initial_root: test_invalid_initial_root and test_unsigned_initial_root.
func TestConformance_initial_root(t *testing.T) {
	m := newMirror(t)
	good := string(m.files["1.root.json"])
	for name, root := range map[string]string{
		"test_invalid_initial_root":  strings.Replace(good, `"version":1`, `"versiom":1`, 1),
		"test_unsigned_initial_root": strings.Replace(good, `"sig":"`, `"sig":"00`, -1),
		"empty":                      "",
	} {
		s, err := Open(filepath.Join(t.TempDir(), "bundle.db"), []byte(root), func(context.Context, string, int64) ([]byte, error) {
			t.Error("something was fetched")
			return nil, fs.ErrNotExist
		})
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

// TestConformance_test_implicit_refresh: a fresh device has no file before its first refresh, which asks for
// the metadata in this order and for nothing twice.
func TestConformance_test_implicit_refresh(t *testing.T) {
	m := newMirror(t)
	var asked []string
	s, err := Open(filepath.Join(t.TempDir(), "bundle.db"), m.files["1.root.json"], func(ctx context.Context, name string, max int64) ([]byte, error) {
		asked = append(asked, name)
		return m.fetch(ctx, name, max)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if set, ok := s.Current(); ok || set.FS != nil {
		t.Error("there are files before the first refresh")
	}
	set := take(t, s, noon)
	if _, err := fs.ReadFile(set.FS, "nonexistent artifact"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if want := []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", stored("rules.txt", "one")}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

// TestRotationOverYears: a device that was away while the root changed twenty times, the keys with
// it, takes the newest set.
func TestRotationOverYears(t *testing.T) {
	m := newMirror(t)
	s := m.device(filepath.Join(t.TempDir(), "bundle.db"))
	take(t, s, noon)
	for range 20 {
		before := m.keys.Roots
		m.keys = newKeys(t, 3, 2)
		m.trust(m.keys)
		m.root.Signed.Version++
		m.root.Signed.Expires = m.root.Signed.Expires.AddDate(1, 0, 0)
		m.files[fmt.Sprintf("%d.root.json", m.root.Signed.Version)] = signed(m.t, m.root, append(before, m.keys.Roots...)...)
	}
	root := maps.Clone(m.files)
	m.stamp.Signed.Expires, m.snap.Signed.Expires, m.targs.Signed.Expires = noon.AddDate(21, 0, 0), noon.AddDate(21, 0, 0), noon.AddDate(21, 0, 0)
	m.next()
	m.put("rules.txt", "at last")
	m.publish()
	m.files["21.root.json"] = root["21.root.json"]
	take(t, s, noon.AddDate(20, 0, 0))
	content(t, s, "rules.txt", "at last")
}
