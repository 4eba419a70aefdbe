package request

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"
)

// maxSiteKeys bounds an answer: this week's, the next and the last few.
const maxSiteKeys = 8

// SiteKeys asks for the private keys of the site. Each comes as the file that the centre
// would hand over on paper, sealed to a key that is made for this one request:
//
//	HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, enc || ct,
//	info = "sitekey:" || device || ":" || idempotency key
func (c *Client) SiteKeys(ctx context.Context) (files [][]byte, err error) {
	key, err := c.newKey()
	if err != nil {
		return nil, err
	}
	own, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	var b struct{ Keys [][]byte }
	if _, err := c.ask(ctx, late, "sitekey", key, map[string]any{"to": own.PublicKey().Bytes()}, &b); err != nil {
		return nil, err
	}
	if len(b.Keys) > maxSiteKeys {
		return nil, fmt.Errorf("%w: %d keys for one site", ErrUnknown, len(b.Keys))
	}
	for _, k := range b.Keys {
		file, err := hpke.Open(own, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte("sitekey:"+c.o.Device+":"+key), k)
		if err != nil {
			return nil, fmt.Errorf("%w: a site key does not open", ErrUnknown)
		}
		files = append(files, file)
	}
	return files, nil
}
