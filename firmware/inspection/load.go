package inspection

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/policy"
	"example.org/checkpoint/firmware/revocation"
	"example.org/checkpoint/firmware/trust"
)

// Snapshot is everything a verdict depends on besides the presentation: trust,
// status lists and policies of one bundle. It is immutable.
type Snapshot struct {
	version   string
	published time.Time            // when the whole set was last vouched for; zero if nobody does
	changed   map[string]time.Time // by file, as the set says
	modified  map[string]time.Time // by file, as found
	trust     *trust.Store
	status    revocation.Lists
	revoked   revocation.Sets
	policies  map[string]versions       // by profile
	ruled     map[*policy.Policy]string // the file of each
	assigned  map[seat]string           // the profile of lanes that the set itself gives one
	rosters   rosters                   // of people
	places    *places                   // of risk; nil where the set has none
	freshness freshness
	keys      credential.Keys         // nil where nothing sealed can be opened
	allows    func(order.Place) error // the centre's orders; nil for none
	held      fs.FS                   // what the bytes of lists may be mapped from, for as long as it is reachable
}

// File is one file of a bundle.
type File struct {
	Data    []byte
	Changed time.Time // when it was last written
	SHA256  []byte    // of Data, if who holds it has hashed it
}

// maxFile bounds one file in bytes.
const maxFile = 16 << 20

var (
	errTooLarge = errors.New("larger than a file of a bundle may be")
	errName     = errors.New("the file is not named after its content")
	errRevoked  = errors.New("not a revocation list")
)

// Load reads the files of a bundle that bear on verdicts (PROTOCOL C2). Published
// is when the set was last vouched for, zero for plain files. One bad file rejects
// the whole set; the error names each bad file and what is wrong.
func Load(fsys fs.FS, version string, published time.Time) (*Snapshot, error) {
	files := map[string]File{}
	var faults []error
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !bears(name) {
			return err
		}
		f, err := read(fsys, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		files[name] = f
		return nil
	})
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	s, err := New(files, version, published)
	if err != nil {
		return nil, err
	}
	s.held = fsys
	return s, nil
}

// Vouched returns the same rules and lists, vouched for at a later time: how old
// they may be counts from there.
func (s *Snapshot) Vouched(published time.Time) *Snapshot {
	again := *s
	again.published = published
	return &again
}

// bears reports whether verdicts depend on a file.
func bears(name string) bool {
	dir, ext := path.Dir(name), path.Ext(name)
	return name == freshnessFile || name == "keys.json" || (dir == "trust" || dir == "policy" || dir == "sites") && ext == ".json" ||
		path.Dir(dir) == "status" && (ext == ".cwt" || ext == ".delta") ||
		dir == "revoked" && ext == ".json" || path.Dir(dir) == "revoked" || dir == "lists" && (ext == ".bin" || name == rosterFile || name == placesFile)
}

func read(fsys fs.FS, name string) (File, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	if whole, ok := f.(interface{ Bytes() []byte }); ok && info.Size() <= maxFile { // in memory or mapped, and nobody changes them
		file := File{Data: whole.Bytes(), Changed: info.ModTime()}
		if known, ok := f.(interface{ SHA256() []byte }); ok {
			file.SHA256 = known.SHA256()
		}
		return file, nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errTooLarge
	}
	return File{Data: data, Changed: info.ModTime()}, err
}

// WithKeys returns the same rules and lists for a site that can open what is sealed to it.
func (s *Snapshot) WithKeys(keys credential.Keys) *Snapshot {
	again := *s
	again.keys = keys
	return &again
}

// WithOrders returns the same rules and lists for a device that obeys orders. The claim asks
// them again; here they give the reason before anybody is let in.
func (s *Snapshot) WithOrders(allows func(order.Place) error) *Snapshot {
	again := *s
	again.allows = allows
	return &again
}

