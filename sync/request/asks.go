package request

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Match is what the centre's register says; the zero value is that it has said nothing.
type Match int

// What a register may say.
const (
	Unknown Match = iota
	Matches
	Differs
)

var matches = map[string]Match{"match": Matches, "no-match": Differs}

// Document is what a person shows. It is sent and nowhere kept.
type Document struct {
	Type   string `json:"type"`   // "HKID"
	Number string `json:"number"` // as printed, without spaces
	Issued string `json:"issued"` // YYYY-MM-DD
}

// String keeps a document out of logs.
func (Document) String() string { return "a document" }

// Identity asks whether the register knows a document as it was shown. Somebody waits: it
// takes at most 5 s. With an error the answer is Unknown.
func (c *Client) Identity(ctx context.Context, d Document) (Match, error) {
	return c.match(ctx, "identity", d)
}

// SendCode has the centre send a one-time code to a telephone, and gives the ticket to check
// it with.
func (c *Client) SendCode(ctx context.Context, phone string) (ticket string, err error) {
	key, err := c.newKey()
	if err != nil {
		return "", err
	}
	var b struct{ Ticket string }
	if _, err = c.ask(ctx, soon, "otp.send", key, map[string]string{"phone": phone}, &b); err != nil {
		return "", err
	}
	return b.Ticket, nil
}

// CheckCode asks whether that was the code. A ticket that is over gives Unknown.
func (c *Client) CheckCode(ctx context.Context, ticket, code string) (Match, error) {
	return c.match(ctx, "otp.check", map[string]string{"ticket": ticket, "code": code})
}

func (c *Client) match(ctx context.Context, kind string, body any) (Match, error) {
	key, err := c.newKey()
	if err != nil {
		return Unknown, err
	}
	status, err := c.ask(ctx, soon, kind, key, body, nil)
	if err != nil {
		return Unknown, err
	}
	return matches[status], nil
}

// Lease asks for so many tokens of a quota's day altogether, spent ones included. The centre
// may give fewer. The lease is signed for itself, and the caller checks it as one that comes
// by any other way.
func (c *Client) Lease(ctx context.Context, quota, day, holder string, tokens uint64) (signed []byte, err error) {
	key, err := c.newKey()
	if err != nil {
		return nil, err
	}
	var b struct{ Lease []byte }
	_, err = c.ask(ctx, late, "lease", key, map[string]any{"quota": quota, "day": day, "holder": holder, "tokens": tokens}, &b)
	return b.Lease, err
}

// Issue asks for a code on an application, which is the form's own JSON. Asked again with
// the same id, after a restart too, it is the same application. A rejection is an answer, not
// an error: then text is empty and reason says why.
func (c *Client) Issue(ctx context.Context, id string, application any) (text, reason string, err error) {
	sum := sha256.Sum256([]byte("issue:" + id))
	key := hex.EncodeToString(sum[:16])
	var b struct{ Text, Reason string }
	status, err := c.ask(ctx, late, "issue", key, application, &b)
	switch {
	case err != nil:
		return "", "", err
	case status == "issued" && b.Text != "":
		return b.Text, "", nil
	case status == "rejected":
		return "", clip(b.Reason), nil
	}
	return "", "", fmt.Errorf("%w: it says %q", ErrUnknown, clip(status))
}

// Renew asks the centre for a new admission of this device, for a request that enrol has made; what
// comes is for enrol.Admit to judge. A centre that wants its administrator to decide refuses.
func (c *Client) Renew(ctx context.Context, csr, user string) (admission []byte, err error) {
	key, err := c.newKey()
	if err != nil {
		return nil, err
	}
	var b struct{ Admission json.RawMessage }
	_, err = c.ask(ctx, late, "enrol", key, map[string]string{"csr": csr, "user": user}, &b)
	return b.Admission, err
}
