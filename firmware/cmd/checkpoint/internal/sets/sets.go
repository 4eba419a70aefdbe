// Package sets is "checkpoint bundle": it checks, signs and takes in the sets of files that devices work by.
package sets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/sync/bundle/fileset"
	"example.org/checkpoint/sync/bundle/tuf"
	"example.org/checkpoint/sync/sign1"
)

// Commands is "checkpoint bundle".
type Commands struct {
	Import   importCmd   `cmd:"" help:"Take a signed repository from a directory, such as a USB stick, into a device that is not running. Exit 0: it is in force, 2: refused, 1: could not look."`
	Build    buildCmd    `cmd:"" help:"Check plain files as a device would and put them together. Exit 0: good, 2: a device would refuse them, 1: could not look."`
	Sign     signCmd     `cmd:"" help:"Sign such files into a repository that devices can fetch from."`
	List     listCmd     `cmd:"" help:"Make the list of residents from a text file, as salted hashes."`
	Staff    staffCmd    `cmd:"" help:"Make one line of a site's list of staff, with a verifier of the PIN read from standard input."`
	Profiles profilesCmd `cmd:"" help:"Write the policy files that come with the program, as a start for your own."`
}

type buildCmd struct {
	Src string `arg:"" type:"existingdir" help:"Directory of plain files: trust/, policy/, status/, keys.json, ..."`
	Out string `short:"o" required:"" type:"path" placeholder:"DIR" help:"Where the checked files go; must be new or empty."`
}

// Help is shown by "checkpoint bundle build --help".
func (buildCmd) Help() string {
	return `Reads the files with the same code that a device runs: keys, signatures, dates, rules, their
costs and their own tests. What a device would refuse is refused here, with the file and the reason.
A file that no device reads is refused too: it is most likely misspelt.

  trust/HK.json               who signs codes of this scheme, and what its colours mean
  policy/<profile>.json       the rules of a kind of lane, with their tests
  status/HK/7.cwt             a scheme's signed status list, and 7.delta, what has changed of it since
  revoked/HK.json, revoked/HK/...   a scheme's signed revocation list and its files of hashes
  keys.json                   the centre's public keys (the centre's GET /keys gives them); no device works without
  orders/latest.cose          the centre's orders that stand (the centre's GET /orders gives them)
  sites/<site>.json           a site's lanes, its quotas, what it keeps of a movement, and lanes that judge by another policy
  facts.json                  from which version of the program on devices take this set: {"v":1,"min_version":"1.4.0"}
  rollout.json, cohort/<name>/...   files that some devices try first: {"v":1,"cohorts":[{"name":"canary","devices":["gate-01"],"share":5}]}
  lists/residents.bin         who lives there, from "checkpoint bundle list"
  lists/index.json            what other lists/<name>.bin are for, from when until when: exempt classes, cohorts
  lists/places.json           the places of risk
  staff/<site>.json           who may sign in there, from "checkpoint bundle staff"
  legal/<site>/<language>.md  what people are told by law, marked "status: draft" or "status: approved"
  freshness.json              how old lists may be, and what happens then; written if absent

  checkpoint bundle build rules/ -o targets/
  checkpoint bundle sign --keys keys/ targets/ -o repository/`
}

func (c *buildCmd) Run() error {
	if left, err := os.ReadDir(c.Out); err == nil && len(left) > 0 {
		return fmt.Errorf("%s is not empty: name a new directory", c.Out)
	}
	if within(c.Out, c.Src) {
		return fmt.Errorf("%s lies in %s, and would be part of the next set: name a directory beside it", c.Out, c.Src)
	}
	src := os.DirFS(c.Src)
	names, err := wellFormed(src)
	if err != nil {
		return err
	}
	if err := aged(src, names); err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "checkpoint:", err)
		return exit.ErrNo
	}
	for _, name := range names {
		data, err := fs.ReadFile(src, name)
		if err != nil {
			return err
		}
		if err := put(c.Out, name, data); err != nil {
			return err
		}
	}
	if _, err := fs.Stat(src, "freshness.json"); errors.Is(err, fs.ErrNotExist) {
		if err := put(c.Out, "freshness.json", []byte(defaultFreshness)); err != nil {
			return err
		}
		fmt.Println("freshness.json was absent: trust and policy 14 days, status 72 hours, then staff decide")
		names = append(names, "freshness.json")
	}
	fmt.Printf("%d files are good; they are in %s\n", len(names), c.Out)
	return nil
}

// within reports whether a path lies in a directory, or is it.
func within(path, dir string) bool {
	path, err1 := filepath.Abs(path)
	dir, err2 := filepath.Abs(dir)
	rel, err3 := filepath.Rel(dir, path)
	return errors.Join(err1, err2, err3) == nil && filepath.IsLocal(rel)
}

// defaultFreshness sends people to staff when lists are too old, in seconds.
const defaultFreshness = `{
  "v": 1,
  "trust":      {"max_stale": 1209600, "fail": "refer"},
  "policy":     {"max_stale": 1209600, "fail": "refer"},
  "status":     {"max_stale": 259200,  "fail": "refer"},
  "revocation": {"max_stale": 259200,  "fail": "refer"}
}
`

