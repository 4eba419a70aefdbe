package cosecwt

import (
	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/base45"
)

// Text opens the text of a code of ours without its prefix: base45 of a
// COSE_Sign1 whose payload is a map. External binds the signature to the kind.
func Text(format credential.Format, external, text string) (credential.Signed, *Map, error) {
	data, err := base45.Decode(text)
	if err != nil {
		return credential.Signed{}, nil, malformed(err.Error())
	}
	return Statement(format, external, data)
}

// Statement opens a COSE_Sign1 of ours whose payload is a map.
func Statement(format credential.Format, external string, data []byte) (credential.Signed, *Map, error) {
	s, err := Strict(data)
	if err != nil {
		return credential.Signed{}, nil, err
	}
	signed, err := s.Ours(external, "")
	if err != nil {
		return signed, nil, err
	}
	signed.Format = format
	payload, err := Decode(s.Payload)
	if err != nil {
		return signed, nil, err
	}
	m := NewMap(payload)
	signed.Claims = m.Keys()
	return signed, m, m.Err()
}
