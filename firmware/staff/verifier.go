package staff

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Bounds on what a list may have a device compute.
const (
	minMemory, maxMemory = 8 << 10, 64 << 10 // KiB
	maxPasses            = 10
	maxThreads           = 4
	maxPIN               = 64 // bytes
)

// verifier tells a PIN without holding it: Argon2id (RFC 9106), as its reference
// implementation writes it.
type verifier struct {
	memory     uint32 // KiB
	passes     uint32
	threads    uint8
	salt, hash []byte
}

// stranger is checked for a name that nobody has, so that it takes as long.
var stranger = verifier{memory: 19 << 10, passes: 2, threads: 1, salt: make([]byte, 16), hash: make([]byte, 32)}

func parseVerifier(s string) (v verifier, err error) {
	parts := strings.Split(s, "$")
	if len(s) > 300 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return v, fmt.Errorf("%w: a PIN's verifier begins with $argon2id$v=19$", ErrList)
	}
	if n, err := fmt.Sscanf(parts[3]+"\n", "m=%d,t=%d,p=%d\n", &v.memory, &v.passes, &v.threads); n != 3 || err != nil {
		return v, fmt.Errorf("%w: a verifier's costs are m=<KiB>,t=<passes>,p=<threads>", ErrList)
	}
	if v.memory < minMemory || v.memory > maxMemory || v.passes < 1 || v.passes > maxPasses || v.threads < 1 || v.threads > maxThreads {
		return v, fmt.Errorf("%w: a verifier takes %d to %d KiB, up to %d passes and %d threads", ErrList, minMemory, maxMemory, maxPasses, maxThreads)
	}
	if v.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err == nil {
		v.hash, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || len(v.salt) < 8 || len(v.salt) > 64 || len(v.hash) < 16 || len(v.hash) > 64 {
		return v, fmt.Errorf("%w: a verifier ends with salt and hash in base64 without padding, 8 and 16 to 64 bytes", ErrList)
	}
	return v, nil
}

func (v verifier) check(pin string) bool {
	if pin == "" || len(pin) > maxPIN {
		return false
	}
	got := argon2.IDKey([]byte(pin), v.salt, v.passes, v.memory, v.threads, uint32(len(v.hash)))
	return subtle.ConstantTimeCompare(got, v.hash) == 1
}

// Verifier makes what a list holds of a PIN, from a random salt of 16 bytes: 19 MiB and two
// passes, which the bounded memory of a gate allows.
func Verifier(pin string, salt [16]byte) (string, error) {
	if len(pin) < 6 || len(pin) > maxPIN {
		return "", fmt.Errorf("staff: a PIN has 6 to %d characters", maxPIN)
	}
	hash := argon2.IDKey([]byte(pin), salt[:], stranger.passes, stranger.memory, stranger.threads, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", stranger.memory, stranger.passes, stranger.threads, b64(salt[:]), b64(hash)), nil
}
