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
	"net"
	"os"
	"path/filepath"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// WriteCluster writes what the nodes of a cluster and the hubs of halls need to let in the
// devices that the centre of dir admits (docs/centre.md), to out:
//
//	ca.pem            whom certificates are checked against
//	<node>.pem, .key  certificate and key of each node; its names and addresses are given
//	accounts.conf     operator and accounts, to be included
//	hub.conf          the names of the accounts, to be included by a hub
//	hub.creds         by which a hub comes in as a leaf
//	hub-system.creds  by which it hears who is revoked
func WriteCluster(dir, out string, nodes map[string][]string) error {
	for _, d := range []string{dir, out} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("centre: %w", err)
		}
	}
	g, err := Open(dir)
	if err != nil {
		return err
	}
	write := func(name string, data []byte) {
		err = errors.Join(err, keys.Replace(filepath.Join(out, name), data))
	}
	write("ca.pem", []byte(asPEM(g.ca.Raw)))
	for name, hosts := range nodes {
		cert, key, issued := g.node(name, hosts)
		err = errors.Join(err, issued)
		write(name+".pem", cert)
		write(name+".key", key)
	}
	accounts := fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver_preload: {\n", g.jwts.operator, g.jwts.systemID)
	accounts += fmt.Sprintf("  %s: %s\n  %s: %s\n}\n", g.account, g.jwts.account, g.jwts.systemID, g.jwts.system)
	write("accounts.conf", []byte(accounts))
	write("hub.conf", fmt.Appendf(nil, "DEVICES: %s\nSYSTEM: %s\n", g.account, g.jwts.systemID))
	creds, made := g.leaf()
	write("hub.creds", creds)
	hears, made2 := g.listener()
	write("hub-system.creds", hears)
	if err = errors.Join(err, made, made2); err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	return nil
}

// node issues a certificate by which a node serves, and goes to the other nodes.
func (g *Guard) node(name string, hosts []string) (cert, key []byte, err error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := g.issue(t, &own.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	return []byte(asPEM(der)), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), err
}

// userOf makes a user of an account, for a connection of this process.
func userOf(account nkeys.KeyPair, name string) (nats.Option, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, err
	}
	user := jwt.NewUserClaims(public)
	user.Name = name
	text, err := user.Encode(account)
	return nats.UserJWT(func() (string, error) { return text, nil }, pair.Sign), err
}

// pushTo gives every node of a cluster the account's new claims.
func (g *Guard) pushTo(urls string) func(string) error {
	return func(account string) error {
		admin, err := g.admin()
		if err != nil {
			return err
		}
		nc, err := nats.Connect(urls, admin, nats.Secure(g.client))
		if err != nil {
			return err
		}
		defer nc.Close()
		m, err := nc.Request("$SYS.REQ.CLAIMS.UPDATE", []byte(account), 5*time.Second)
		if err != nil {
			return err
		}
		var answer struct{ Error *struct{ Description string } }
		if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Error != nil {
			return fmt.Errorf("the cluster does not take the account: %s", m.Data)
		}
		return nil
	}
}

// leaf makes a user for hubs, who carries what the devices behind it may do.
func (g *Guard) leaf() ([]byte, error) { return credentials(g.jwts.signer, "hub", jwt.Permissions{}) }

// listener makes a user of the system account for hubs, who hears what the accounts are now, asks for
// it after having been away, and can say nothing.
func (g *Guard) listener() ([]byte, error) {
	return credentials(g.jwts.admin, "hub", jwt.Permissions{
		Pub: jwt.Permission{Allow: []string{"$SYS.REQ.CLAIMS.PACK"}},
		Sub: jwt.Permission{Allow: []string{"$SYS.REQ.CLAIMS.UPDATE", "$SYS.ACCOUNT.*.CLAIMS.UPDATE", "$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE", "$SYS._INBOX.>"}}})
}

// credentials makes a user of an account, as a file.
func credentials(account nkeys.KeyPair, name string, may jwt.Permissions) ([]byte, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, err
	}
	user := jwt.NewUserClaims(public)
	user.Name, user.Permissions = name, may
	text, err := user.Encode(account)
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	return jwt.FormatUserConfig(text, seed)
}

// jwts are the guard's claims as a server reads them.
type jwts struct {
	operator, account, system, systemID string
	signer, admin                       nkeys.KeyPair // of the two accounts
}

// clientTLS is how the centre itself comes in.
func (g *Guard) clientTLS() (*tls.Config, error) {
	cert, key, err := g.node("centre", nil)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(g.ca)
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS13}, nil
}
