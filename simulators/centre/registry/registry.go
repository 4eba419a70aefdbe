// Package registry holds the cards of the enrolled devices, and believes what those devices
// have signed.
package registry

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Registry is the directory of enrolled devices, one card each. A card taken out ends the device.
type Registry struct {
	dir string
	log *slog.Logger

	mu      sync.Mutex
	looked  time.Time         // at the folder
	read    time.Time         // all its cards
	changed time.Time         // as the folder said then
	devices map[string]Device // by name
	cards   map[string]card   // by path, as they were last read
}

// A card that comes or goes changes the folder, and is seen within lookEvery. To ask after each of
// 10,000 takes 50 ms: that is done while the folder has changed of late, for a card that is still being
// written, and else every readEvery, for one that was changed in its place.
const (
	lookEvery = time.Second
	late      = 10 * time.Second
	readEvery = 10 * time.Second
)

// New reads the cards of a directory, *.json.
func New(dir string, log *slog.Logger) *Registry { return &Registry{dir: dir, log: log} }

// card is one file of the registry: read again only if it has changed.
type card struct {
	changed time.Time
	size    int64
	name    string // "" = it is not used
	device  Device
}

// Device is what its card says of an enrolled device.
type Device struct {
	Site string
	CSR  []byte // PKCS #10; nil on the card of a device that comes in plainly
	User string // NATS user, public
	kid  []byte
	key  *ecdsa.PublicKey
}

// Lookup finds a device.
func (r *Registry) Lookup(name string) (Device, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.looked) > lookEvery {
		r.look(now)
		r.looked = time.Now()
	}
	d, ok := r.devices[name]
	return d, ok
}

// look reads the cards again if there may be others than were read.
func (r *Registry) look(now time.Time) {
	var changed time.Time
	if info, err := os.Stat(r.dir); err == nil {
		changed = info.ModTime()
	}
	if changed.Equal(r.changed) && now.Sub(changed) > late && now.Sub(r.read) < readEvery {
		return
	}
	r.devices, r.read, r.changed = r.load(), now, changed
}

// All gives every enrolled device by its name.
func (r *Registry) All() map[string]Device {
	r.Lookup("") // looks at the folder if it is time
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.devices
}

// Key is the line of an enrolled device in keys.json.
type Key struct {
	KID     string `json:"kid"`
	Purpose string `json:"purpose"`
	Device  string `json:"device"`
	Site    string `json:"site"`
	Alg     int    `json:"alg"`
	SPKI    string `json:"spki"`
}

// Keys gives the lines of all devices whose cards are there now, by their names.
func (r *Registry) Keys() ([]Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = time.Time{} // also what was changed in its place
	r.look(time.Now())
	list := make([]Key, 0, len(r.devices))
	for _, name := range slices.Sorted(maps.Keys(r.devices)) {
		d := r.devices[name]
		der, err := x509.MarshalPKIXPublicKey(d.key)
		if err != nil {
			return nil, fmt.Errorf("registry: %s: %w", name, err)
		}
		list = append(list, Key{hex.EncodeToString(d.kid), "device", name, d.Site, -7, base64.StdEncoding.EncodeToString(der)})
	}
	return list, nil
}

func (r *Registry) load() map[string]Device {
	devices, cards := map[string]Device{}, map[string]card{}
	paths, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil {
		return nil
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // taken out just now
		}
		c, ok := r.cards[path]
		if !ok || !c.changed.Equal(info.ModTime()) || c.size != info.Size() {
			c = card{changed: info.ModTime(), size: info.Size()}
			if c.name, c.device, err = readCard(path); err != nil {
				c.name = ""
				r.log.Warn("registry: a card is not used", "file", filepath.Base(path), "err", err)
			}
		}
		if cards[path] = c; c.name != "" {
			devices[c.name] = c.device
		}
	}
	r.cards = cards
	return devices
}

func readCard(path string) (string, Device, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", Device{}, err
	}
	var card struct {
		V                       int
		Device, Site, KID, SPKI string
	}
	if err := json.Unmarshal(b, &card); err != nil {
		return "", Device{}, err
	}
	der, err := base64.StdEncoding.DecodeString(card.SPKI)
	if err != nil {
		return "", Device{}, err
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return "", Device{}, err
	}
	key, ok := any.(*ecdsa.PublicKey)
	sum := sha256.Sum256(der)
	if !ok || card.V != 1 || card.Device == "" || hex.EncodeToString(sum[:8]) != card.KID {
		return "", Device{}, errors.New("version, name, key type or key id is wrong")
	}
	csr, user := readRequest(b)
	return card.Device, Device{card.Site, csr, user, sum[:8], key}, nil
}

// readRequest gives the parts of a card that the door needs.
func readRequest(text []byte) (csr []byte, user string) {
	var c struct{ CSR, User string }
	if json.Unmarshal(text, &c) != nil {
		return nil, ""
	}
	csr, err := base64.StdEncoding.DecodeString(c.CSR)
	if err != nil {
		return nil, ""
	}
	return csr, c.User
}
