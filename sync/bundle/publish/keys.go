package publish

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/tuf"
)

// Keys sign a repository, Ed25519, one key for each online role. Root keys are needed only
// to make the first root, to change a key and to renew the root before it ends; in
// production they lie offline, apart from each other.
type Keys struct {
	Roots                        []ed25519.PrivateKey
	Threshold                    int // signatures that a root needs; 0 = as many as before; for the first 2, or 1 of 1
	Targets, Snapshot, Timestamp ed25519.PrivateKey
	Schemes                      map[string]ed25519.PrivateKey // by scheme, those that sign their own files
}

const maxRootKeys = 9

// MakeKeys makes a directory with a fresh key for every role and n root keys, for the laboratory: root-1.pem …,
// targets.pem, snapshot.pem, timestamp.pem, PKCS #8, mode 0600. It never replaces a file.
func MakeKeys(dir string, n int) error {
	if n < 1 || n > maxRootKeys {
		return fmt.Errorf("bundle: %d root keys: want 1 to %d", n, maxRootKeys)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	names := []string{metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}
	for i := range n {
		names = append(names, rootName(i))
	}
	for _, name := range names {
		if err := makeKey(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// MakeSchemeKey makes the key of a scheme that signs its own files, scheme-<name>.pem. It never
// replaces a file.
func MakeSchemeKey(dir, scheme string) error {
	if !tuf.RoleName(scheme) {
		return fmt.Errorf("bundle: %q is no name of a scheme", scheme)
	}
	return makeKey(dir, schemePrefix+scheme)
}

func makeKey(dir, name string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".pem"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

func rootName(i int) string { return fmt.Sprintf("%s-%d", metadata.ROOT, i+1) }

// LoadKeys reads such a directory; the root keys may be absent.
func LoadKeys(dir string) (k Keys, err error) {
	for name, key := range map[string]*ed25519.PrivateKey{metadata.TARGETS: &k.Targets, metadata.SNAPSHOT: &k.Snapshot, metadata.TIMESTAMP: &k.Timestamp} {
		if *key, err = loadKey(filepath.Join(dir, name+".pem")); err != nil {
			return Keys{}, fmt.Errorf("bundle: %w", err)
		}
	}
	for i := range maxRootKeys {
		key, err := loadKey(filepath.Join(dir, rootName(i)+".pem"))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return Keys{}, fmt.Errorf("bundle: %w", err)
		}
		k.Roots = append(k.Roots, key)
	}
	paths, err := filepath.Glob(filepath.Join(dir, schemePrefix+"*.pem"))
	if err != nil {
		return Keys{}, fmt.Errorf("bundle: %w", err)
	}
	k.Schemes = map[string]ed25519.PrivateKey{}
	for _, path := range paths {
		scheme := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), schemePrefix), ".pem")
		if !tuf.RoleName(scheme) {
			return Keys{}, fmt.Errorf("bundle: %s: %q is no name of a scheme", path, scheme)
		}
		if k.Schemes[scheme], err = loadKey(path); err != nil {
			return Keys{}, fmt.Errorf("bundle: %w", err)
		}
	}
	return k, nil
}

// schemePrefix begins the name of a scheme's key: scheme-HK.pem.
const schemePrefix = "scheme-"

func loadKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", path)
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := any.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not an Ed25519 key", path)
	}
	return key, nil
}

// public gives the public half as a root lists it.
func public(key ed25519.PrivateKey) (*metadata.Key, error) {
	half, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return metadata.KeyFromPublicKey(half)
}

// sign replaces the signatures by one of each key.
func sign[T metadata.Roles](m *metadata.Metadata[T], keys ...ed25519.PrivateKey) ([]byte, error) {
	m.ClearSignatures()
	for _, key := range keys {
		s, err := signature.LoadSigner(key, crypto.Hash(0)) // Ed25519 hashes by itself
		if err != nil {
			return nil, err
		}
		if _, err := m.Sign(s); err != nil {
			return nil, err
		}
	}
	return m.ToBytes(false)
}
