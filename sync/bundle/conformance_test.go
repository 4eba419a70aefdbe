package bundle

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// The cases of theupdateframework/tuf-conformance under their names there, for a client that takes
// sets whole: what it does not take leaves the set in force. TestAttacks and TestDelegations have more.

// offered is a device with version 1 of a mirror in force, before something is offered.
type offered struct {
	*mirror
	s *Store
}

// refuses expects that the set in force stays, with an error.
func (o offered) refuses() {
	o.t.Helper()
	_, changed, err := o.s.Refresh(context.Background(), known(noon))
	if err == nil || changed {
		o.t.Fatalf("changed %v, %v", changed, err)
	}
	content(o.t, o.s, "rules.txt", "one")
}

// takes expects a set with that text.
func (o offered) takes(text string) {
	o.t.Helper()
	set, changed, err := o.s.Refresh(context.Background(), known(noon))
	if err == nil && changed {
		err = o.s.Activate(set)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	content(o.t, o.s, "rules.txt", text)
}

// rules publishes the next version with another text.
func (o offered) rules(text string) {
	o.next()
	o.put("rules.txt", text)
	o.publish()
}

func TestConformance(t *testing.T) {
	for name, do := range map[string]func(o offered){
		"test_basic_init_and_refresh": func(o offered) { o.takes("one") },
		"test_timestamp_content_changes": func(o offered) {
			o.stamp.Signed.Meta["snapshot.json"].Version = 100
			o.files["timestamp.json"] = signed(o.mirror, o.stamp, o.keys.Timestamp)
			o.takes("one") // of the same version, and so the one that is here
		},
		"test_timestamp_eq_versions_check": func(o offered) {
			o.stamp.Signed.Expires = noon.AddDate(9, 0, 0)
			o.files["timestamp.json"] = signed(o.mirror, o.stamp, o.keys.Timestamp)
			o.takes("one")
			if set, _ := o.s.Current(); set.Expires.After(noon.AddDate(1, 0, 0)) {
				o.t.Error("another timestamp of the same version was taken")
			}
		},
		"test_new_targets_hash_mismatch": func(o offered) {
			o.next()
			o.publish()
			o.put("rules.txt", "two")
			o.files["2.targets.json"] = signed(o.mirror, o.targs, o.keys.Targets)
			o.refuses()
		},
		"test_new_targets_version_mismatch": func(o offered) {
			o.next()
			o.publish()
			o.snap.Signed.Meta["targets.json"].Version = 3
			o.files["3.targets.json"] = o.files["2.targets.json"]
			o.point()
			o.refuses()
		},
		"test_custom_fields": func(o offered) {
			o.root.Signed.UnrecognizedFields = map[string]any{"custom-field": "value"}
			for _, k := range o.root.Signed.Keys {
				k.UnrecognizedFields = map[string]any{"extra-field": map[string]any{"a": 1.0}}
			}
			o.root.Signed.Version++
			o.rules("two")
			o.takes("two")
		},
		"test_simple_snapshot_rollback": func(o offered) {
			o.rules("two")
			o.takes("two")
			o.files["2.snapshot.json"] = o.files["1.snapshot.json"] // the timestamp still says 2, which is here
			o.takes("two")
		},
		"test_new_timestamp_version_rollback": func(o offered) {
			old := o.files["timestamp.json"]
			o.next()
			o.publish()
			o.takes("one")
			o.files["timestamp.json"] = old
			o.refuses()
		},
		"test_snapshot_rollback": func(o offered) {
			o.next()
			o.publish()
			o.takes("one")
			o.snap.Signed.Version = 1
			o.stamp.Signed.Version++
			o.point()
			o.refuses()
		},
		"test_targets_rollback": func(o offered) {
			o.next()
			o.next()
			o.publish()
			o.takes("one")
			o.next()
			o.targs.Signed.Version = 1
			o.publish()
			o.refuses()
		},
		"test_new_snapshot_version_mismatch": func(o offered) {
			o.next()
			o.publish()
			o.snap.Signed.Version = 3
			o.files["2.snapshot.json"] = signed(o.mirror, o.snap, o.keys.Snapshot)
			o.refuses()
		},
		"test_new_timestamp_fast_forward_recovery": func(o offered) {
			o.stamp.Signed.Version = 100
			o.publish()
			o.takes("one")
			o.keys.Timestamp = newKeys(o.t, 0, 1).Timestamp
			o.recover()
			o.stamp.Signed.Version = 1
			o.put("rules.txt", "after")
			o.targs.Signed.Version++
			o.snap.Signed.Version++
			o.publish()
			o.takes("after")
		},
		"test_new_snapshot_fast_forward_recovery": func(o offered) {
			o.stamp.Signed.Version++
			o.snap.Signed.Version = 99999
			o.publish()
			o.takes("one")
			o.keys.Snapshot, o.keys.Timestamp = newKeys(o.t, 0, 1).Snapshot, newKeys(o.t, 0, 1).Timestamp
			o.recover()
			o.snap.Signed.Version = 1
			o.stamp.Signed.Version++
			o.targs.Signed.Version++
			o.put("rules.txt", "after")
			o.publish()
			o.takes("after")
		},
		"test_new_targets_fast_forward_recovery": func(o offered) {
			o.next()
			o.targs.Signed.Version = 100
			o.publish()
			o.takes("one")
			o.keys.Snapshot = newKeys(o.t, 0, 1).Snapshot
			o.recover()
			o.next()
			o.targs.Signed.Version = 2
			o.put("rules.txt", "after")
			o.publish()
			o.takes("after")
		},
		"test_root_expired": func(o offered) {
			o.root.Signed.Expires = noon.Add(-time.Second)
			o.root.Signed.Version++
			o.rules("two")
			o.refuses()
			o.root.Signed.Expires = noon.AddDate(1, 0, 0)
			o.root.Signed.Version++
			o.rules("three")
			o.takes("three")
		},
		"test_timestamp_expired": func(o offered) { o.stamp.Signed.Expires = noon.Add(-time.Hour); o.rules("two"); o.refuses() },
		"test_snapshot_expired":  func(o offered) { o.snap.Signed.Expires = noon.Add(-time.Hour); o.rules("two"); o.refuses() },
		"test_targets_expired":   func(o offered) { o.targs.Signed.Expires = noon.Add(-time.Hour); o.rules("two"); o.refuses() },
		"test_expired_metadata": func(o offered) { // what is here has expired, what is offered has not
			later := noon.AddDate(0, 0, 18)
			o.stamp.Signed.Expires = noon.AddDate(0, 0, 21)
			o.rules("two")
			take(o.t, o.s, later)
			content(o.t, o.s, "rules.txt", "two")
		},
		"test_snapshot_threshold": func(o offered) {
			o.root.Signed.Roles[metadata.SNAPSHOT].Threshold = 2
			o.root.Signed.Version++
			o.rules("two")
			o.refuses()
		},
		"test_root_has_keys_but_not_snapshot": func(o offered) {
			o.more(metadata.SNAPSHOT, newKeys(o.t, 0, 1).Snapshot)
			o.root.Signed.Roles[metadata.SNAPSHOT].Threshold = 2
			o.root.Signed.Version++
			o.rules("two") // signed by one of the two
			o.refuses()
		},
		"test_duplicate_keys_root": func(o offered) { // one key under two ids does not count twice
			r := o.root.Signed.Roles[metadata.SNAPSHOT]
			r.KeyIDs, r.Threshold = append(r.KeyIDs, r.KeyIDs[0]), 2
			o.root.Signed.Version++
			o.rules("two")
			o.refuses()
		},
		"test_wrong_hashing_algorithm": func(o offered) {
			for _, k := range o.root.Signed.Keys {
				k.UnrecognizedFields = map[string]any{"keyid_hash_algorithms": []any{"md5"}}
			}
			o.root.Signed.Version++
			o.rules("two")
			o.takes("two")
		},
		"test_client_downloads_expected_file": func(o offered) { o.rules("two"); o.takes("two") },
		"test_client_downloads_expected_file_in_sub_dir": func(o offered) {
			o.put("path/to/a/target_file.txt", "deep")
			o.rules("two")
			o.takes("two")
			content(o.t, o.s, "path/to/a/target_file.txt", "deep")
		},
		"test_repository_substitutes_target_file": func(o offered) {
			o.put("another.txt", "content")
			o.next()
			o.publish()
			o.files[stored("another.txt", "content")] = []byte("malicious")
			o.refuses()
		},
		"test_multiple_changes_to_target": func(o offered) {
			for i := range 6 {
				text := fmt.Sprint("modified ", i)
				o.rules(text)
				o.put(fmt.Sprintf("new-%d", i), text)
				if i%5 != 0 { // it sees every fifth only
					continue
				}
				o.takes(text)
				o.next()
				o.put("rules.txt", "as announced")
				o.files[stored("rules.txt", "as announced")] = []byte("something else")
				o.publish()
				if _, changed, err := o.s.Refresh(context.Background(), known(noon)); err == nil || changed {
					o.t.Fatal(changed, err)
				}
				content(o.t, o.s, "rules.txt", text)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMirror(t)
			o := offered{m, m.device(filepath.Join(t.TempDir(), "bundle.db"))}
			take(t, o.s, noon)
			do(o)
		})
	}
}

// recover publishes the next root with the keys as they are now.
func (o offered) recover() { o.trust(o.keys); o.root.Signed.Version++ }

// more lets a further key sign for a role.
func (o offered) more(role string, key ed25519.PrivateKey) {
	half, err := public(key)
	if err == nil {
		err = o.root.Signed.AddKey(half, role)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

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
				m.trust(Keys{Roots: keys, Threshold: threshold, Targets: m.keys.Targets, Snapshot: m.keys.Snapshot, Timestamp: m.keys.Timestamp})
				m.root.Signed.Version = int64(i + 1)
				m.files[fmt.Sprintf("%d.root.json", i+1)] = signed(m, m.root, sigs...)
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
					data := signed(m, m.targs, sigs...)
					m.files["2.targets.json"], m.snap.Signed.Meta["targets.json"] = data, describe(2, data)
					m.point()
				case metadata.SNAPSHOT:
					data := signed(m, m.snap, sigs...)
					m.files["2.snapshot.json"], m.stamp.Signed.Meta["snapshot.json"] = data, describe(2, data)
					m.files["timestamp.json"] = signed(m, m.stamp, m.keys.Timestamp)
				default:
					m.files["timestamp.json"] = signed(m, m.stamp, sigs...)
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
		m.files[fmt.Sprintf("%d.root.json", m.root.Signed.Version)] = signed(m, m.root, append(before, m.keys.Roots...)...)
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

// TestSlowRetrieval: a mirror that never ends a file is given up after a minute, and what is in force stays.
func TestSlowRetrieval(t *testing.T) {
	m := newMirror(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := m.device(path)
	take(t, s, noon)
	m.next()
	m.put("rules.txt", "two")
	m.publish()
	kept, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, slow := range []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", stored("rules.txt", "two")} {
			began := time.Now()
			r := &walk{ctx: t.Context(), now: known(noon), kept: kept, roots: map[int64][]byte{}, fetch: func(ctx context.Context, name string, max int64) ([]byte, error) {
				if name == slow {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return m.fetch(ctx, name, max)
			}}
			found, err := r.metadata(s.root)
			if err == nil {
				_, err = r.download(found, s.current)
			}
			if !errors.Is(err, ErrUnreachable) || time.Since(began) != patience {
				t.Errorf("%s: %v after %v", slow, err, time.Since(began))
			}
		}
	})
	content(t, s, "rules.txt", "one")
}

// TestStick: a repository on a USB stick is taken by the same rules, and no link on it is followed.
func TestStick(t *testing.T) {
	c := newCentre(t)
	s := c.device(filepath.Join(t.TempDir(), "bundle.db"))
	take(t, s, c.now)
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	c.change("policy/door.json", "new")
	stick := t.TempDir()
	if err := os.CopyFS(stick, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	set, changed, err := s.Import(t.Context(), known(c.now), Dir(stick))
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if err := s.Activate(set); err != nil {
		t.Fatal(err)
	}
	content(t, s, "policy/door.json", "new")
	if _, changed, err := s.Import(t.Context(), known(c.now), Dir(old)); !errors.Is(err, ErrRefused) || changed {
		t.Errorf("last month's stick: %v, %v", changed, err)
	}
	if s.Status().Fault != nil {
		t.Error("a stick is no fault of the line")
	}

	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(dir string) error{
		"timestamp.json":      func(dir string) error { return os.Symlink(secret, filepath.Join(dir, "timestamp.json")) },
		"inside.json":         func(dir string) error { return os.Symlink("timestamp.json", filepath.Join(dir, "inside.json")) },
		"targets/policy/a":    func(dir string) error { return os.Symlink(filepath.Dir(secret), filepath.Join(dir, "targets")) },
		"../secret":           func(dir string) error { return nil },
		"folder":              func(dir string) error { return os.Mkdir(filepath.Join(dir, "folder"), 0o700) },
		"timestamp.json/deep": func(dir string) error { return os.WriteFile(filepath.Join(dir, "timestamp.json"), nil, 0o600) },
	} {
		dir := t.TempDir()
		if err := make(dir); err != nil {
			t.Fatal(err)
		}
		if b, err := Dir(dir)(t.Context(), name, 10); err == nil {
			t.Errorf("%s: read %q", name, b)
		}
	}
	if b, err := Dir(stick)(t.Context(), "timestamp.json", 10); err != nil || len(b) != 11 {
		t.Errorf("%d bytes read of a longer file, %v", len(b), err)
	}
}

// TestHungStick: a stick that does not answer is given up, and asked again only when it has.
func TestHungStick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, answer := 0, make(chan struct{})
		stick := patiently(func(string, int64) ([]byte, error) { asked++; <-answer; return []byte("x"), nil })
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			if _, err := stick(ctx, "timestamp.json", 1); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Error(err, time.Since(began))
			}
			cancel()
		}
		if asked != 1 {
			t.Errorf("%d goroutines wait", asked)
		}
		close(answer)
		if data, err := stick(t.Context(), "timestamp.json", 1); err != nil || string(data) != "x" {
			t.Error(data, err)
		}
	})
}
