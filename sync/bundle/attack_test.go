package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// TestAttacks: a device at version 3 is offered something. Whatever is wrong with it, the
// set in force stays, also after a restart, and a good set is taken afterwards.
func TestAttacks(t *testing.T) {
	huge := bytes.Repeat([]byte(" "), 6<<20)
	for name, c := range map[string]struct {
		want   error
		attack func(m *mirror)
	}{
		"rollback of the timestamp": {ErrRefused, func(m *mirror) { m.stamp.Signed.Version = 2; m.publish() }},
		"rollback of the snapshot": {ErrRefused, func(m *mirror) {
			m.stamp.Signed.Version++
			m.snap.Signed.Version = 2
			m.publish()
		}},
		"rollback of the targets": {ErrRefused, func(m *mirror) { m.next(); m.targs.Signed.Version = 2; m.publish() }},
		"freeze":                  {ErrRefused, func(m *mirror) { m.stamp.Signed.Expires = noon.Add(-time.Second); m.next(); m.publish() }},
		"expired snapshot":        {ErrRefused, func(m *mirror) { m.snap.Signed.Expires = noon.Add(-time.Second); m.next(); m.publish() }},
		"expired targets":         {ErrRefused, func(m *mirror) { m.targs.Signed.Expires = noon.Add(-time.Second); m.next(); m.publish() }},
		"expired root": {ErrRefused, func(m *mirror) {
			m.root.Signed.Expires = noon.Add(-time.Second)
			m.root.Signed.Version++
			m.next()
			m.publish()
		}},
		"mixed: an old snapshot under a new name": {ErrRefused, func(m *mirror) {
			old := m.files["3.snapshot.json"]
			m.next()
			m.publish()
			m.files["4.snapshot.json"] = old
		}},
		"mixed: old targets under a new name": {ErrRefused, func(m *mirror) {
			old := m.files["3.targets.json"]
			m.next()
			m.publish()
			m.files["4.targets.json"] = old
		}},
		"targets signed by the snapshot key": {ErrRefused, func(m *mirror) { m.next(); m.keys.Targets = m.keys.Snapshot; m.publish() }},
		"timestamp signed by a stranger":     {ErrRefused, func(m *mirror) { m.next(); m.keys.Timestamp = newKeys(m.t, 0, 1).Timestamp; m.publish() }},
		"one byte of metadata flipped": {ErrRefused, func(m *mirror) {
			m.next()
			m.publish()
			m.files["4.targets.json"] = bytes.Replace(m.files["4.targets.json"], []byte("rules"), []byte("ruleS"), 1)
		}},
		"a file with another hash": {ErrRefused, func(m *mirror) {
			m.next()
			m.put("rules.txt", "two")
			m.files[stored("rules.txt", "two")] = []byte("ten")
			m.publish()
		}},
		"a file that is too long": {ErrRefused, func(m *mirror) {
			m.next()
			m.put("rules.txt", "two")
			m.files[stored("rules.txt", "two")] = huge
			m.publish()
		}},
		"a file that is cut": {ErrRefused, func(m *mirror) {
			m.next()
			m.put("rules.txt", "two")
			m.files[stored("rules.txt", "two")] = []byte("tw")
			m.publish()
		}},
		"a file that is not there": {ErrUnreachable, func(m *mirror) {
			m.next()
			m.put("rules.txt", "two")
			delete(m.files, stored("rules.txt", "two"))
			m.publish()
		}},
		"endless timestamp": {ErrRefused, func(m *mirror) { m.files["timestamp.json"] = huge }},
		"endless root":      {ErrRefused, func(m *mirror) { m.files["2.root.json"] = huge }},
		"endless snapshot":  {ErrRefused, func(m *mirror) { m.next(); m.publish(); m.files["4.snapshot.json"] = huge }},
		"endless targets":   {ErrRefused, func(m *mirror) { m.next(); m.publish(); m.files["4.targets.json"] = huge }},
		"a snapshot too large to be": {ErrRefused, func(m *mirror) {
			m.next()
			m.publish()
			m.stamp.Signed.Meta["snapshot.json"].Length = 1 << 40
			m.files["timestamp.json"] = signed(m.t, m.stamp, m.keys.Timestamp)
		}},
		"torn timestamp":  {ErrRefused, func(m *mirror) { m.next(); m.publish(); m.files["timestamp.json"] = m.files["timestamp.json"][:100] }},
		"empty timestamp": {ErrRefused, func(m *mirror) { m.files["timestamp.json"] = nil }},
		"no timestamp":    {ErrUnreachable, func(m *mirror) { delete(m.files, "timestamp.json") }},
		"root not signed by the old one": {ErrRefused, func(m *mirror) {
			m.root.Signed.Version++
			m.keys.Roots = newKeys(m.t, 3, 2).Roots
			m.trust(m.keys)
			m.publish()
		}},
		"root signed by one old key": {ErrRefused, func(m *mirror) {
			m.root.Signed.Version++
			m.keys.Roots = append(m.keys.Roots[:1:1], newKeys(m.t, 2, 2).Roots...)
			m.trust(m.keys)
			m.publish()
		}},
		"root under a wrong number": {ErrRefused, func(m *mirror) {
			m.root.Signed.Version = 7
			m.publish()
			m.files["2.root.json"] = m.files["7.root.json"]
		}},
		"root with threshold 0": {ErrRefused, func(m *mirror) {
			m.root.Signed.Version++
			m.root.Signed.Roles[metadata.TIMESTAMP].Threshold = 0
			m.next()
			m.publish()
		}},
		"targets leave the snapshot": {ErrRefused, func(m *mirror) { m.next(); m.publish(); delete(m.snap.Signed.Meta, "targets.json"); m.point() }},
		"no word of the snapshot": {ErrRefused, func(m *mirror) {
			m.stamp.Signed.Version++
			m.stamp.Signed.Meta = map[string]*metadata.MetaFiles{}
			m.files["timestamp.json"] = signed(m.t, m.stamp, m.keys.Timestamp)
		}},
		"null for the snapshot": {ErrRefused, func(m *mirror) {
			m.stamp.Signed.Version++
			m.stamp.Signed.Meta["snapshot.json"] = nil
			m.files["timestamp.json"] = signed(m.t, m.stamp, m.keys.Timestamp)
		}},
		"null in the snapshot": {ErrRefused, func(m *mirror) { m.next(); m.snap.Signed.Meta["other.json"] = nil; m.publish() }},
		"null for a file":      {ErrRefused, func(m *mirror) { m.next(); m.targs.Signed.Targets["a"] = nil; m.publish() }},
		"a file without a hash": {ErrRefused, func(m *mirror) {
			m.next()
			m.targs.Signed.Targets["a"] = &metadata.TargetFiles{Hashes: metadata.Hashes{}}
			m.publish()
		}},
		"a file outside":         {ErrContents, func(m *mirror) { m.next(); m.put("../../etc/passwd", "x"); m.publish() }},
		"a file and a directory": {ErrContents, func(m *mirror) { m.next(); m.put("rules.txt/x", "x"); m.publish() }},
		"a file of 9 MiB": {ErrContents, func(m *mirror) {
			m.next()
			m.put("a", "x")
			m.targs.Signed.Targets["a"].Length = 9 << 20
			m.publish()
		}},
		"a file of negative length": {ErrContents, func(m *mirror) { m.next(); m.put("a", "x"); m.targs.Signed.Targets["a"].Length = -1; m.publish() }},
		"too many files": {ErrContents, func(m *mirror) {
			m.next()
			for n := range tuf.MaxFiles {
				m.put(fmt.Sprintf("a%d", n), "")
			}
			m.publish()
		}},
		"delegation without paths": {ErrContents, func(m *mirror) {
			m.next()
			m.targs.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{{Name: "HK", Threshold: 1}}}
			m.publish()
		}},
		"delegation to root": {ErrContents, func(m *mirror) {
			m.next()
			m.targs.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{{Name: "root", Threshold: 1, Paths: []string{"*"}}}}
			m.publish()
		}},
		"delegation to bins": {ErrContents, func(m *mirror) {
			m.next()
			m.targs.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, SuccinctRoles: &metadata.SuccinctRoles{BitLength: 2, NamePrefix: "bin", Threshold: 1}}
			m.publish()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMirror(t)
			m.next()
			m.next()
			m.publish()
			path := filepath.Join(t.TempDir(), "bundle.db")
			s := m.device(path)
			take(t, s, noon)

			good := *m
			good.files = maps.Clone(m.files)
			state, err := json.Marshal([]any{m.root, m.targs, m.snap, m.stamp})
			if err != nil {
				t.Fatal(err)
			}
			c.attack(m)
			set, changed, err := s.Refresh(t.Context(), known(noon))
			if !errors.Is(err, c.want) || changed || set.Version != "3" {
				t.Fatalf("version %s, changed %v, %v", set.Version, changed, err)
			}
			if strings.Contains(err.Error(), "\n") || s.Status().Fault == nil {
				t.Errorf("fault %q", err)
			}
			content(t, s, "rules.txt", "one")
			s.Close()
			s = m.device(path)
			content(t, s, "rules.txt", "one")

			*m = good
			m.root, m.targs, m.snap, m.stamp = metadata.Root(), metadata.Targets(), metadata.Snapshot(), metadata.Timestamp()
			if err := json.Unmarshal(state, &[]any{m.root, m.targs, m.snap, m.stamp}); err != nil {
				t.Fatal(err)
			}
			for range 3 { // above whatever the attack reached
				m.next()
			}
			if name == "expired root" || name == "root with threshold 0" { // truly signed: the way on is the next root
				m.root.Signed.Version = 3
			}
			m.put("rules.txt", "new")
			m.publish()
			take(t, s, noon)
			content(t, s, "rules.txt", "new")
		})
	}
}

