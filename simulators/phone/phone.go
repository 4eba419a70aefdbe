// Package phone pretends to be the holder's phone with the codes app on it
// (FORMATS A2, A3): it holds a key and tokens, and shows them under its signature,
// fresh or out of date, in the open or sealed. It is written from the
// specification, not with the decoders that it is used to test.
package phone

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"example.org/checkpoint/simulators/issuer"
)

// Refresh is how often the app makes a new code while it is open.
const Refresh = 15 * time.Second

// Phone is one phone. It is used by one goroutine.
type Phone struct {
	Site *issuer.Site  // seals what it shows; nil shows it in the open
	Slow time.Duration // by so much its clock is behind; negative: ahead

	key    crypto.Signer
	cose   map[int]any // COSE_Key (RFC 9053 section 7)
	alg    int
	tokens [][]byte
	papers []string
	screen string    // what is on it
	drawn  time.Time // since when, by the phone's clock; zero before the first time
	place  string
	asleep bool
}

// New makes a phone with a P-256 key.
func New() *Phone {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	point, err := k.PublicKey.Bytes() // 4 || x || y
	check(err)
	return &Phone{key: k, alg: -7, cose: map[int]any{1: 2, -1: 1, -2: point[1:33], -3: point[33:]}}
}

// NewEd25519 makes a phone with an Ed25519 key.
func NewEd25519() *Phone {
	public, k, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	return &Phone{key: k, alg: -19, cose: map[int]any{1: 1, -1: 6, -2: []byte(public)}}
}

// Key is the phone's public key, for the authority to bind a token to.
func (p *Phone) Key() map[int]any { return p.cose }

// Hold keeps a token, the text of a health code, to be presented.
func (p *Phone) Hold(code string) {
	p.tokens = append(p.tokens, issuer.Unbase45(strings.TrimPrefix(code, "HCT1:")))
}

// Tokens returns the tokens that the phone holds, as one who copies them has them.
func (p *Phone) Tokens() [][]byte { return p.tokens }

// Carry keeps a code of somebody else, as a picture: a child's, a companion's.
func (p *Phone) Carry(code string) { p.papers = append(p.papers, code) }

// Carried returns the codes of others.
func (p *Phone) Carried() []string { return p.papers }

// Sleep stops the app: what is on the screen stays and goes out of date.
func (p *Phone) Sleep() { p.asleep = true }

// Wake opens the app again.
func (p *Phone) Wake() { p.asleep = false }

// Screen returns what the phone shows at a place and time: refreshed when it is
// older than Refresh or the place is another.
func (p *Phone) Screen(place string, at time.Time) string {
	if own := at.Add(-p.Slow); !p.asleep && (p.drawn.IsZero() || place != p.place || own.Sub(p.drawn) >= Refresh) {
		p.screen, p.drawn, p.place = p.Show(Showing{Audience: place, At: at}), own, place
	}
	return p.screen
}

// Screenshot returns the picture that anybody may take of the screen now.
func (p *Phone) Screenshot() string { return p.screen }

// Showing is one presentation. The zero value of everything but Audience and At is usable.
type Showing struct {
	Audience string
	At       time.Time
	Nonce    []byte // 8 bytes; random by default
	Tokens   [][]byte
	By       *Phone // whose key signs, under this phone's key id; this phone's by default
	Bare     bool   // without the seal, though the phone has a site
	Info     []byte // what the seal is bound to; nil for the right one
	Change   func(claims map[int]any)
	Header   map[int]any // put over the protected header, {1: alg, 4: kid}; nil takes away
	Spoil    issuer.Spoil
}

// Show makes a presentation and returns its text.
func (p *Phone) Show(s Showing) string {
	data := p.Plain(s)
	if p.Site != nil && !s.Bare {
		return p.Site.Seal(data, s.Info)
	}
	return "HCP1:" + issuer.Base45(data)
}

// Plain makes a presentation and returns its bytes, which are the plaintext of a seal.
func (p *Phone) Plain(s Showing) []byte {
	if s.Nonce == nil {
		s.Nonce = make([]byte, 8)
		rand.Read(s.Nonce)
	}
	if s.Tokens == nil {
		s.Tokens = p.tokens
	}
	if s.By == nil {
		s.By = p
	}
	claims := map[int]any{3: s.Audience, 6: s.At.Add(-p.Slow).Unix(), 10: s.Nonce, -70002: s.Tokens}
	if s.Change != nil {
		s.Change(claims)
	}
	external := "HCP1:"
	if s.Spoil == issuer.OtherKind {
		external = "HCT1:"
	}
	thumbprint := sha256.Sum256(issuer.CBOR(p.cose))
	protected := map[int]any{1: p.alg, 4: thumbprint[:8]}
	for label, v := range s.Header {
		if protected[label] = v; v == nil {
			delete(protected, label)
		}
	}
	header, payload := issuer.CBOR(protected), issuer.CBOR(claims)
	message := issuer.CBOR([]any{"Signature1", header, []byte(external), payload}) // RFC 9052 section 4.4
	return issuer.Wrap(header, payload, s.By.sign(message), s.Spoil)
}

// sign signs as RFC 9053 section 2 says.
func (p *Phone) sign(message []byte) []byte {
	k, ok := p.key.(*ecdsa.PrivateKey)
	if !ok {
		signature, err := p.key.Sign(nil, message, crypto.Hash(0))
		check(err)
		return signature
	}
	sum := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	check(err)
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// check panics: a phone that cannot sign is of no use to a test.
func check(err error) {
	if err != nil {
		panic(err)
	}
}