// halted reports whether an order stops the lane, or one of the schemes there.
func (s *Snapshot) halted(found []Finding, p Presentation) bool {
	return s.allows != nil && slices.ContainsFunc(found, func(f Finding) bool {
		return s.allows(order.Place{Site: p.Lane.Site, Direction: p.Lane.Direction, Lane: p.Lane.Name, Scheme: f.Scheme}) != nil
	})
}

// Trust returns the keys of the snapshot.
func (s *Snapshot) Trust() *trust.Store { return s.trust }

// New is Load for files at hand, by their name in the bundle.
func New(files map[string]File, version string, published time.Time) (*Snapshot, error) {
	s := &Snapshot{version: version, published: published, changed: map[string]time.Time{}, modified: map[string]time.Time{},
		policies: map[string]versions{}, ruled: map[*policy.Policy]string{}, assigned: map[seat]string{}}
	data := map[string][]byte{}
	for name, f := range files {
		data[name], s.changed[name], s.modified[name] = f.Data, f.Changed, f.Changed
	}
	var faults []error
	fault := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	var err error
	if s.trust, err = trust.Parse(data); err != nil {
		faults = append(faults, err)
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		switch dir := path.Dir(name); {
		case name == freshnessFile:
			var changed map[string]time.Time
			s.freshness, changed, err = parseFreshness(data[name])
			fault(name, err)
			maps.Copy(s.changed, changed)
		case dir == "policy":
			fault(name, s.addPolicy(name, data[name]))
		case name == placesFile:
			s.places, err = parsePlaces(data[name])
			fault(name, err)
		case path.Dir(dir) == "status" && path.Ext(name) == ".cwt":
			fault(name, s.status.Add(name, path.Base(dir), data[name], s.trust))
		case dir == "revoked":
			fault(name, s.addRevoked(name, files))
		}
	}
	s.rosters = parseRosters(data, fault)
	for _, name := range slices.Sorted(maps.Keys(data)) { // after the lists that they change, and the policies that they name
		switch dir := path.Dir(name); {
		case path.Dir(dir) == "status" && path.Ext(name) == ".delta":
			fault(name, s.status.AddDelta(path.Base(dir), data[name], s.trust))
		case dir == "sites":
			fault(name, s.assign(name, data[name]))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Snapshot) addPolicy(name string, data []byte) error {
	p, err := policy.Parse(data)
	if err != nil {
		return err
	}
	profile, _, _ := strings.Cut(path.Base(name), ".")
	if p.Profile() != profile {
		return fmt.Errorf("%w: profile %q", errName, p.Profile())
	}
	s.policies[profile], err = s.policies[profile].add(p)
	s.ruled[p] = name
	return err
}

// policy returns the policy of a lane that is in force at the time of a
// presentation; nil if the lane has none. One file holds one version of it:
// policy/<profile>.json, policy/<profile>.<anything>.json.
func (s *Snapshot) policy(p Presentation) *policy.Policy {
	return s.policies[s.PolicyOf(p.Lane)].at(p.At)
}

// addRevoked reads revoked/<scheme>.json, {"v":1,"list":"<base64 of what the scheme
// signed>"}, and the files of hashes in revoked/<scheme>/.
func (s *Snapshot) addRevoked(name string, files map[string]File) error {
	var f struct {
		V    int    `json:"v"`
		List []byte `json:"list"`
	}
	if err := json.Unmarshal(files[name].Data, &f); err != nil || f.V != 1 {
		return fmt.Errorf("%w: want \"v\": 1 and a list: %v", errRevoked, err)
	}
	scheme := strings.TrimSuffix(path.Base(name), ".json")
	return s.revoked.Add(scheme, f.List, s.trust, func(name string) (revocation.File, error) {
		file, ok := files["revoked/"+scheme+"/"+name]
		if !ok {
			return revocation.File{}, fs.ErrNotExist
		}
		return revocation.File{Data: file.Data, SHA256: file.SHA256}, nil
	})
}

// Policies names the policies of the snapshot.
func (s *Snapshot) Policies() []string { return slices.Sorted(maps.Keys(s.policies)) }
