package bundle

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// The cases of theupdateframework/tuf-conformance about delegations, under its names. A device
// takes a whole set, so that it asks for every role that targets delegates to, and follows none
// of them further: where a case has more levels the set is refused, and no deeper role is fetched.

// edge is one delegation.
type edge struct {
	from, to    string
	terminating bool
	paths       []string
}

// graph builds a repository and gives the roles that a fresh device asks for, in order.
func graph(t *testing.T, edges []edge) (asked []string, err error) {
	d := newDelegated(t)
	for _, e := range edges {
		paths := e.paths
		if paths == nil {
			paths = []string{"*"}
		}
		if e.from == metadata.TARGETS {
			d.role(e.to, e.terminating, paths, "of-"+e.to)
		}
	}
	for _, e := range edges {
		if d.lists[e.to] == nil {
			d.lists[e.to], d.keysOf[e.to] = metadata.Targets(noon.AddDate(0, 1, 0)), d.keys.Targets
		}
		if e.from == metadata.TARGETS {
			continue
		}
		if d.lists[e.from] == nil {
			d.lists[e.from], d.keysOf[e.from] = metadata.Targets(noon.AddDate(0, 1, 0)), d.keys.Targets
		}
		half, id := public(t, d.keysOf[e.to])
		own := &d.lists[e.from].Signed
		if own.Delegations == nil {
			own.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
		}
		own.Delegations.Keys[id] = half
		own.Delegations.Roles = append(own.Delegations.Roles, metadata.DelegatedRole{Name: e.to, KeyIDs: []string{id}, Threshold: 1, Terminating: e.terminating, Paths: []string{"*"}})
	}
	d.publish()
	role := regexp.MustCompile(`^1\.([A-D])\.json$`)
	s, err := Open(filepath.Join(t.TempDir(), "bundle.db"), d.files["1.root.json"], func(ctx context.Context, name string, max int64) ([]byte, error) {
		if m := role.FindStringSubmatch(name); m != nil {
			asked = append(asked, m[1])
		}
		return d.fetch(ctx, name, max)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	_, _, err = s.Refresh(t.Context(), known(noon))
	return asked, err
}

func TestConformance_test_graph_traversal(t *testing.T) {
	py := []string{"*.py"}
	for name, c := range map[string]struct {
		edges []edge
		asked string // up to the first role that delegates further
	}{
		"basic-delegation":         {[]edge{{"targets", "A", false, nil}}, "A"},
		"single-level-delegations": {[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}}, "AB"},
		"two-level-delegations":    {[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"B", "C", false, nil}}, "AB"},
		"two-level-test-DFS-order-of-traversal": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"A", "C", false, nil}, {"A", "D", false, nil}}, "A"},
		"three-level-delegation-test-DFS-order-of-traversal": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"A", "C", false, nil}, {"C", "D", false, nil}}, "A"},
		"two-level-terminating-ignores-all-but-roles-descendants": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"A", "C", true, nil}, {"A", "D", false, nil}}, "A"},
		"three-level-terminating-ignores-all-but-roles-descendants": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"A", "C", true, nil}, {"C", "D", false, nil}}, "A"},
		"two-level-ignores-all-branches-not-matching-paths": {
			[]edge{{"targets", "A", false, py}, {"targets", "B", false, nil}, {"A", "C", false, nil}}, "A"},
		"three-level-ignores-all-branches-not-matching-paths": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"A", "C", false, py}, {"C", "D", false, nil}}, "A"},
		"cyclic-graph": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"B", "C", false, nil}, {"C", "D", false, nil}, {"D", "B", false, nil}}, "AB"},
		"two-roles-delegating-to-a-third": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"B", "C", false, nil}, {"A", "C", false, nil}}, "A"},
		"two-roles-delegating-to-a-third-different-paths": {
			[]edge{{"targets", "A", false, nil}, {"targets", "B", false, nil}, {"B", "C", false, nil}, {"A", "C", false, py}}, "A"},
	} {
		t.Run(name, func(t *testing.T) {
			var want error
			if slices.ContainsFunc(c.edges, func(e edge) bool { return e.from != metadata.TARGETS }) {
				want = ErrContents
			}
			asked, err := graph(t, c.edges)
			if !errors.Is(err, want) || strings.Join(asked, "") != c.asked {
				t.Errorf("asked for %v, %v", asked, err)
			}
		})
	}
}

