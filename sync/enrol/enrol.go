// Package enrol gives the device its identity: a key made on the device, which never
// leaves it, and the card by which the centre's administrator comes to know it.
package enrol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.org/checkpoint/sync/sign1"
)

// ErrKeyFile means that the key file is there but is not to be used as it is.
var ErrKeyFile = errors.New("enrol: device key file")

// file is the key's name in the state directory.
const file = "device.key"

// Key is the device key, P-256.
type Key struct {
	private *ecdsa.PrivateKey
	id      sign1.KeyID
	spki    []byte
}

// Load reads the device key from the state directory, or makes it at first use. A file that
// others may read, or that cannot be read, is an error and never replaced: a new key
// is a new device to the centre.
func Load(dir string) (key *Key, created bool, err error) {
	path := filepath.Join(dir, file)
	text, err := readPrivate(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err := create(dir)
		return key, err == nil, err
	case err != nil:
		return nil, false, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, false, fmt.Errorf("%w: %s holds no PEM block: move it away to make a new key and enrol again", ErrKeyFile, path)
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %s does not parse: move it away to make a new key and enrol again", ErrKeyFile, path)
	}
	private, ok := any.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, false, fmt.Errorf("%w: %s is not a P-256 key", ErrKeyFile, path)
	}
	key, err = of(private)
	return key, false, err
}

func create(dir string) (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := write(dir, file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return of(private)
}

func of(private *ecdsa.PrivateKey) (*Key, error) {
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	id, err := sign1.KeyIDOf(&private.PublicKey)
	return &Key{private, id, spki}, err
}

// write puts a file there whole or not at all. Of two programs at their first start
// one wins and the other gets an error: Link does not replace.
func write(dir, file string, data []byte) error { return put(dir, file, data, os.Link) }

// put writes a file beside its place and moves it there.
func put(dir, file string, data []byte, move func(from, to string) error) error {
	f, err := os.CreateTemp(dir, file+".*") // mode 0600
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
	if err := move(f.Name(), filepath.Join(dir, file)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Sign makes a COSE_Sign1 over payload for one purpose of the device key: "batch",
// "checkpoint", "request" or "PRV1:".
func (k *Key) Sign(purpose string, payload []byte) ([]byte, error) {
	return sign1.Sign(k.private, purpose, payload)
}

// ID is the first 8 bytes of SHA-256 of the public key's SubjectPublicKeyInfo.
func (k *Key) ID() sign1.KeyID { return k.id }

// Public is the public key.
func (k *Key) Public() *ecdsa.PublicKey { return &k.private.PublicKey }

// String names the key without showing it.
func (k *Key) String() string { return "device key " + k.id.String() }

// Card introduces a device to the centre; as JSON it is what `checkpoint enroll` prints.
type Card struct {
	V      int    `json:"v"`
	Device string `json:"device"`
	Site   string `json:"site"`
	KID    string `json:"kid"`  // 16 hexadecimal digits
	SPKI   string `json:"spki"` // SubjectPublicKeyInfo DER, base64
	Request
}

// Card names the device and its site. Names go into subjects and file names.
func (k *Key) Card(device, site string) (Card, error) {
	for _, name := range []string{device, site} {
		if !plain(name) {
			return Card{}, fmt.Errorf("enrol: name %q: use 1 to 64 letters, digits, - and _", name)
		}
	}
	return Card{V: 1, Device: device, Site: site, KID: k.id.String(), SPKI: base64.StdEncoding.EncodeToString(k.spki)}, nil
}

// ErrCard means that a card is not what "checkpoint enroll" prints.
var ErrCard = errors.New("enrol: not a device's card")

// ReadCard gives the public key on a card, as the one key that is trusted.
func ReadCard(text []byte) (sign1.Keys, error) {
	var c Card
	if err := json.Unmarshal(text, &c); err != nil || c.V != 1 {
		return nil, fmt.Errorf("%w: %v", ErrCard, err)
	}
	der, err := base64.StdEncoding.DecodeString(c.SPKI)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCard, err)
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCard, err)
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: not a P-256 key", ErrCard)
	}
	id, err := sign1.KeyIDOf(key)
	if err != nil || id.String() != c.KID {
		return nil, fmt.Errorf("%w: the key id is another's", ErrCard)
	}
	return sign1.Keys{id: key}, nil
}

func plain(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}
