// Package staff says who works at a site and checks that they are who they say: a list of
// names, roles and verifiers of PINs in the bundle, which needs no line to the centre
// (PROTOCOL C11).
package staff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Role is what somebody may do. The zero Role: nothing at a lane.
type Role uint8

const (
	None Role = iota
	Officer
	Supervisor
)

var (
	ErrDenied = errors.New("staff: the name or the PIN is wrong, or has expired")
	ErrLocked = errors.New("staff: locked for 15 minutes after five wrong PINs")
	ErrList   = errors.New("staff: not a list of staff")
)

const (
	misses = 5                // in a row lock a name
	locked = 15 * time.Minute // from the last of them
	most   = 2000             // people at one site
)

// Member is one of the staff.
type Member struct {
	Name  string // pseudonymous; every act carries it
	Role  Role
	Until time.Time
	pin   verifier
}

// List is the staff of one site, immutable.
type List struct {
	members map[string]Member
	nobody  verifier // of whoever is not on it, as dear as the dearest of them
}

// Parse reads staff/<site>.json: {"v":1,"site":"…","staff":[{"id":"…","role":"officer",
// "until":"RFC 3339","pin":"$argon2id$v=19$m=…,t=…,p=…$salt$hash"}]}. The targets key has
// signed it with the set. Who is neither officer nor supervisor is read over.
func Parse(file []byte, site string) (*List, error) {
	var doc struct {
		V     int    `json:"v"`
		Site  string `json:"site"`
		Staff []struct {
			ID    string    `json:"id"`
			Role  string    `json:"role"`
			Until time.Time `json:"until"`
			PIN   string    `json:"pin"`
		} `json:"staff"`
	}
	d := json.NewDecoder(bytes.NewReader(file))
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrList, err)
	}
	if doc.V != 1 || doc.Site != site || len(doc.Staff) > most {
		return nil, fmt.Errorf("%w: want \"v\": 1, the site %q and at most %d people", ErrList, site, most)
	}
	l := &List{members: map[string]Member{}, nobody: stranger}
	for _, s := range doc.Staff {
		m := Member{Name: s.ID, Role: map[string]Role{"officer": Officer, "supervisor": Supervisor}[s.Role], Until: s.Until}
		if m.Role == None {
			continue
		}
		if _, twice := l.members[m.Name]; twice || !named(m.Name) {
			return nil, fmt.Errorf("%w: want names of 1 to 64 letters, digits, '.', '-' or '_', each once", ErrList)
		}
		var err error
		if m.pin, err = parseVerifier(s.PIN); err != nil {
			return nil, err
		}
		l.members[m.Name] = m
		l.nobody.memory, l.nobody.passes = max(l.nobody.memory, m.pin.memory), max(l.nobody.passes, m.pin.passes)
	}
	return l, nil
}

func named(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 64
}
