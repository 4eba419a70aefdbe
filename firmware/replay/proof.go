package replay

import (
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/verdict"
)

// grace lets a mark be made a moment after the last verdict that may ask for it.
const grace = 5 * time.Second

// Proof returns the identity of what a phone presents, its key and nonce, whether
// sealed or not. It counts until the presentation is stale by every clock.
func Proof(k credential.HolderKey, p credential.Presented, fresh, uncertainty time.Duration) verdict.Count {
	b := head(nil, 4, 3) // CBOR [format, thumbprint, nonce]
	b = text(b, string(credential.Holder))
	b = append(head(b, 2, len(k.Thumbprint)), k.Thumbprint[:]...)
	b = append(head(b, 2, len(p.Nonce)), p.Nonce...)
	return verdict.Count{Identity: b, Until: p.IssuedAt.Add(fresh + 2*uncertainty + grace)}
}
