// Package request asks the centre what a device cannot know by itself (PROTOCOL C7): an
// identity, a one-time code, the site's keys, a lease, a code to be issued; and hands over
// sealed packets. It is honest about a line that is away: what nobody has answered is
// unknown, never no.
//
//	subject rq.<site in lower case, as tags of NATS users are>.<kind>
//	  COSE_Sign1 by the device key, aad "request", payload = JSON
//	  {"v":1,"device","site","kind","key":"<32 hex>","at":<Unix s>,"body":{…}}
//	answer                     COSE_Sign1 by the centre's reply key, aad "reply", payload = JSON
//	  {"v":1,"device","kind","key","status":"…","reason":"…","body":{…}}
//
// The key makes a request sent again the same request: the centre does what it asks once and
// gives the same answer. Who stands between, a hub of a hall for example, can hold an answer
// back and not make one.
package request

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/sync/sign1"
)

var (
	ErrUnknown = errors.New("request: the centre has not answered: try again when the line is back") // nobody has, in time
	ErrRefused = errors.New("request: the centre refuses")                                           // its signed word; the reason follows
)

// Deadlines of all tries of one request together (PROTOCOL C7).
const (
	soon = 5 * time.Second // somebody stands and waits
	late = 60 * time.Second
)

const (
	tries     = 3
	jitter    = 250 * time.Millisecond // before the second try at most, twice that before the third
	allowance = 10.0                   // retries that may be spent at once
	earned    = 0.1                    // of a retry, by each answer: a centre that is down is asked little more often than one that is up
	maxReply  = 1 << 20                // bytes
)

// Line sends one request and waits for one answer.
type Line interface {
	Ask(ctx context.Context, subject string, data []byte) ([]byte, error)
}

// Options of a client.
type Options struct {
	Device, Site string
	Sign         func(purpose string, payload []byte) ([]byte, error) // with the device key
	Keys         func() sign1.Keys                                    // the centre's reply keys that are trusted now
	Now          func() time.Time
	Wait         func(context.Context, time.Duration) error // until then, or the context's error
	Rand         io.Reader
}

// Client asks. Its methods may be called from several goroutines.
type Client struct {
	o    Options
	line Line

	mu     sync.Mutex
	budget float64 // of retries
}

// New makes a client of a line.
func New(line Line, o Options) *Client { return &Client{o: o, line: line, budget: allowance} }

// question is the payload of a request.
type question struct {
	V      int    `json:"v"`
	Device string `json:"device"`
	Site   string `json:"site"`
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	At     int64  `json:"at"`
	Body   any    `json:"body"`
}

// reply is the payload of an answer.
type reply struct {
	V                                 int
	Device, Kind, Key, Status, Reason string
	Body                              json.RawMessage
}

// newKey is an idempotency key.
func (c *Client) newKey() (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(c.o.Rand, b); err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// ask sends a request until somebody the device believes has answered, within the deadline.
func (c *Client) ask(ctx context.Context, deadline time.Duration, kind, key string, body any, into any) (string, error) {
	payload, err := json.Marshal(question{1, c.o.Device, c.o.Site, kind, key, c.o.Now().Unix(), body})
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	signed, err := c.o.Sign("request", payload)
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	for n := 1; ; n++ {
		var r reply
		if r, err = c.once(ctx, deadline/tries, kind, key, signed); err == nil {
			return c.read(r, into)
		}
		if n == tries || ctx.Err() != nil || !c.mayRetry() || c.pause(ctx, n) != nil {
			return "", fmt.Errorf("%w: %w", ErrUnknown, err)
		}
	}
}

func (c *Client) read(r reply, into any) (string, error) {
	c.mu.Lock()
	c.budget = min(c.budget+earned, allowance)
	c.mu.Unlock()
	if r.Status == "refused" {
		return "", fmt.Errorf("%w: %s", ErrRefused, clip(r.Reason))
	}
	if into != nil && json.Unmarshal(r.Body, into) != nil {
		return "", fmt.Errorf("%w: its answer does not parse", ErrUnknown)
	}
	return r.Status, nil
}

// once sends a request once. An answer that is not the centre's to this request is none.
func (c *Client) once(ctx context.Context, patience time.Duration, kind, key string, signed []byte) (r reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	data, err := c.line.Ask(ctx, "rq."+strings.ToLower(c.o.Site)+"."+kind, signed)
	if err != nil {
		return r, err
	}
	if len(data) > maxReply {
		return r, fmt.Errorf("an answer of %d bytes", len(data))
	}
	payload, err := sign1.Open(c.o.Keys(), "reply", data)
	if err != nil {
		return r, err
	}
	if json.Unmarshal(payload, &r) != nil || r.V != 1 {
		return r, errors.New("an answer that does not parse")
	}
	if r.Device != c.o.Device || r.Kind != kind || r.Key != key {
		return r, errors.New("an answer to another request")
	}
	return r, nil
}

func (c *Client) mayRetry() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.budget < 1 {
		return false
	}
	c.budget--
	return true
}

// pause waits a random time, so that a hall does not ask again as one.
func (c *Client) pause(ctx context.Context, n int) error {
	b := make([]byte, 8)
	if _, err := io.ReadFull(c.o.Rand, b); err != nil {
		return err
	}
	most := jitter << (n - 1)
	return c.o.Wait(ctx, time.Duration(binary.BigEndian.Uint64(b)%uint64(most)))
}

// clip bounds a text that comes from elsewhere.
func clip(text string) string { return text[:min(len(text), 200)] }