func TestConformance_test_targetfile_search(t *testing.T) {
	d := newDelegated(t)
	d.put("targetfile", "targets")
	d.role("A", false, []string{"*.doc", "*.md"}, "README.md")
	d.role("C", false, []string{"releases/x/*"}, "releases/x/x_v1")
	d.role("D", false, []string{"releases/y/*.zip"}, "releases/y/y_v1.zip", "releases/z/z_v1.zip")
	d.publish()
	got, err := d.set()
	want := map[string]string{"rules.txt": got["rules.txt"], "targetfile": "targets", "README.md": "A", "releases/x/x_v1": "C", "releases/y/y_v1.zip": "D"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestConformance_test_delegated_targets_expired(t *testing.T) {
	d := newDelegated(t)
	d.role("delegated", false, []string{"delegatedpath/*"}, "delegatedpath/target")
	d.lists["delegated"].Signed.Expires = noon.AddDate(0, 0, -1)
	d.publish()
	if got, err := d.set(); !errors.Is(err, ErrRefused) {
		t.Errorf("%v, %v", got, err)
	}
}

// lapsing is a device that has taken a role which ends in seven days, and 18 days later.
func lapsing(t *testing.T) (d *delegated, s *Store, later time.Time) {
	d = newDelegated(t)
	later = noon.AddDate(0, 0, 18)
	d.stamp.Signed.Expires = later.AddDate(0, 0, 1)
	d.role("delegated", false, []string{"delegatedpath/*"}, "delegatedpath/first")
	d.lists["delegated"].Signed.Expires = noon.AddDate(0, 0, 7)
	d.publish()
	s = d.device(filepath.Join(t.TempDir(), "bundle.db"))
	take(t, s, noon)
	return d, s, later
}

func TestConformance_test_expired_local_delegated_targets(t *testing.T) {
	_, s, later := lapsing(t)
	if _, changed, err := s.Refresh(t.Context(), known(later)); !errors.Is(err, ErrRefused) || changed {
		t.Error(changed, err)
	}
	content(t, s, "delegatedpath/first", "delegated") // what is in force goes on; how long is the caller's to judge
	if set, _ := s.Current(); !set.Verified.Equal(noon) {
		t.Error("vouched for anew: ", set.Verified)
	}
}

func TestConformance_test_expired_local_delegated_targets_updates(t *testing.T) {
	d, s, later := lapsing(t)
	d.next()
	own := &d.lists["delegated"].Signed
	own.Version, own.Expires = 2, noon.AddDate(0, 0, 21)
	d.add("delegated", "delegatedpath/second", "second")
	d.publish()
	take(t, s, later)
	content(t, s, "delegatedpath/second", "second")
}

// TestConformance_test_unusual_role_name: a role is fetched by its name, so that one which is no plain
// name is not asked for at all; the set is refused.
func TestConformance_test_unusual_role_name(t *testing.T) {
	for _, name := range []string{"?", "#", "/delegatedrole", "../delegatedrole", "..", "a/b", "targets", "root", "", strings.Repeat("x", 33)} {
		d := newDelegated(t)
		d.role(name, false, []string{"*"}, "other.txt")
		d.publish()
		var asked []string
		s, err := Open(filepath.Join(t.TempDir(), "bundle.db"), d.files["1.root.json"], func(ctx context.Context, file string, max int64) ([]byte, error) {
			asked = append(asked, file)
			return d.fetch(ctx, file, max)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, changed, err := s.Refresh(t.Context(), known(noon)); !errors.Is(err, ErrContents) || changed {
			t.Errorf("%q: changed %v, %v", name, changed, err)
		}
		if want := []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}; !slices.Equal(asked, want) {
			t.Errorf("%q: asked for %q", name, asked)
		}
		s.Close()
	}
}
