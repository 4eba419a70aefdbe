// Package door says who may come in to the centre, and what each may do there: mutual TLS, and above
// it the accounts and users of NATS.
package door

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/registry"
	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// Guard is who may come in, and what each may do there: mutual TLS below, and above it the
// NATS operator, one account, and users whose permissions follow from their name (SYNC section 1).
type Guard struct {
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	server  tls.Certificate
	options func(*server.Options)
	devices nkeys.KeyPair // signs users that are devices: its scope says what they may do
	account string        // public
	self    nats.Option   // the centre's own user
	client  *tls.Config   // by which it comes into a cluster
	jwts    jwts
	admin   func() (nats.Option, error) // a user of the system account
	push    func(account string) error  // tells the nodes of a cluster what the account is now
	revoke  func(s *server.Server, user string) error

	mu      sync.Mutex
	revoked func(user string) bool // under mu, as is revoke
}

const century = 100 * 365 * 24 * time.Hour

// deviceCertificate is how long a device's certificate lasts (PROTOCOL C11).
const deviceCertificate = 5 * 365 * 24 * time.Hour

// may is what a device may do. {{name()}} is the device's, as its user says. It has no right to answer
// (allow_responses): who asks names the subject of the answer, so that a device that asks itself might say
// anything anywhere.
var may = jwt.Permissions{
	Pub: jwt.Permission{Allow: []string{
		"ev.{{name()}}", "cp.{{name()}}", "lr.{{name()}}", "st.{{name()}}", "rq.{{tag(site)}}.>",
		"hall.{{tag(site)}}.>", "$KV." + streams.Replay + ".{{tag(site)}}.>", "$KV." + streams.Hall + ".{{tag(site)}}.>",
		"$JS.API.STREAM.INFO.KV_" + streams.Replay, "$JS.API.DIRECT.GET.KV_" + streams.Replay + ".$KV." + streams.Replay + ".{{tag(site)}}.>",
		"$JS.API.STREAM.INFO.KV_" + streams.Hall, "$JS.API.DIRECT.GET.KV_" + streams.Hall + ".$KV." + streams.Hall + ".{{tag(site)}}.>",
		"$JS.API.STREAM.INFO." + streams.Marks, "$JS.API.DIRECT.GET." + streams.Marks + ".mark.{{name()}}",
		"$JS.API.CONSUMER.CREATE." + streams.Orders + ".*.order.>", "$JS.API.CONSUMER.MSG.NEXT." + streams.Orders + ".>",
		"$JS.API.CONSUMER.CREATE." + streams.Leases + ".*.lease.{{name()}}.>", "$JS.API.CONSUMER.MSG.NEXT." + streams.Leases + ".>",
		"$JS.API.STREAM.INFO.OBJ_" + streams.Files, "$JS.API.DIRECT.GET.OBJ_" + streams.Files + ".$O." + streams.Files + ".>",
		"$JS.API.CONSUMER.CREATE.OBJ_" + streams.Files + ".*.$O." + streams.Files + ".C.>", "$JS.API.CONSUMER.DELETE.OBJ_" + streams.Files + ".>",
		"$JS.FC.OBJ_" + streams.Files + ".>",
	}},
	Sub: jwt.Permission{Allow: []string{"_INBOX_{{name()}}.>", "mark.{{name()}}", "cmd.{{name()}}", streams.Push, "hall.{{tag(site)}}.key", "hall.{{tag(site)}}.to.{{name()}}.>"}},
}

// Open reads the keys of a centre, or makes them at its first start.
func Open(dir string) (*Guard, error) {
	g := &Guard{}
	if err := g.certificates(dir); err != nil {
		return nil, err
	}
	pairs := map[string]nkeys.KeyPair{}
	for name, make := range map[string]func() (nkeys.KeyPair, error){"operator": nkeys.CreateOperator, "account": nkeys.CreateAccount,
		"devices": nkeys.CreateAccount, "system": nkeys.CreateAccount, "self": nkeys.CreateUser} {
		var err error
		if pairs[name], err = loadSeed(filepath.Join(dir, name+".nk"), make); err != nil {
			return nil, err
		}
	}
	g.devices = pairs["devices"]
	if err := g.operate(dir, pairs); err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	return g, nil
}

