// Package keys holds the centre's own keys, one for each purpose, and signs with them.
package keys

import (
	"bytes"
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
	"os"
	"path/filepath"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Key is one of the centre's, P-256, for one purpose.
type Key struct {
	purpose string // mark, orders or reply
	signer  cose.Signer
	kid     []byte
	spki    []byte
}

// New makes a key that is nowhere kept.
func New(purpose string) (*Key, error) {
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

// Load reads a key or makes it at first start.
func Load(path, purpose string) (*Key, error) {
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
		if err := Replace(path, text); err != nil {
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

// File is the keys.json that goes into the bundle.
func File(keys ...*Key) []byte {
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

// State signs a payload, deterministic CBOR, for a purpose.
func (k *Key) State(purpose string, payload any) ([]byte, error) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	text, err := enc.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return k.Sign(purpose, text)
}

// Sign signs bytes for a purpose.
func (k *Key) Sign(purpose string, payload []byte) ([]byte, error) {
	m := cose.NewSign1Message()
	m.Payload = payload
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = k.kid
	if err := m.Sign(rand.Reader, []byte(purpose), k.signer); err != nil {
		return nil, err
	}
	return m.MarshalCBOR()
}

// Again gives what was signed before as this key signs it: what a key made that was exchanged nobody
// believes any more.
func (k *Key) Again(purpose string, signed []byte) ([]byte, error) {
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(signed); err != nil {
		return nil, err
	}
	if kid, _ := m.Headers.Protected[cose.HeaderLabelKeyID].([]byte); bytes.Equal(kid, k.kid) {
		return signed, nil
	}
	return k.Sign(purpose, m.Payload)
}

// Replace writes a file whole or not at all.
func Replace(path string, data []byte) error {
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
