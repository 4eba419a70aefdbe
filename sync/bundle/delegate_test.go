package bundle

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// TestSchemesSignTheirOwn: with the product's signer; a change of one scheme fetches its files and
// no other's, and the set survives a restart.
func TestSchemesSignTheirOwn(t *testing.T) {
	c := newCentre(t)
	c.keys.Schemes = map[string]ed25519.PrivateKey{"HK": newKeys(t, 0, 1).Targets, "GZ": newKeys(t, 0, 1).Targets}
	c.files["trust/GZ.json"] = &fstest.MapFile{Data: []byte("gz")}
	c.files["status/HK/7.cwt"] = &fstest.MapFile{Data: []byte("seven")}
	c.change("trust/HK.json", "hk")
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := c.device(path)
	first := take(t, s, c.now)
	if err := fstest.TestFS(first.FS, "trust/HK.json", "trust/GZ.json", "status/HK/7.cwt", "policy/door.json", "empty.txt"); err != nil {
		t.Fatal(err)
	}
	if signed := c.sign(); signed.Changed {
		t.Error("signed anew without a change")
	}
	c.got = nil
	signed := c.change("status/HK/7.cwt", "eight")
	second := take(t, s, c.now)
	content(t, s, "status/HK/7.cwt", "eight")
	if got := strings.Join(c.got, " "); strings.Contains(got, "GZ") || strings.Contains(got, "targets.json") || !strings.Contains(got, "2.HK.json") {
		t.Errorf("fetched %s", got)
	}
	if !signed.Changed || first.Version == second.Version {
		t.Errorf("two sets are both version %s", second.Version)
	}
	s.Close()
	s = c.device(path)
	content(t, s, "status/HK/7.cwt", "eight")
	if set, _ := s.Current(); set.Version != second.Version {
		t.Error(set.Version, second.Version)
	}

	// A scheme that is taken in again comes back above what it was.
	key := c.keys.Schemes["HK"]
	delete(c.keys.Schemes, "HK")
	c.change("trust/HK.json", "by the centre")
	take(t, s, c.now)
	content(t, s, "trust/HK.json", "by the centre")
	c.keys.Schemes["HK"] = key
	c.change("trust/HK.json", "again")
	take(t, s, c.now)
	content(t, s, "trust/HK.json", "again")
}

// delegated is a mirror whose targets delegate to roles with keys of their own.
type delegated struct {
	*mirror
	keysOf map[string]ed25519.PrivateKey
	lists  map[string]*metadata.Metadata[metadata.TargetsType]
}

func newDelegated(t testing.TB) *delegated {
	d := &delegated{newMirror(t), map[string]ed25519.PrivateKey{}, map[string]*metadata.Metadata[metadata.TargetsType]{}}
	d.targs.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
	return d
}

// role adds one with a file of its own text for each name.
func (d *delegated) role(name string, terminating bool, paths []string, files ...string) {
	key := newKeys(d.t, 0, 1).Targets
	half, id := public(d.t, key)
	dd := d.targs.Signed.Delegations
	dd.Keys[id] = half
	dd.Roles = append(dd.Roles, metadata.DelegatedRole{Name: name, KeyIDs: []string{id}, Threshold: 1, Terminating: terminating, Paths: paths})
	d.keysOf[name], d.lists[name] = key, metadata.Targets(noon.AddDate(0, 1, 0))
	for _, f := range files {
		d.add(name, f, name)
	}
}

func (d *delegated) add(role, name, text string) {
	own := d.targs
	d.targs = d.lists[role]
	d.put(name, text)
	d.targs = own
}

// publish signs everything as it stands.
func (d *delegated) publish() {
	for name, m := range d.lists {
		data := signed(d.t, m, d.keysOf[name])
		d.files[fmt.Sprintf("%d.%s.json", m.Signed.Version, name)] = data
		d.snap.Signed.Meta[name+".json"] = describe(m.Signed.Version, data)
	}
	d.mirror.publish()
}

// set is what a fresh device takes, by file; or what it says.
func (d *delegated) set() (map[string]string, error) {
	s := d.device(filepath.Join(d.t.(*testing.T).TempDir(), "bundle.db"))
	set, _, err := s.Refresh(d.t.(*testing.T).Context(), known(noon))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name := range set.found.files.Names() {
		file, _ := set.found.files.File(name)
		out[name] = string(file.Data)
	}
	return out, nil
}