// Serve has a server let in whom the guard lets in.
func (g *Guard) Serve(o *server.Options) { g.options(o) }

// Account is the public name of the devices' account.
func (g *Guard) Account() string { return g.account }

// Enter gives the options by which the centre itself comes in: to the server in its own process,
// or to the cluster of those URLs.
func (g *Guard) Enter(cluster string) []nats.Option {
	if cluster == "" {
		return []nats.Option{g.self}
	}
	g.push = g.pushTo(cluster)
	return []nats.Option{g.self, nats.Secure(g.client)}
}

// Revoke ends what a NATS user may do: its line is cut, and does not come back. s is the server
// in this process, nil in a cluster that Enter was told of.
func (g *Guard) Revoke(s *server.Server, user string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.revoke(s, user)
}

// operate makes the operator's claims and hands them to the server.
func (g *Guard) operate(dir string, pairs map[string]nkeys.KeyPair) error {
	public := map[string]string{}
	for name, p := range pairs {
		var err error
		if public[name], err = p.PublicKey(); err != nil {
			return err
		}
	}
	scope := jwt.NewUserScope()
	scope.Key, scope.Role, scope.Template.Permissions = public["devices"], "device", may
	account := jwt.NewAccountClaims(public["account"])
	account.Name = "devices"
	account.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	account.SigningKeys.AddScopedSigner(scope)
	if text, err := os.ReadFile(filepath.Join(dir, "revoked.json")); err == nil {
		if err := json.Unmarshal(text, &account.Revocations); err != nil {
			return err
		}
	}
	system := jwt.NewAccountClaims(public["system"])
	operator := jwt.NewOperatorClaims(public["operator"])
	operator.SystemAccount = public["system"]
	var err error
	if g.jwts.operator, err = operator.Encode(pairs["operator"]); err != nil { // it signs itself, and is known by that
		return err
	}
	g.jwts.signer, g.jwts.admin, g.jwts.systemID = pairs["account"], pairs["system"], public["system"]
	if g.client, err = g.clientTLS(); err != nil {
		return err
	}
	resolver := &server.MemAccResolver{}
	for c, keep := range map[*jwt.AccountClaims]*string{account: &g.jwts.account, system: &g.jwts.system} {
		text, err := c.Encode(pairs["operator"])
		*keep = text
		if err == nil {
			err = resolver.Store(c.Subject, text)
		}
		if err != nil {
			return err
		}
	}
	g.account = public["account"]
	self := jwt.NewUserClaims(public["self"])
	self.Name = "centre"
	text, err := self.Encode(pairs["account"])
	if err != nil {
		return err
	}
	g.self = nats.UserJWT(func() (string, error) { return text, nil }, pairs["self"].Sign)
	pool := x509.NewCertPool()
	pool.AddCert(g.ca)
	secure := &tls.Config{Certificates: []tls.Certificate{g.server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS13}
	g.options = func(o *server.Options) {
		o.TrustedOperators, o.SystemAccount, o.AccountResolver = []*jwt.OperatorClaims{operator}, public["system"], resolver
		o.TLSConfig, o.TLSVerify, o.TLSTimeout = secure, true, 5
		o.Websocket.TLSConfig = secure
	}
	g.revoked = func(user string) bool { return account.Revocations[user] != 0 || account.Revocations[jwt.All] != 0 }
	g.revoke = func(s *server.Server, user string) error {
		account.Revoke(user)
		claims, err := account.Encode(pairs["operator"])
		if err != nil {
			return err
		}
		if s == nil {
			err = g.push(claims)
		} else if known, lost := s.LookupAccount(account.Subject); lost == nil {
			s.UpdateAccountClaims(known, account) // cuts the line of whoever is revoked
		} else {
			err = lost
		}
		text, bad := json.Marshal(account.Revocations)
		if bad == nil {
			bad = keys.Replace(filepath.Join(dir, "revoked.json"), text)
		}
		return errors.Join(err, bad)
	}
	g.admin = func() (nats.Option, error) { return userOf(pairs["system"], "administrator") }
	return nil
}

// certificates reads or makes the centre's authority, and makes its own certificate anew.
func (g *Guard) certificates(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	if errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "centre CA"}, NotBefore: time.Now().Add(-time.Hour),
			NotAfter: time.Now().Add(century), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			return err
		}
		text = append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
		if err := keys.Replace(filepath.Join(dir, "ca.key"), text); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("centre: ca.key: %w", err)
	}
	var ok bool
	if g.caKey, ok = pair.PrivateKey.(*ecdsa.PrivateKey); !ok {
		return errors.New("centre: ca.key is not a P-256 key")
	}
	if g.ca, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
		return err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := g.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "centre"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, &own.PublicKey)
	g.server = tls.Certificate{Certificate: [][]byte{cert}, PrivateKey: own}
	return err
}

