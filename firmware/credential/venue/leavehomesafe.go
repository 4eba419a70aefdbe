package venue

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"example.org/checkpoint/firmware/credential"
)

// LeaveHomeSafePrefix starts every venue code of that app.
const LeaveHomeSafePrefix = "HKEN:"

// idLength is the length of a venue's id in characters.
const idLength = 8

// DecodeLeaveHomeSafe decodes code, which starts with LeaveHomeSafePrefix:
// "HKEN:0", an id, and base64 of JSON with or without padding. Its hash has no
// secret, so that anybody can make such a code: it is never more than a name.
func DecodeLeaveHomeSafe(code []byte) (credential.Credential, error) {
	c := credential.Credential{Signed: credential.Signed{Format: credential.LeaveHomeSafe}}
	rest, ok := strings.CutPrefix(string(code), LeaveHomeSafePrefix+"0")
	if !ok || len(rest) <= idLength {
		return c, spoilt("want version 0, an id and what follows")
	}
	id, packed := rest[:idLength], strings.TrimRight(rest[idLength:], "=")
	data, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil || !utf8.Valid(data) {
		return c, spoilt("not base64 of text")
	}
	var v struct {
		NameZh string `json:"nameZh"`
		NameEn string `json:"nameEn"`
		Type   string `json:"type"`
		Hash   string `json:"hash"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return c, spoilt("not JSON")
	}
	sum := sha256.Sum256([]byte("HKEN" + id + "2020"))
	if !strings.EqualFold(v.Hash, hex.EncodeToString(sum[:])) {
		return c, spoilt("the hash is not that of the id")
	}
	c.ID.Text = id
	c.Venue = &credential.Venue{ID: id, Names: map[string]string{}, Class: v.Type}
	for language, name := range map[string]string{"zh-Hant": v.NameZh, "en": v.NameEn} {
		if name != "" {
			c.Venue.Names[language] = name
		}
	}
	return c, nil
}

func spoilt(what string) error {
	return fmt.Errorf("LeaveHomeSafe code: %w: %s", credential.ErrMalformed, what)
}
