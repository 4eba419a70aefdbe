package bundle

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"testing"
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
			o.files["timestamp.json"] = signed(o.t, o.stamp, o.keys.Timestamp)
			o.takes("one") // of the same version, and so the one that is here
		},
		"test_timestamp_eq_versions_check": func(o offered) {
			o.stamp.Signed.Expires = noon.AddDate(9, 0, 0)
			o.files["timestamp.json"] = signed(o.t, o.stamp, o.keys.Timestamp)
			o.takes("one")
			if set, _ := o.s.Current(); set.Expires.After(noon.AddDate(1, 0, 0)) {
				o.t.Error("another timestamp of the same version was taken")
			}
		},
		"test_new_targets_hash_mismatch": func(o offered) {
			o.next()
			o.publish()
			o.put("rules.txt", "two")
			o.files["2.targets.json"] = signed(o.t, o.targs, o.keys.Targets)
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
			o.files["2.snapshot.json"] = signed(o.t, o.snap, o.keys.Snapshot)
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
		"test_duplicate_keys_root": func(o offered) { // one key does not count twice, under the same id or others
			r := o.root.Signed.Roles[metadata.SNAPSHOT]
			half, id := public(o.t, o.keys.Snapshot)
			r.KeyIDs, r.Threshold = append(r.KeyIDs, id), 6
			for n := range 9 {
				r.KeyIDs = append(r.KeyIDs, fmt.Sprintf("%064x", n))
				o.root.Signed.Keys[fmt.Sprintf("%064x", n)] = half
			}
			o.root.Signed.Version++
			o.rules("two")
			for n := range 9 {
				o.snap.Signatures = append(o.snap.Signatures, metadata.Signature{KeyID: fmt.Sprintf("%064x", n), Signature: o.snap.Signatures[0].Signature})
			}
			snap, err := o.snap.ToBytes(false)
			if err != nil {
				o.t.Fatal(err)
			}
			o.files["2.snapshot.json"], o.stamp.Signed.Meta["snapshot.json"] = snap, describe(2, snap)
			o.files["timestamp.json"] = signed(o.t, o.stamp, o.keys.Timestamp)
			o.refuses()
			r.Threshold = 1 // everything else is well
			o.root.Signed.Version++
			o.files["3.root.json"] = signed(o.t, o.root, o.keys.Roots...)
			o.takes("two")
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
	half, _ := public(o.t, key)
	if err := o.root.Signed.AddKey(half, role); err != nil {
		o.t.Fatal(err)
	}
}
