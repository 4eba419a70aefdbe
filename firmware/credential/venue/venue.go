// Package venue decodes codes of places: those of our open profile (FORMATS A4)
// and those of the LeaveHomeSafe app (FORMATS B9), which nobody signed.
package venue

import (
	"encoding/hex"
	"fmt"
	"strings"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// Prefix starts every code of the open profile.
const Prefix = "VEN1:"

// Claims, and keys of the venue map.
const (
	claimIssuer  = 1
	claimExpires = 4
	claimIssued  = 6
	claimVenue   = -70003

	keyID       = 1
	keyNames    = 2
	keyClass    = 3
	keyPosition = 4
	keyDistrict = 5
)

// Decode decodes code, which starts with Prefix.
func Decode(code []byte) (credential.Credential, error) {
	signed, m, err := cosecwt.Text(credential.VenueCode, Prefix, string(code[len(Prefix):]))
	if err != nil {
		return credential.Credential{}, fmt.Errorf("venue code: %w", err)
	}
	c := credential.Credential{Signed: signed}
	c.Signed.Issuer = m.Text(claimIssuer)
	c.NotAfter, c.Signed.Issued = m.Time(claimExpires), m.Time(claimIssued)
	c.NotBefore = c.Signed.Issued
	v := m.Map(claimVenue)
	id := v.Bytes(keyID, 8)
	c.ID.Bytes = id
	c.Venue = &credential.Venue{ID: strings.ToUpper(hex.EncodeToString(id)), Names: names(v), Class: v.Text(keyClass)}
	if v.Has(keyPosition) {
		c.Venue.Position = position(v)
	}
	if v.Has(keyDistrict) {
		c.Venue.District = v.Text(keyDistrict)
	}
	v.Closed()
	if err := m.Closed(); err != nil {
		return credential.Credential{}, fmt.Errorf("venue code: %w", err)
	}
	return c, nil
}

// names reads {+ language => name}.
func names(v *cosecwt.Map) map[string]string {
	m := v.Map(keyNames)
	out := map[string]string{}
	for _, language := range m.TextKeys() {
		out[language] = m.Text(language)
	}
	if m.Closed(); len(out) == 0 {
		v.Fail(keyNames, "has no name")
	}
	return out
}

// The earth in 1e-5 degree.
const (
	maxLatitude  = 90_00000
	maxLongitude = 180_00000
)

// position reads [latitude, longitude].
func position(v *cosecwt.Map) *[2]int32 {
	a := v.Array(keyPosition)
	if len(a) == 2 {
		lat, ok0 := cosecwt.Int(a[0])
		lon, ok1 := cosecwt.Int(a[1])
		if ok0 && ok1 && lat >= -maxLatitude && lat <= maxLatitude && lon >= -maxLongitude && lon <= maxLongitude {
			return &[2]int32{int32(lat), int32(lon)}
		}
	}
	v.Fail(keyPosition, "is no place on earth")
	return nil
}