// TestDelegations: who may say what.
func TestDelegations(t *testing.T) {
	for name, c := range map[string]struct {
		build func(d *delegated)
		want  map[string]string // beside rules.txt
		err   error
	}{
		"a scheme's files": {func(d *delegated) {
			d.role("HK", false, []string{"trust/HK.json", "status/HK/*"}, "trust/HK.json", "status/HK/7")
		},
			map[string]string{"trust/HK.json": "HK", "status/HK/7": "HK"}, nil},
		"another scheme's are not taken": {func(d *delegated) {
			d.role("HK", false, []string{"trust/HK.json"}, "trust/HK.json", "trust/GZ.json", "keys.json")
		}, map[string]string{"trust/HK.json": "HK"}, nil},
		"the targets role comes first": {func(d *delegated) {
			d.role("HK", false, []string{"*"}, "rules.txt", "other.txt")
		}, map[string]string{"other.txt": "HK"}, nil},
		"of two the first": {func(d *delegated) {
			d.role("A", false, []string{"*.json"}, "x.json")
			d.role("B", false, []string{"*.json"}, "x.json", "y.json")
		}, map[string]string{"x.json": "A", "y.json": "B"}, nil},
		"a terminating role ends the search": {func(d *delegated) {
			d.role("A", true, []string{"*.json"}, "x.json")
			d.role("B", false, []string{"*.json"}, "y.json")
			d.role("C", false, []string{"*.txt"}, "z.txt")
		}, map[string]string{"x.json": "A", "z.txt": "C"}, nil},
		"a pattern does not cross a folder": {func(d *delegated) { d.role("A", false, []string{"status/*"}, "status/x", "status/HK/x") },
			map[string]string{"status/x": "A"}, nil},
		"delegates further": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.lists["A"].Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{{Name: "B", Threshold: 1, Paths: []string{"*"}}}}
		}, nil, ErrContents},
		"two of one name": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.role("A", false, []string{"*"}, "x")
		}, nil, ErrContents},
		"signed by another scheme": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.role("B", false, []string{"*"}, "y")
			d.keysOf["A"] = d.keysOf["B"]
		}, nil, ErrRefused},
		"expired": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.lists["A"].Signed.Expires = noon.Add(-time.Second)
		}, nil, ErrRefused},
		"threshold not reached": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.targs.Signed.Delegations.Roles[0].Threshold = 2
		}, nil, ErrRefused},
		"threshold 0": {func(d *delegated) {
			d.role("A", false, []string{"*"}, "x")
			d.targs.Signed.Delegations.Roles[0].Threshold = 0
		}, nil, ErrContents},
		"too many": {func(d *delegated) {
			for i := range tuf.MaxRoles + 1 {
				d.role("A"+strings.Repeat("a", i%30)+string(rune('b'+i/30)), false, []string{"*"})
			}
		}, nil, ErrContents},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDelegated(t)
			c.build(d)
			d.publish()
			got, err := d.set()
			if !errors.Is(err, c.err) {
				t.Fatal(err)
			}
			delete(got, "rules.txt")
			if c.err == nil && !maps.Equal(got, c.want) {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestDelegatedRollback: the snapshot holds the version of every role.
func TestDelegatedRollback(t *testing.T) {
	d := newDelegated(t)
	d.role("HK", false, []string{"trust/HK.json"}, "trust/HK.json")
	d.lists["HK"].Signed.Version = 3
	d.publish()
	path := filepath.Join(t.TempDir(), "bundle.db")
	s := d.device(path)
	take(t, s, noon)
	for name, attack := range map[string]func(){
		"lower": func() { d.lists["HK"].Signed.Version = 2; d.next(); d.publish() },
		"gone":  func() { delete(d.lists, "HK"); delete(d.snap.Signed.Meta, "HK.json"); d.next(); d.publish() },
		"mixed": func() { d.next(); d.publish(); d.files["3.HK.json"] = d.files["1.targets.json"] },
		"torn": func() {
			d.next()
			d.lists["HK"].Signed.Version = 4
			d.publish()
			d.files["4.HK.json"] = d.files["4.HK.json"][:50]
		},
		"not there": func() { d.next(); d.lists["HK"].Signed.Version = 4; d.publish(); delete(d.files, "4.HK.json") },
		"too much": func() {
			d.next()
			d.lists["HK"].Signed.Version = 4
			d.publish()
			d.files["4.HK.json"] = make([]byte, maxRole+1)
		},
		"other file": func() {
			d.next()
			d.lists["HK"].Signed.Version = 4
			d.add("HK", "trust/HK.json", "new")
			d.publish()
			d.files[stored("trust/HK.json", "new")] = []byte("evil")
		},
	} {
		t.Run(name, func(t *testing.T) {
			lists, files, meta := maps.Clone(d.lists), maps.Clone(d.files), maps.Clone(d.snap.Signed.Meta)
			was := *d.lists["HK"]
			attack()
			_, changed, err := s.Refresh(t.Context(), known(noon))
			if name != "mixed" && (err == nil || changed) { // the device has the one that is meant already
				t.Errorf("changed %v, %v", changed, err)
			}
			content(t, s, "trust/HK.json", "HK")
			d.lists, d.files, d.snap.Signed.Meta = lists, files, meta
			*d.lists["HK"] = was
		})
	}
	s.Close()
	s = d.device(path)
	content(t, s, "trust/HK.json", "HK")
}
