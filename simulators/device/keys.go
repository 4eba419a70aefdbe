package device

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
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// key is the device's own, P-256, for the purpose "device" (PROTOCOL C1).
type key struct {
	signer cose.Signer
	kid    []byte
	spki   []byte
}

func newKey() (*key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, private)
	sum := sha256.Sum256(spki)
	return &key{signer, sum[:8], spki}, err
}

func (k *key) card(name, site string) []byte {
	text, err := json.Marshal(map[string]any{"v": 1, "device": name, "site": site, "kid": hex.EncodeToString(k.kid), "spki": base64.StdEncoding.EncodeToString(k.spki)})
	if err != nil {
		panic(err)
	}
	return text
}

var canonical = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// sign makes a COSE_Sign1 over deterministic CBOR for a purpose.
func (k *key) sign(purpose string, payload any) []byte {
	m := cose.NewSign1Message()
	var err error
	if m.Payload, err = canonical.Marshal(payload); err != nil {
		panic(err)
	}
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = k.kid
	err = m.Sign(rand.Reader, []byte(purpose), k.signer)
	if err == nil {
		var data []byte
		if data, err = m.MarshalCBOR(); err == nil {
			return data
		}
	}
	panic(err)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand
	return b
}

// Keys are the centre's public ones, by purpose and key id. Devices of one process have them in
// common: an order that came to all is checked once.
type Keys struct {
	byPurpose map[string]map[string]cose.Verifier
	last      atomic.Pointer[believed]
}

// believed is an order as it came, and as it was read.
type believed struct {
	data []byte
	read Order
}

// ReadKeys reads a keys.json.
func ReadKeys(text []byte) (*Keys, error) {
	var file struct {
		Keys []struct{ KID, Purpose, SPKI string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("device: keys.json: %w", err)
	}
	k := &Keys{byPurpose: map[string]map[string]cose.Verifier{}}
	for _, one := range file.Keys {
		der, err := base64.StdEncoding.DecodeString(one.SPKI)
		if err != nil {
			return nil, fmt.Errorf("device: keys.json: %w", err)
		}
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return nil, fmt.Errorf("device: keys.json: %w", err)
		}
		v, err := cose.NewVerifier(cose.AlgorithmES256, public)
		if err != nil {
			return nil, fmt.Errorf("device: keys.json: %w", err)
		}
		if k.byPurpose[one.Purpose] == nil {
			k.byPurpose[one.Purpose] = map[string]cose.Verifier{}
		}
		k.byPurpose[one.Purpose][one.KID] = v
	}
	return k, nil
}

// open checks a statement of the centre; the keys of a purpose speak for it under one name.
func (k *Keys) open(key, purpose string, data []byte) ([]byte, error) {
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(data); err != nil {
		return nil, err
	}
	kid, _ := m.Headers.Protected[cose.HeaderLabelKeyID].([]byte)
	v, ok := k.byPurpose[key][hex.EncodeToString(kid)]
	if !ok {
		return nil, ErrUnbelieved
	}
	return m.Payload, m.Verify([]byte(purpose), v)
}

// mark is [1, device, epoch, seq, sha256 of event seq] (PROTOCOL C4).
type mark struct {
	_          struct{} `cbor:",toarray"`
	V          int
	Device     string
	Epoch, Seq uint64
	Hash       []byte
}

func (k *Keys) mark(data []byte) (m mark, err error) {
	payload, err := k.open("mark", "mark", data)
	if err == nil {
		err = cbor.Unmarshal(payload, &m)
	}
	return m, err
}

// Order is an order of the centre (PROTOCOL C5), and when it came.
type Order struct {
	Number uint64 `cbor:"number"`
	Kind   string `cbor:"kind"`
	State  string `cbor:"state"`
	Heard  time.Time
}

func (k *Keys) order(data []byte) (o Order, err error) {
	if last := k.last.Load(); last != nil && bytes.Equal(data, last.data) {
		return last.read, nil
	}
	payload, err := k.open("orders", "order", data)
	if err == nil {
		err = cbor.Unmarshal(payload, &o)
	}
	if err == nil {
		k.last.Store(&believed{bytes.Clone(data), o})
	}
	return o, err
}
