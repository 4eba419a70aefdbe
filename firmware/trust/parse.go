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
	MapsTo map[string]map[string]string `json:"maps_to"` // by the reading scheme: meaning by number of the colour
	Keys   []json.RawMessage            `json:"keys"`    // keyEntry
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
	Device    string               `json:"device"` // whose key it is, for purpose device
}

// siteEntry is a key that codes may be sealed to (FORMATS A3).
type siteEntry struct {
	KID       string `json:"kid"`
	KEM       string `json:"kem"`
	Public    []byte `json:"public"` // 32 bytes
	Purpose   string `json:"purpose"`
	Site      string `json:"site"`
	Withdrawn bool   `json:"withdrawn"`
}

// siteKEM is the one key encapsulation of site keys (RFC 9180 section 7.1).
const siteKEM = "DHKEM(X25519, HKDF-SHA256)"

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
	sch := &scheme{f.Scheme, zone, f.Formats, f.Profiles, f.Scope, map[string]string{}, map[string]map[string]string{}}
	for number, c := range f.Colours {
		name, ok := colourNames[number]
		if !ok {
			return fmt.Errorf("%w: colour %q", errForm, number)
		}
		if c.Meaning != "" {
			sch.meanings[name] = c.Meaning
		}
	}
	for reader, colours := range f.MapsTo {
		sch.mapsTo[reader] = map[string]string{}
		for number, meaning := range colours {
			name, ok := colourNames[number]
			if !ok || meaning == "" {
				return fmt.Errorf("%w: maps_to %s: colour %q", errForm, reader, number)
			}
			sch.mapsTo[reader][name] = meaning
		}
	}
	s.schemes[f.Scheme] = sch
	return s.addKeys(file, sch, f.Keys)
}

func (s *Store) addCentre(file string, data []byte) error {
	var f struct {
		V     int               `json:"v"`
		Keys  []json.RawMessage `json:"keys"` // keyEntry
		Sites []siteEntry       `json:"sites"`
	}
	if err := json.Unmarshal(data, &f); err != nil || f.V != 1 {
		return fmt.Errorf("%w: want \"v\": 1 and keys: %v", errForm, err)
	}
	for i, e := range f.Sites {
		if err := s.addSite(e); err != nil {
			return fmt.Errorf("%w: site %d: %v", errForm, i+1, err)
		}
	}
	return s.addKeys(file, nil, f.Keys)
}

func (s *Store) addSite(e siteEntry) error {
	kid, err := hex.DecodeString(e.KID)
	sum := sha256.Sum256(e.Public)
	if err != nil || len(e.Public) != 32 || !bytes.Equal(kid, sum[:8]) {
		return errors.New("kid is not the start of the SHA-256 of 32 public bytes")
	}
	if e.KEM != siteKEM || e.Purpose != site || e.Site == "" {
		return fmt.Errorf("want \"kem\": %q, \"purpose\": %q and a site", siteKEM, site)
	}
	if s.sites == nil {
		s.sites = map[keyID]bool{}
	}
	if !e.Withdrawn {
		s.sites[keyID(kid)] = true
	}
	return nil
}

// addKeys reads keys. Those of a purpose that verifies nothing here, such as what
// records are sealed to, may be of any kind and form.
func (s *Store) addKeys(file string, sch *scheme, entries []json.RawMessage) error {
	for i, raw := range entries {
		fault := func(err error) error { return fmt.Errorf("%w: key %d: %w", errForm, i+1, err) }
		var of struct {
			Purpose string `json:"purpose"`
		}
		if err := json.Unmarshal(raw, &of); err != nil {
			return fault(err)
		}
		byScheme, byCentre := slices.Contains(ofScheme, of.Purpose), slices.Contains(ofCentre, of.Purpose)
		if sch == nil && byScheme || sch != nil && byCentre {
			return fault(fmt.Errorf("a key of purpose %s belongs into another file", of.Purpose))
		}
		id, k, err := parseKey(raw)
		if verifies := (byScheme || byCentre) && of.Purpose != site; err != nil && !verifies && of.Purpose != "" && of.Purpose != dsc {
			continue
		}
		if err != nil {
			return fault(err)
		}
		if other, taken := s.keys[id]; taken {
			return fault(fmt.Errorf("has a purpose already in %s", other.list))
		}
		k.list = file
		if k.scheme == nil {
			k.scheme = sch
		}
		s.keys[id] = k
	}
	return nil
}

// parseKey reads a key that signs.
func parseKey(raw []byte) (keyID, key, error) {
	var e keyEntry
	if err := json.Unmarshal(raw, &e); err != nil {
		return keyID{}, key{}, err
	}
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
	if e.Purpose == "" || e.Purpose == dsc || e.From < 0 || e.Until < 0 || e.Until != 0 && e.Until <= e.From {
		return keyID{}, key{}, errors.New("purpose or times: want a purpose, and until, if any, after from")
	}
	k := key{purpose: e.Purpose, public: public{e.Algorithm, parsed},
		from: seconds(e.From), until: seconds(e.Until), withdrawn: e.Withdrawn}
	if e.Purpose == device {
		if e.Device == "" {
			return keyID{}, key{}, errors.New("whose device?")
		}
		k.scheme = &scheme{name: e.Device, zone: time.UTC}
	}
	return keyID(kid), k, nil
}

func seconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
