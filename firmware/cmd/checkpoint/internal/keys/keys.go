// Package keys reads whom to trust and what to judge by from files, as a bundle has them.
package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/inspection"
)

// genuine is the policy in force where none is given: whatever passes the hard checks.
const genuine = `{"v":1,"profile":"genuine","rules":[{"name":"genuine","when":"true","outcome":"admit","reason":"satisfied","unasked":true}]}`

// Load reads keys and rules as a bundle has them. It names the policy, and
// the sites for which codes can be opened.
func Load(keys []string, policy string) (*inspection.Snapshot, string, []string, error) {
	files := map[string]inspection.File{}
	private := holder.SiteKeys{}
	var sites []string
	for _, k := range keys {
		format, name, ok := strings.Cut(k, "=")
		var err error
		switch {
		case ok && format == "dcc":
			err = add(files, "trust/dsc.json", name)
		case ok && format == "hct":
			if err = addTrust(files, name); err == nil {
				sites, err = AddSites(private, name)
			}
		default:
			err = fmt.Errorf("--keys %s: write dcc=LIST or hct=DIR", k)
		}
		if err != nil {
			return nil, "", nil, err
		}
	}
	profile := "genuine"
	rules := inspection.File{Data: []byte(genuine)}
	if policy != "" {
		data, err := input.File(policy)
		if err != nil {
			return nil, "", nil, fmt.Errorf("--policy: %w", err)
		}
		var head struct {
			Profile string `json:"profile"`
		}
		if err := json.Unmarshal(data, &head); err != nil || head.Profile == "" {
			return nil, "", nil, fmt.Errorf("--policy %s: not a policy file; see firmware/policy/profiles for examples", policy)
		}
		profile, rules = head.Profile, inspection.File{Data: data}
	}
	files["policy/"+profile+".json"] = rules
	s, err := inspection.New(files, "", time.Time{})
	if err != nil { // one line for each fault
		err = errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if err == nil && len(private) > 0 {
		s = s.WithKeys(private)
	}
	return s, profile, sites, err
}

// AddSites reads private site keys that lie beside trust files, and names their sites.
func AddSites(into holder.SiteKeys, dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "site-key*.json"))
	if err != nil {
		return nil, err
	}
	var sites []string
	for _, name := range names {
		data, err := input.File(name)
		if err != nil {
			return nil, err
		}
		site, err := into.AddFile(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		sites = append(sites, site)
	}
	return sites, nil
}

// addTrust reads a directory of trust files, or one that is laid out as a bundle.
func addTrust(files map[string]inspection.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("--keys hct: %w", err)
	}
	if !info.IsDir() {
		return add(files, "trust/"+filepath.Base(dir), dir)
	}
	root := os.DirFS(dir)
	if _, err := fs.Stat(root, "trust"); err != nil {
		whole, err := filepath.Abs(dir)
		if err != nil || filepath.Base(whole) != "trust" {
			return addFlat(files, dir, root)
		}
		dir = filepath.Dir(whole) // status lists and keys.json lie beside it
		root = os.DirFS(dir)
	}
	found := 0
	for _, pattern := range []string{"trust/*.json", "status/*/*.cwt", "status/*/*.delta", "revoked/*.json", "revoked/*/*", "keys.json", "freshness.json",
		"lists/*.bin", "lists/index.json", "lists/places.json"} {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := add(files, name, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
			found++
		}
	}
	return some(found, dir)
}

func addFlat(files map[string]inspection.File, dir string, root fs.FS) error {
	names, err := fs.Glob(root, "*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		in := path.Join("trust", name)
		if name == "keys.json" {
			in = name
		}
		if err := add(files, in, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return some(len(names), dir)
}

func some(found int, dir string) error {
	if found == 0 {
		return fmt.Errorf("--keys hct=%s: no trust files there; want DIR/<scheme>.json or DIR/trust/<scheme>.json", dir)
	}
	return nil
}

func add(files map[string]inspection.File, name, from string) error {
	data, err := input.File(from)
	if err != nil {
		return fmt.Errorf("--keys: %w", err)
	}
	info, err := os.Stat(from)
	if err != nil {
		return fmt.Errorf("--keys: %w", err)
	}
	files[name] = inspection.File{Data: data, Changed: info.ModTime()}
	return nil
}
