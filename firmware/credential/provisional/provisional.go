// Package provisional decodes the slip that leads a worker back to a
// registration (FORMATS A6). It is signed by the device that printed it and
// admits nobody.
package provisional

import (
	"fmt"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// Prefix starts every code of this format.
const Prefix = "PRV1:"

// Claims.
const (
	claimIssued = 6
	claimNumber = 7
	claimWhere  = -70006
)

// Decode decodes code, which starts with Prefix. The issuer is the device.
func Decode(code []byte) (credential.Credential, error) {
	signed, m, err := cosecwt.Text(credential.Provisional, Prefix, string(code[len(Prefix):]))
	if err != nil {
		return credential.Credential{}, fmt.Errorf("provisional slip: %w", err)
	}
	c := credential.Credential{Signed: signed}
	c.Signed.Issued = m.Time(claimIssued)
	c.NotBefore = c.Signed.Issued
	c.ID.Bytes = m.Bytes(claimNumber, 16)
	where := m.Map(claimWhere)
	c.Registration = &credential.Registration{Number: c.ID.Bytes, Site: where.Text(1), Device: where.Text(2)}
	c.Signed.Issuer = c.Registration.Device
	where.Closed()
	if err := m.Closed(); err != nil {
		return credential.Credential{}, fmt.Errorf("provisional slip: %w", err)
	}
	return c, nil
}
