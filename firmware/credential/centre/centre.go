// Package centre decodes what the centre signs for devices: orders (PROTOCOL C5),
// quota leases (C6) and high-water marks of the record (C4).
package centre

import (
	"fmt"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/credential/internal/cosecwt"
)

// External data of the signatures, one for each kind.
const (
	orderExternal = "order"
	leaseExternal = "lease"
	markExternal  = "mark"
)

// Formats of what is decoded here. Nobody holds these up.
const (
	OrderFormat credential.Format = "order"
	LeaseFormat credential.Format = "lease"
	MarkFormat  credential.Format = "mark"
)

// maxSize bounds one statement in bytes (PROTOCOL, part C).
const maxSize = 2 << 10

// Kind is what an order is about. The set is closed.
type Kind string

const (
	Breaker    Kind = "breaker"  // too much of something: stop admitting
	Lockdown   Kind = "lockdown" // a person decided: stop admitting
	Time       Kind = "time"     // the clock may be lowered
	MinVersion Kind = "min-version"
)

// Order is one decoded order, not believed yet.
type Order struct {
	Signed    credential.Signed
	Number    uint64
	Scope     Scope
	Kind      Kind
	Halt      bool // else open
	NotBefore time.Time
	ReviewBy  time.Time // when somebody has to look at it again; nothing ends by itself
	Reason    string
}

// Scope is where an order holds. What is empty is not limited.
type Scope struct{ Site, Direction, Scheme, Lane string }

// Lease is a share of a day's quota, not believed yet.
type Lease struct {
	Signed  credential.Signed
	Quota   string
	Day     string // YYYY-MM-DD
	Holder  string // "<device>/<epoch>" or "hall"
	Tokens  uint64
	Serial  uint64
	Expires time.Time
}

// Mark says up to where the centre has a device's record, not believed yet.
type Mark struct {
	Signed     credential.Signed
	Device     string
	Epoch, Seq uint64
	Hash       [32]byte // of event Seq
}

// DecodeOrder decodes an order.
func DecodeOrder(data []byte) (Order, error) {
	signed, m, err := statement(OrderFormat, orderExternal, data)
	if err != nil {
		return Order{}, err
	}
	o := Order{Signed: signed, Number: m.Uint("number"), Kind: Kind(m.Text("kind")),
		NotBefore: m.Time("not_before"), ReviewBy: m.Time("review_by"), Reason: m.Text("reason")}
	switch o.Kind {
	case Breaker, Lockdown, Time, MinVersion:
	default:
		m.Fail("kind", "is none")
	}
	switch m.Text("state") {
	case "halt":
		o.Halt = true
	case "open":
	default:
		m.Fail("state", "is neither halt nor open")
	}
	s := m.Map("scope")
	for _, part := range []struct {
		key  string
		into *string
	}{{"site", &o.Scope.Site}, {"direction", &o.Scope.Direction}, {"scheme", &o.Scope.Scheme}, {"lane", &o.Scope.Lane}} {
		if s.Has(part.key) {
			if *part.into = s.Text(part.key); *part.into == "" {
				s.Fail(part.key, "is empty")
			}
		}
	}
	if d := o.Scope.Direction; d != "" && d != "in" && d != "out" {
		s.Fail("direction", "is neither in nor out")
	}
	s.Closed()
	return o, closed(m, OrderFormat)
}

// DecodeLease decodes a lease.
func DecodeLease(data []byte) (Lease, error) {
	signed, m, err := statement(LeaseFormat, leaseExternal, data)
	if err != nil {
		return Lease{}, err
	}
	l := Lease{Signed: signed, Quota: m.Text("quota"), Day: m.Text("day"), Holder: m.Text("holder"),
		Tokens: m.Uint("tokens"), Serial: m.Uint("serial"), Expires: m.Time("expires")}
	if _, err := time.Parse(time.DateOnly, l.Day); err != nil {
		m.Fail("day", "is no date")
	}
	return l, closed(m, LeaseFormat)
}

// statement opens a map with "v": 1.
func statement(format credential.Format, external string, data []byte) (credential.Signed, *cosecwt.Map, error) {
	if len(data) > maxSize {
		return credential.Signed{}, nil, fmt.Errorf("%s: %w: more than %d bytes", format, credential.ErrMalformed, maxSize)
	}
	signed, m, err := cosecwt.Statement(format, external, data)
	if err != nil {
		return signed, nil, fmt.Errorf("%s: %w", format, err)
	}
	if m.Uint("v") != 1 {
		m.Fail("v", "is not 1")
	}
	return signed, m, nil
}

func closed(m *cosecwt.Map, format credential.Format) error {
	if err := m.Closed(); err != nil {
		return fmt.Errorf("%s: %w", format, err)
	}
	return nil
}

// DecodeMark decodes a mark, CBOR [1, device, epoch, seq, hash].
func DecodeMark(data []byte) (Mark, error) {
	m, err := mark(data)
	if err != nil {
		return Mark{}, fmt.Errorf("mark: %w", err)
	}
	return m, nil
}

func mark(data []byte) (Mark, error) {
	var out Mark
	if len(data) > maxSize {
		return out, fmt.Errorf("%w: more than %d bytes", credential.ErrMalformed, maxSize)
	}
	s, err := cosecwt.Strict(data)
	if err != nil {
		return out, err
	}
	if out.Signed, err = s.Ours(markExternal, ""); err != nil {
		return out, err
	}
	out.Signed.Format = MarkFormat
	v, err := cosecwt.Decode(s.Payload)
	if err != nil {
		return out, err
	}
	if a, _ := v.([]any); len(a) == 5 {
		version, _ := a[0].(uint64)
		device, ok1 := a[1].(string)
		epoch, ok2 := a[2].(uint64)
		seq, ok3 := a[3].(uint64)
		hash, _ := a[4].([]byte)
		if version == 1 && ok1 && device != "" && ok2 && ok3 && len(hash) == 32 {
			out.Device, out.Epoch, out.Seq, out.Hash = device, epoch, seq, [32]byte(hash)
			return out, nil
		}
	}
	return out, fmt.Errorf("%w: want [1, device, epoch, seq, hash]", credential.ErrMalformed)
}
