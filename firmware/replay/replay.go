// Package replay says which identity of a code counts once, where, and for how
// long (FORMATS A7). The journal keeps the marks.
package replay

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/trust"
	"example.org/checkpoint/firmware/verdict"
)

// Place is what of a lane decides how often a code counts there.
type Place struct {
	Border    bool          // a code counts once a day, else once in Window
	Direction string        // in, out, none
	Profile   string        // door or gate
	Window    time.Duration // of a venue
}

// margin is added to twice the clock's uncertainty, so that a mark outlives the day on every clock of a hall.
const margin = time.Minute

// Count returns the identity of v and until when it counts at a place. At a gate
// lane a gate token counts by the person, per direction and day of the scheme;
// everything else by the code.
func Count(v trust.Verified, p Place, now time.Time, uncertainty time.Duration) verdict.Count {
	c := v.Credential()
	local := now.In(v.Zone())
	today := credential.DayOf(local)
	out := verdict.Count{Until: now.Add(p.Window + 2*uncertainty)}
	if p.Border {
		out.Until = (today + 1).In(v.Zone()).Add(margin + 2*uncertainty)
	}
	if p.Profile == "gate" && c.Facts.Profile == "gate" && c.Subject != "" {
		b := head(start(c), 4, 3) // [subject, direction, day]
		b = text(b, c.Subject)
		b = text(b, p.Direction)
		out.Identity = text(b, local.Format(time.DateOnly))
		return out
	}
	out.Identity = Identity(c)
	return out
}

// Identity returns the identity of a code, CBOR [format, issuer, value].
func Identity(c credential.Credential) []byte {
	b := start(c)
	switch {
	case c.ID.Text != "":
		b = text(b, c.ID.Text)
	case len(c.ID.Bytes) > 0:
		b = append(head(b, 2, len(c.ID.Bytes)), c.ID.Bytes...)
	default: // without the signature, which can be written in two ways
		sum := sha256.Sum256(c.Signed.Message)
		b = append(head(b, 2, len(sum)), sum[:]...)
	}
	return b
}

// start writes an array of three with format and issuer.
func start(c credential.Credential) []byte {
	return text(text(head(nil, 4, 3), string(c.Signed.Format)), c.Signed.Issuer)
}

func text(b []byte, s string) []byte { return append(head(b, 3, len(s)), s...) }

// head writes the head of a CBOR item of a major type (RFC 8949 section 3).
func head(b []byte, major byte, n int) []byte {
	switch major <<= 5; {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	default: // no part of a code is longer than 64 KiB
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	}
}