// TestFloorWithoutActivation: what was seen once cannot be undercut, used or not, restarted or not.
func TestFloorWithoutActivation(t *testing.T) {
	m := newMirror(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := m.device(path)
	take(t, s, noon)
	older := maps.Clone(m.files)
	for _, text := range []string{"two", "three"} {
		m.next()
		m.put("rules.txt", text)
		m.publish()
		if text == "two" {
			older = maps.Clone(m.files)
		}
	}
	set, changed, err := s.Refresh(t.Context(), known(noon))
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	s.Reject(set, errors.New("unusable"))
	s.Close()
	m.files = older
	s = m.device(path)
	if _, changed, err := s.Refresh(t.Context(), known(noon)); !errors.Is(err, ErrRefused) || changed {
		t.Fatalf("version 2 after 3 was seen: %v, %v", changed, err)
	}
	content(t, s, "rules.txt", "one")
}

// TestStolenTimestampKey: a thief jumped ahead; a new root ends it (fast-forward recovery,
// section 5.3.11).
func TestStolenTimestampKey(t *testing.T) {
	m := newMirror(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := m.device(path)
	take(t, s, noon)
	m.stamp.Signed.Version = 1 << 40
	m.publish()
	if _, changed, err := s.Refresh(t.Context(), known(noon)); changed || err != nil {
		t.Fatal(changed, err)
	}
	m.stamp.Signed.Version = 2
	m.keys.Timestamp, m.keys.Snapshot = newKeys(t, 0, 1).Timestamp, newKeys(t, 0, 1).Snapshot
	m.trust(m.keys)
	m.root.Signed.Version = 2
	m.snap.Signed.Version, m.targs.Signed.Version = 2, 2
	m.put("rules.txt", "after")
	m.publish()
	take(t, s, noon)
	content(t, s, "rules.txt", "after")
}

func TestExpiryIsJudgedByTheCallersClock(t *testing.T) {
	m := newMirror(t)
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := m.device(path)
	take(t, s, noon)
	if _, _, err := s.Refresh(t.Context(), known(noon.AddDate(0, 0, 4))); !errors.Is(err, ErrRefused) { // the mirror is frozen
		t.Fatalf("a frozen mirror counts as a refresh: %v", err)
	}
	if set, _ := s.Current(); !set.Verified.Equal(noon) {
		t.Errorf("verified %v", set.Verified)
	}
}
