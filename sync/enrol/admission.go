package enrol

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// ErrAdmission means that what the centre gave does not go with this device's keys.
var ErrAdmission = errors.New("enrol: not an admission of this device")

// Files in the state directory. The keys are made here, apart from the device key, which
// signs what is kept: these open a line and sign nothing that lasts.
const (
	doorFile      = "door.key" // PEM of a P-256 key for TLS, then of a NATS user's seed
	admissionFile = "admission.json"
	seedBlock     = "NATS USER SEED"
)

// Request is what a card says for the centre to open its door.
type Request struct {
	CSR  string `json:"csr"`  // PKCS #10 DER, base64
	User string `json:"user"` // NATS user, public
}

// door are the keys of doorFile.
type door struct {
	key  *ecdsa.PrivateKey
	user nkeys.KeyPair
}

// Request makes the keys of the line at first use. It is the same each time, so that the administrator
// can compare what came with what the device says: signatures as RFC 6979 makes them.
func (k *Key) Request(dir, device string) (Request, error) {
	d, err := loadDoor(dir)
	if errors.Is(err, fs.ErrNotExist) {
		d, err = makeDoor(dir)
	}
	if err != nil {
		return Request{}, err
	}
	csr, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pkix.Name{CommonName: device}}, d.key)
	if err != nil {
		return Request{}, fmt.Errorf("enrol: %w", err)
	}
	user, err := d.user.PublicKey()
	return Request{base64.StdEncoding.EncodeToString(csr), user}, err
}

func makeDoor(dir string) (door, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return door{}, fmt.Errorf("enrol: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return door{}, fmt.Errorf("enrol: %w", err)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		return door{}, fmt.Errorf("enrol: %w", err)
	}
	seed, err := user.Seed()
	if err != nil {
		return door{}, fmt.Errorf("enrol: %w", err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: seedBlock, Bytes: seed})...)
	if err := write(dir, doorFile, text); err != nil {
		return door{}, fmt.Errorf("enrol: %w", err)
	}
	return door{key, user}, nil
}

func loadDoor(dir string) (door, error) {
	path := filepath.Join(dir, doorFile)
	text, err := readPrivate(path)
	if err != nil {
		return door{}, err
	}
	var d door
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case seedBlock:
			d.user, err = nkeys.FromSeed(block.Bytes)
		default:
			var any any
			if any, err = x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				d.key, _ = any.(*ecdsa.PrivateKey)
			}
		}
		if err != nil {
			return door{}, fmt.Errorf("%w: %s does not parse: move it away and enrol again", ErrKeyFile, path)
		}
	}
	if d.key == nil || d.user == nil {
		return door{}, fmt.Errorf("%w: %s lacks a key: move it away and enrol again", ErrKeyFile, path)
	}
	return d, nil
}

// admission is what the centre gives for a request.
type admission struct {
	V                            int
	Device, CA, Certificate, JWT string
}

// maxAdmission bounds it in bytes.
const maxAdmission = 64 << 10

// Admit keeps what the centre gave for the request of this device.
func Admit(dir, device string, text []byte) error {
	d, err := loadDoor(dir)
	if err != nil {
		return err
	}
	if _, err := d.pass(device, text); err != nil {
		return err
	}
	if err := put(dir, admissionFile, text, os.Rename); err != nil { // never none in between: the device would come in plainly
		return fmt.Errorf("enrol: %w", err)
	}
	return nil
}

// Pass opens the line to a centre that lets in only whom it knows.
type Pass struct {
	TLS  *tls.Config
	JWT  string                       // the NATS user
	Sign func([]byte) ([]byte, error) // with the user's key
}

// Due reports whether the pass is to be renewed: half of its certificate's life is over, or it cannot
// be said (PROTOCOL C11).
func (p *Pass) Due(now time.Time) bool {
	cert := p.TLS.Certificates[0].Leaf
	return cert == nil || now.After(cert.NotBefore.Add(cert.NotAfter.Sub(cert.NotBefore)/2))
}

// Ends reports whether the pass is over or nearly so, in the last tenth of its certificate's life, or it
// cannot be said.
func (p *Pass) Ends(now time.Time) bool {
	cert := p.TLS.Certificates[0].Leaf
	return cert == nil || now.After(cert.NotAfter.Add(-cert.NotAfter.Sub(cert.NotBefore)/10))
}

// LoadPass gives the pass of an admitted device; nil, nil: it was never admitted, and comes in plainly.
func LoadPass(dir, device string) (*Pass, error) {
	text, err := readPrivate(filepath.Join(dir, admissionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	d, err := loadDoor(dir)
	if err != nil {
		return nil, err
	}
	return d.pass(device, text)
}

// pass checks that an admission is for these keys.
func (d door) pass(device string, text []byte) (*Pass, error) {
	var a admission
	if len(text) > maxAdmission || json.Unmarshal(text, &a) != nil || a.V != 1 {
		return nil, fmt.Errorf("%w: want version 1", ErrAdmission)
	}
	if a.Device != device {
		return nil, fmt.Errorf("%w: it is for %q", ErrAdmission, a.Device)
	}
	key, err := x509.MarshalPKCS8PrivateKey(d.key)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	pair, err := tls.X509KeyPair([]byte(a.Certificate), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAdmission, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(a.CA)) {
		return nil, fmt.Errorf("%w: it names no authority", ErrAdmission)
	}
	claims, err := jwt.DecodeUserClaims(a.JWT)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAdmission, err)
	}
	if user, err := d.user.PublicKey(); err != nil || claims.Subject != user || claims.Name != device {
		return nil, fmt.Errorf("%w: its user is another's", ErrAdmission)
	}
	return &Pass{TLS: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13}, JWT: a.JWT, Sign: d.user.Sign}, nil
}

// readPrivate reads a file that nobody else may.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s: chmod 600 it, or enrol the device again if somebody did", ErrKeyFile, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return bytes.TrimSpace(text), nil
}