// places are the names that mean something to a device (the bundle's table of contents).
var places = []string{"trust/*.json", "status/*/*.cwt", "status/*/*.delta", "revoked/*.json", "revoked/*/*", "policy/*.json", "facts.json",
	"texts/*.toml", "legal/*/*.md", "sites/*.json", "keys.json", "staff/*.json", ordersFile, "freshness.json", "rollout.json", "lists/*.bin", "lists/index.json", "lists/places.json"}

// wellFormed checks files as a device does and says on standard error what it would refuse;
// then the error is exit.ErrNo.
func wellFormed(files fs.FS) ([]string, error) {
	names, err := tuf.Check(files)
	if err != nil && !errors.Is(err, tuf.ErrContents) {
		return nil, err
	}
	faults := []error{err}
	for _, name := range names {
		if !known(name) {
			faults = append(faults, fmt.Errorf("%s: no device reads a file of this name", name))
		}
	}
	if err == nil {
		views, err := fileset.All(files)
		faults = append(faults, err)
		for _, cohort := range slices.Sorted(maps.Keys(views)) {
			if err := loads(views[cohort]); err != nil && cohort != "" {
				faults = append(faults, fmt.Errorf("as cohort %s sees it: %w", cohort, err))
			} else {
				faults = append(faults, err)
			}
		}
	}
	all := errors.Join(faults...)
	if all == nil {
		return names, nil
	}
	for line := range strings.Lines(all.Error()) {
		fmt.Fprintln(os.Stderr, "checkpoint: a device would refuse this:", strings.TrimSpace(line))
	}
	return nil, exit.ErrNo
}

// loads reads files as a device does.
func loads(files fs.FS) error {
	rules, err := inspection.Load(files, "unsigned", time.Time{})
	if err != nil {
		return err
	}
	keys, err := fs.ReadFile(files, "keys.json")
	if err != nil {
		return fmt.Errorf("%w: every device needs the centre's public keys, which the centre's GET /keys gives", err)
	}
	for _, purpose := range []string{"mark", "reply", "device"} {
		if _, err := sign1.ReadKeys(keys, purpose); err != nil {
			return err
		}
	}
	names, err := tuf.Check(files)
	if err != nil {
		return err
	}
	return ordered(files, rules, names)
}

// aged demands of a set to say how old each class of its lists may be: what it does not say is for ever.
func aged(files fs.FS, names []string) error {
	var classes map[string]json.RawMessage
	text, err := fs.ReadFile(files, "freshness.json")
	if err != nil {
		return fmt.Errorf("freshness.json: %w: have \"bundle build\" write it, or lists of any age count", fs.ErrNotExist)
	}
	if err := json.Unmarshal(text, &classes); err != nil {
		return fmt.Errorf("freshness.json: %w", err)
	}
	for class, dir := range map[string]string{"trust": "", "policy": "", "status": "status/", "revocation": "revoked/"} {
		if _, ok := classes[class]; !ok && slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, dir) }) {
			return fmt.Errorf("freshness.json: nothing is said of %s: give its max_stale in seconds (0 = for ever) and fail mode", class)
		}
	}
	return nil
}

// ordersFile holds the centre's orders that stand.
const ordersFile = "orders/latest.cose"

// ordered checks what the centre orders and what passing costs at each site.
func ordered(files fs.FS, rules *inspection.Snapshot, names []string) error {
	var faults []error
	for _, name := range names {
		var check func([]byte) error
		switch {
		case name == ordersFile:
			check = func(data []byte) error { _, err := order.Read(rules.Trust(), data, time.Now()); return err }
		case name == "facts.json":
			check = func(data []byte) error { _, err := order.Wanted(data); return err }
		case path.Dir(name) == "sites":
			check = func(data []byte) error {
				_, err1 := order.ParseQuotas(data)
				_, err2 := movement.Parse(data)
				return errors.Join(err1, err2, namesLanes(data))
			}
		case path.Dir(name) == "staff":
			site := strings.TrimSuffix(path.Base(name), ".json")
			check = func(data []byte) error { _, err := staff.Parse(data, site); return err }
		case path.Dir(path.Dir(name)) == "legal":
			check = func(data []byte) error { _, err := legal.Parse(data); return err }
		default:
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err == nil {
			err = check(data)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// namesLanes demands of a site's file that it lists the lanes of the site if it speaks of some: a device
// knows its own only, so that nobody else could say of a name that it is misspelt.
func namesLanes(data []byte) error {
	var f struct {
		Lanes    []string
		Policies map[string]string
		Quotas   []struct{ Scope struct{ Lane string } }
	}
	if err := json.Unmarshal(data, &f); err != nil || f.Lanes != nil {
		return err
	}
	for lane := range f.Policies {
		return fmt.Errorf("it gives lane %q a policy: list all lanes of the site as \"lanes\", so that a misspelt one is found", lane)
	}
	for _, q := range f.Quotas {
		if q.Scope.Lane != "" {
			return fmt.Errorf("it gives lane %q a quota: list all lanes of the site as \"lanes\", so that a misspelt one is found", q.Scope.Lane)
		}
	}
	return nil
}

func known(name string) bool {
	if rest, ok := strings.CutPrefix(name, "cohort/"); ok {
		_, name, _ = strings.Cut(rest, "/")
	}
	for _, place := range places {
		if ok, err := path.Match(place, name); ok && err == nil {
			return true
		}
	}
	return false
}

func put(dir, name string, data []byte) error {
	target := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, data, 0o644)
}
