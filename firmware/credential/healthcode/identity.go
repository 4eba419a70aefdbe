package healthcode

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// Keys of claim 169 that we read or check; others are kept, never a reason to refuse.
const (
	keyName        = 4
	keyBirth       = 8
	keyNationality = 13
	keyGuardian    = 15
	keyPhoto       = 16
	keyPhotoFormat = 17
	keyFace        = 62
)

// Formats of keyPhotoFormat that we carry.
const (
	photoJPEG = 1
	photoWebP = 4
)

// identity reads claim 169.
func identity(m *cosecwt.Map, f *credential.Facts) {
	if m.Has(keyName) {
		f.Name = m.Text(keyName)
	}
	for _, key := range []int{keyNationality, keyGuardian} {
		if m.Has(key) {
			m.Text(key)
		}
	}
	if m.Has(keyBirth) {
		day, err := time.Parse("20060102", m.Text(keyBirth))
		if err != nil || day.Year() < 1 {
			m.Fail(keyBirth, "is no date")
		}
		birth := credential.DayOf(day)
		f.Birth = &birth
	}
	if m.Has(keyPhoto) || m.Has(keyPhotoFormat) {
		f.Photo = m.Bytes(keyPhoto, -1)
		if format := m.Uint(keyPhotoFormat); format != photoJPEG && format != photoWebP {
			m.Fail(keyPhotoFormat, "is no photo format of ours")
		}
	}
	if m.Has(keyFace) {
		f.Face = face(m)
	}
}

// face reads [{0: 128 values of int8, 1: 1 template, 2: 100, 3: engine}].
func face(m *cosecwt.Map) []byte {
	a := m.Array(keyFace)
	if len(a) != 1 {
		m.Fail(keyFace, "is not one template")
		return nil
	}
	t := m.Inside(a[0], keyFace)
	template := t.Bytes(0, 128)
	if t.Uint(1) != 1 || t.Uint(2) != 100 {
		t.Fail(keyFace, "is no template of ours")
	}
	t.Text(3)
	return template
}

// COSE_Key parameters (RFC 9053 section 7) of the holder's key. Thumbprints need
// exactly these, so y is written in full.
const (
	keyType  = 1
	keyCurve = -1
	keyX     = -2
	keyY     = -3

	typeOKP      = 1
	typeEC2      = 2
	curveP256    = 1
	curveEd25519 = 6
)

// holderKey reads cnf, {1: COSE_Key} (RFC 8747 section 3.2).
func holderKey(m *cosecwt.Map) *credential.HolderKey {
	out := &credential.HolderKey{Thumbprint: sha256.Sum256(m.Encoded(1))}
	k := m.Map(1)
	m.Closed()
	x := k.Bytes(keyX, 32)
	switch kind, curve := k.Int(keyType), k.Int(keyCurve); {
	case kind == typeEC2 && curve == curveP256:
		point := append(append([]byte{4}, x...), k.Bytes(keyY, 32)...) // SEC 1 section 2.3.3, uncompressed
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			k.Fail(keyX, "is no point of the curve")
		}
		out.Public = public
	case kind == typeOKP && curve == curveEd25519:
		out.Public = ed25519.PublicKey(x)
	default:
		k.Fail(keyType, "is no key of ours")
	}
	k.Closed()
	return out
}
