package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones do not depend on what the device has installed

	"example.org/checkpoint/firmware/credential"
)

// Files of a bundle (PROTOCOL C2).
const (
	centreKeys   = "keys.json"
	certificates = "trust/dsc.json" // the publishers' own list of DCC signers
)

var errForm = errors.New("not a trust file")

// schemeFile is trust/<scheme>.json as PROTOCOL C2 has it. Unknown members are left alone.
type schemeFile struct {
	V        int                 `json:"v"`
	Scheme   string              `json:"scheme"`
	Formats  []credential.Format `json:"formats"`
	Profiles []string            `json:"profiles"`
	Zone     string              `json:"zone"`
	Scope    []int64             `json:"scope"`
	Colours  map[string]struct {
		Meaning string `json:"meaning"`
	} `json:"colours"`
	Keys []keyEntry `json:"keys"`
}

// keyEntry is one key. From and Until are seconds since 1970, 0 for unlimited.
type keyEntry struct {
	KID       string               `json:"kid"`
	Purpose   string               `json:"purpose"`
	Algorithm credential.Algorithm `json:"alg"`
	SPKI      []byte               `json:"spki"`
	From      int64                `json:"from"`
	Until     int64                `json:"until"`
	Withdrawn bool                 `json:"withdrawn"`
}

// colourNames are the names of the numbers in a trust file.
var colourNames = map[string]string{"1": "green", "2": "amber", "3": "red", "4": "blue"}

// Parse reads the trust files among those of a bundle, by name: trust/*.json and
// keys.json. Every fault is told, with the file it is in.
func Parse(files map[string][]byte) (*Store, error) {
	s := &Store{keys: map[keyID]key{}, certs: map[keyID]key{}, schemes: map[string]*scheme{}}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var faults []error
	for _, name := range names {
		var err error
		switch dir, file := path.Split(name); {
		case name == centreKeys:
			err = s.addCentre(name, files[name])
		case name == certificates:
			err = s.addCertificates(name, files[name])
		case dir == "trust/" && strings.HasSuffix(file, ".json"):
			err = s.addScheme(name, files[name])
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return s, errors.Join(faults...)
}

func (s *Store) addScheme(file string, data []byte) error {
	var f schemeFile
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("%w: %v", errForm, err)
	}
	if want := strings.TrimSuffix(path.Base(file), ".json"); f.V != 1 || f.Scheme == "" || f.Scheme != want {
		return fmt.Errorf("%w: want \"v\": 1 and \"scheme\": %q", errForm, want)
	}
	if f.Zone == "" || f.Zone == "Local" {
		return fmt.Errorf("%w: no zone", errForm)
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return fmt.Errorf("%w: zone: %v", errForm, err)
	}
	sch := &scheme{f.Scheme, zone, f.Formats, f.Profiles, f.Scope, map[string]string{}}
	for number, c := range f.Colours {
		name, ok := colourNames[number]
		if !ok {
			return fmt.Errorf("%w: colour %q", errForm, number)
		}
		if c.Meaning != "" {
			sch.meanings[name] = c.Meaning
		}
	}
	s.schemes[f.Scheme] = sch
	return s.addKeys(file, sch, f.Keys)
}

func (s *Store) addCentre(file string, data []byte) error {
	var f struct {
		V    int        `json:"v"`
		Keys []keyEntry `json:"keys"`
	}
	if err := json.Unmarshal(data, &f); err != nil || f.V != 1 {
		return fmt.Errorf("%w: want \"v\": 1 and keys: %v", errForm, err)
	}
	return s.addKeys(file, nil, f.Keys)
}

func (s *Store) addKeys(file string, sch *scheme, entries []keyEntry) error {
	for i, e := range entries {
		id, k, err := e.key()
		if err != nil {
			return fmt.Errorf("%w: key %d: %v", errForm, i+1, err)
		}
		if sch == nil && (e.Purpose == token || e.Purpose == status) {
			return fmt.Errorf("%w: key %d: purpose %s belongs to a scheme", errForm, i+1, e.Purpose)
		}
		if other, taken := s.keys[id]; taken {
			return fmt.Errorf("%w: key %d: has a purpose already in %s", errForm, i+1, other.list)
		}
		k.list, k.scheme = file, sch
		s.keys[id] = k
	}
	return nil
}

func (e keyEntry) key() (keyID, key, error) {
	kid, err := hex.DecodeString(e.KID)
	sum := sha256.Sum256(e.SPKI)
	if err != nil || !bytes.Equal(kid, sum[:8]) {
		return keyID{}, key{}, errors.New("kid is not the start of the SHA-256 of spki")
	}
	parsed, err := x509.ParsePKIXPublicKey(e.SPKI)
	if err != nil {
		return keyID{}, key{}, fmt.Errorf("spki: %v", err)
	}
	if !suits(e.Algorithm, parsed) || e.Algorithm == credential.PS256 {
		return keyID{}, key{}, fmt.Errorf("algorithm %d does not go with the key", e.Algorithm)
	}
	if e.Purpose == "" || e.Purpose == dsc || e.From < 0 || e.Until < 0 {
		return keyID{}, key{}, errors.New("purpose or times")
	}
	return keyID(kid), key{purpose: e.Purpose, public: public{e.Algorithm, parsed},
		from: seconds(e.From), until: seconds(e.Until), withdrawn: e.Withdrawn}, nil
}

func seconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