func (g *Guard) issue(template *x509.Certificate, public any) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, time.Now().Add(-time.Hour), time.Now().Add(deviceCertificate)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	return x509.CreateCertificate(rand.Reader, template, g.ca, public, g.caKey)
}

// Admission is what an enrolled device gets: it opens the centre's door to nobody else.
type Admission struct {
	V           int    `json:"v"`
	Device      string `json:"device"`
	CA          string `json:"ca"`          // PEM
	Certificate string `json:"certificate"` // PEM, of the key of the card's request
	JWT         string `json:"jwt"`         // of the card's NATS user; without an end, revoked by name
}

// Admit makes the admission of a device whose card is in the registry.
func (g *Guard) Admit(d registry.Device, name string) (Admission, error) {
	request, err := x509.ParseCertificateRequest(d.CSR)
	if err == nil {
		err = request.CheckSignature()
	}
	if err != nil {
		return Admission{}, fmt.Errorf("the card of %s has no certificate request: %w", name, err)
	}
	if d.User == "" {
		return Admission{}, fmt.Errorf("the card of %s has no NATS user", name)
	}
	cert, err := g.issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, request.PublicKey)
	if err != nil {
		return Admission{}, err
	}
	user := jwt.NewUserClaims(d.User)
	user.Name, user.IssuerAccount = name, g.account
	user.Tags.Add("site:" + d.Site)
	user.UserPermissionLimits = jwt.UserPermissionLimits{} // those of the scope
	text, err := user.Encode(g.devices)
	if err != nil {
		return Admission{}, fmt.Errorf("the card of %s has no NATS user: %w", name, err)
	}
	return Admission{1, name, asPEM(g.ca.Raw), asPEM(cert), text}, nil
}

// ErrRenew means: that is not a request by which this device is let in again.
var ErrRenew = errors.New("the administrator has to admit the device")

// Renew makes a new admission of a device that has one, for a request of its own: the same device,
// with the NATS user of its card. One that was ever revoked is let in by hand only.
func (g *Guard) Renew(d registry.Device, name string, csr []byte, user string) (Admission, error) {
	g.mu.Lock()
	revoked := g.revoked(d.User)
	g.mu.Unlock()
	switch request, err := x509.ParseCertificateRequest(csr); {
	case err != nil:
		return Admission{}, fmt.Errorf("%w: its request does not parse", ErrRenew)
	case len(d.CSR) == 0 || d.User == "" || user != d.User:
		return Admission{}, fmt.Errorf("%w: its card names another user", ErrRenew)
	case request.Subject.CommonName != name:
		return Admission{}, fmt.Errorf("%w: the request is another device's", ErrRenew)
	case revoked:
		return Admission{}, fmt.Errorf("%w: it was revoked", ErrRenew)
	}
	d.CSR = csr
	return g.Admit(d, name)
}

func asPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func loadSeed(path string, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		pair, err := create()
		if err != nil {
			return nil, err
		}
		if seed, err = pair.Seed(); err != nil {
			return nil, err
		}
		if err := keys.Replace(path, seed); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return nkeys.FromSeed(seed)
}
