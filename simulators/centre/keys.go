package centre

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Key is one of the centre's, P-256, for one purpose.
type Key struct {
	purpose string // mark or orders
	signer  cose.Signer
	kid     []byte
	spki    []byte
}

// NewKey makes a key that is nowhere kept.
func NewKey(purpose string) (*Key, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	return keyOf(purpose, key)
}

func keyOf(purpose string, key *ecdsa.PrivateKey) (*Key, error) {
	signer, err := cose.NewSigner(cose.AlgorithmES256, key)
	if err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	sum := sha256.Sum256(spki)
	return &Key{purpose, signer, sum[:8], spki}, nil
}

// loadKey reads a key or makes it at first start.
func loadKey(path, purpose string) (*Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("centre: %w", err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("centre: %w", err)
		}
		text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		if err := replace(path, text); err != nil {
			return nil, fmt.Errorf("centre: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("centre: %s holds no PEM block", path)
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("centre: %s: %w", path, err)
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("centre: %s is not a P-256 key", path)
	}
	return keyOf(purpose, key)
}

// KeysFile is the keys.json that goes into the bundle.
func KeysFile(keys ...*Key) []byte {
	list := []any{}
	for _, k := range keys {
		list = append(list, map[string]any{"kid": hex.EncodeToString(k.kid), "purpose": k.purpose, "alg": -7, "spki": base64.StdEncoding.EncodeToString(k.spki)})
	}
	b, err := json.MarshalIndent(map[string]any{"v": 1, "keys": list}, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// statement signs a payload, deterministic CBOR, for a purpose.
func (k *Key) statement(external string, payload any) ([]byte, error) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	m := cose.NewSign1Message()
	if m.Payload, err = enc.Marshal(payload); err != nil {
		return nil, err
	}
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = k.kid
	if err := m.Sign(rand.Reader, []byte(external), k.signer); err != nil {
		return nil, err
	}
	return m.MarshalCBOR()
}

// mark makes the mark [1, device, epoch, seq, hash] for a device.
func (k *Key) mark(device string, epoch, seq uint64, hash []byte) ([]byte, error) {
	return k.statement("mark", []any{1, device, epoch, seq, hash})
}

// replace writes a file whole or not at all.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// registry is the directory of enrolled devices, one card each. A card taken out ends the device.
type registry struct {
	dir string
	log *slog.Logger

	mu      sync.Mutex
	read    time.Time
	devices map[string]device // by name
	cards   map[string]card   // by path, as they were last read
}

// card is one file of the registry: read again only if it has changed.
type card struct {
	changed time.Time
	size    int64
	name    string // "" = it is not used
	device  device
}

type device struct {
	site string
	kid  []byte
	key  *ecdsa.PublicKey
	csr  []byte // PKCS #10; nil on the card of a device that comes in plainly
	user string // NATS user, public
}

// lookup finds a device; the directory is read again at most once a second.
func (r *registry) lookup(name string) (device, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) > time.Second {
		r.devices = r.load()
		r.read = time.Now()
	}
	d, ok := r.devices[name]
	return d, ok
}

func (r *registry) load() map[string]device {
	devices, cards := map[string]device{}, map[string]card{}
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

func readCard(path string) (string, device, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", device{}, err
	}
	var card struct {
		V                       int
		Device, Site, KID, SPKI string
	}
	if err := json.Unmarshal(b, &card); err != nil {
		return "", device{}, err
	}
	der, err := base64.StdEncoding.DecodeString(card.SPKI)
	if err != nil {
		return "", device{}, err
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return "", device{}, err
	}
	key, ok := any.(*ecdsa.PublicKey)
	sum := sha256.Sum256(der)
	if !ok || card.V != 1 || card.Device == "" || hex.EncodeToString(sum[:8]) != card.KID {
		return "", device{}, errors.New("version, name, key type or key id is wrong")
	}
	csr, user := readRequest(b)
	return card.Device, device{card.Site, sum[:8], key, csr, user}, nil
}
