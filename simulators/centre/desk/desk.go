// Package desk answers what devices ask the centre (PROTOCOL C7): each question once, whatever comes again.
package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"example.org/checkpoint/simulators/centre/door"
	"example.org/checkpoint/simulators/centre/keys"
	"example.org/checkpoint/simulators/centre/orders"
	"example.org/checkpoint/simulators/centre/registry"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/veraison/go-cose"
	bolt "go.etcd.io/bbolt"
)

// bRequests keeps what was answered: device, idempotency key → hash of the request, then the
// payload of the answer.
var bRequests = []byte("requests")

const (
	maxRequests = 100_000 // answers are kept; the oldest goes first
	maxPacket   = 2 << 20 // bytes (PROTOCOL part C)
)

var errRequest = errors.New("not a request")

// question is a request, believed (PROTOCOL C7).
type question struct {
	V      int             `json:"v"`
	Device string          `json:"device"`
	Site   string          `json:"site"`
	Kind   string          `json:"kind"`
	Key    string          `json:"key"` // 32 hexadecimal digits; the same request has the same
	At     int64           `json:"at"`  // Unix seconds by the device's clock
	Body   json.RawMessage `json:"body"`

	hash [32]byte
}

// answered is the payload of an answer.
type answered struct {
	V      int    `json:"v"`
	Device string `json:"device"`
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	Body   any    `json:"body,omitempty"`
}

// Desk answers requests.
type Desk struct {
	Dir      string   // the centre's folder
	DB       *bolt.DB // keeps what was answered
	Registry *registry.Registry
	Key      *keys.Key // of replies and receipts
	Orders   *orders.Book
	Door     *door.Guard // nil: it lets everybody in
	Log      *slog.Logger

	nc    *nats.Conn
	js    jetstream.JetStream
	codes codes

	mu   sync.Mutex
	busy map[string]bool // device and key of what is being done
}

// begin reports whether nobody is at that request yet.
func (d *Desk) begin(place string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[place] {
		return false
	}
	d.busy[place] = true
	return true
}

func (d *Desk) end(place string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, place)
}

// refused is an answer that says so, with a reason for the device's log.
type refused string

func (r refused) Error() string { return string(r) }

// Answer listens on rq.> until nc closes. Each question has a goroutine of its own,
// at most so many at a time; who finds no room asks again.
func (d *Desk) Answer(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	d.nc, d.js, d.busy = nc, js, map[string]bool{}
	room := make(chan struct{}, 64)
	_, err := nc.QueueSubscribe("rq.>", "centre", func(m *nats.Msg) {
		select {
		case room <- struct{}{}:
		default:
			return
		}
		go func() { // ends with the answer
			defer func() { <-room }()
			d.take(ctx, m)
		}()
	})
	return err
}

// take answers one message. Who is not believed gets no answer.
func (d *Desk) take(ctx context.Context, m *nats.Msg) {
	q, err := d.believe(m.Subject, m.Data)
	if err != nil {
		d.Log.Warn("a request is not believed", "subject", m.Subject, "err", err)
		return
	}
	if place := q.Device + "\x00" + q.Key; d.begin(place) {
		defer d.end(place)
	} else {
		return // sent again while it is being done; it will be once more
	}
	payload, err := d.once(ctx, q)
	if err == nil {
		payload, err = d.Key.Sign("reply", payload)
	}
	if err == nil {
		err = m.Respond(payload)
	}
	if err != nil {
		d.Log.Warn("a request has no answer", "kind", q.Kind, "device", q.Device, "err", err)
	}
}

// believe opens a request: signed by the device it names, for this subject, of its own site,
// which is in lower case in subjects, as the tags of users are.
func (d *Desk) believe(subject string, data []byte) (q question, err error) {
	site, kind, _ := strings.Cut(strings.TrimPrefix(subject, "rq."), ".")
	var m cose.Sign1Message
	if len(data) > registry.MaxMessage || m.UnmarshalCBOR(data) != nil || json.Unmarshal(m.Payload, &q) != nil || q.V != 1 {
		return q, errRequest
	}
	if _, _, err := d.Registry.Believe("rq."+q.Device, "request", data); err != nil {
		return q, err
	}
	of, _ := d.Registry.Lookup(q.Device)
	if key, err := hex.DecodeString(q.Key); err != nil || len(key) != 16 {
		return q, fmt.Errorf("%w: its key", errRequest)
	}
	if q.Kind != kind || q.Site != of.Site || strings.ToLower(of.Site) != site {
		return q, fmt.Errorf("%w: of another kind or site", errRequest)
	}
	q.hash = sha256.Sum256(m.Payload)
	return q, nil
}

// once does what is asked, or gives the answer that was given before.
func (d *Desk) once(ctx context.Context, q question) ([]byte, error) {
	place := []byte(q.Device + "\x00" + q.Key)
	var had []byte
	err := d.DB.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bRequests); b != nil {
			had = bytes.Clone(b.Get(place))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case had != nil && !bytes.Equal(had[:32], q.hash[:]):
		return json.Marshal(answered{V: 1, Device: q.Device, Kind: q.Kind, Key: q.Key, Status: "refused", Reason: "the key was another request's"})
	case had != nil:
		return had[32:], nil
	}
	a := answered{V: 1, Device: q.Device, Kind: q.Kind, Key: q.Key}
	a.Status, a.Body, err = d.do(ctx, q)
	var no refused
	if errors.As(err, &no) {
		a.Status, a.Reason, err = "refused", string(no), nil
	}
	if err != nil {
		return nil, err // nobody was answered; it is asked again
	}
	payload, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return payload, d.DB.Update(func(tx *bolt.Tx) error { return keepAnswer(tx, place, append(q.hash[:], payload...)) })
}

func keepAnswer(tx *bolt.Tx, place, v []byte) error {
	b, err := tx.CreateBucketIfNotExists(bRequests)
	if err != nil {
		return err
	}
	order, err := tx.CreateBucketIfNotExists([]byte("request-order"))
	if err != nil {
		return err
	}
	n, err := order.NextSequence()
	if err == nil {
		err = errors.Join(b.Put(place, v), order.Put(fmt.Appendf(nil, "%016x", n), place))
	}
	if err != nil || n <= maxRequests {
		return err
	}
	oldest, gone := order.Cursor().First()
	return errors.Join(b.Delete(gone), order.Delete(oldest))
}

// do does what is asked.
func (d *Desk) do(ctx context.Context, q question) (status string, body any, err error) {
	switch q.Kind {
	case "identity":
		return d.identity(q)
	case "otp.send":
		return d.sendCode(q)
	case "otp.check":
		return d.checkCode(q)
	case "sitekey":
		return d.siteKeys(q)
	case "lease":
		return d.leaseFor(ctx, q)
	case "packet":
		return d.packet(q)
	case "issue":
		return d.issue(q)
	case "enrol":
		return d.renew(q)
	}
	return "", nil, refused("nobody does that here")
}

// read takes the body of a question.
func (q question) read(into any) error {
	if json.Unmarshal(q.Body, into) != nil {
		return refused("the body does not parse")
	}
	return nil
}

// leaseFor gives a device as many tokens of what it asks as the day has left, and none back; one that
// asks for no more than it was given gets that once more, because it may not have reached it.
func (d *Desk) leaseFor(ctx context.Context, q question) (string, any, error) {
	var l orders.Lease
	if err := q.read(&l); err != nil {
		return "", nil, err
	}
	if device, _, _ := strings.Cut(l.Holder, "/"); device != q.Device {
		return "", nil, refused("the lease would be another device's")
	}
	l.Serial, l.Expires = 0, 0
	for range 3 { // others ask at the same time
		left, had, err := d.Orders.Left(l)
		if err != nil {
			return "", nil, err
		}
		if l.Tokens = min(l.Tokens, left); l.Tokens <= had {
			signed, err := d.Orders.Again(l)
			if err != nil || signed != nil {
				return "granted", map[string]any{"lease": signed}, err
			}
			l.Tokens = min(had, left) // what it had has ended
		}
		if l.Tokens == 0 {
			return "", nil, refused("the quota of the day has nothing left")
		}
		_, signed, err := d.Orders.Lease(ctx, d.nc, d.js, l)
		if errors.Is(err, orders.ErrQuota) {
			continue
		}
		if errors.Is(err, orders.ErrDay) {
			return "", nil, refused(err.Error())
		}
		if err != nil {
			return "", nil, err
		}
		return "granted", map[string]any{"lease": signed}, err
	}
	return "", nil, refused("the quota of the day has nothing left")
}

// renew gives a device that is let in a new admission, before the certificate of the old one ends.
func (d *Desk) renew(q question) (string, any, error) {
	var asked struct {
		CSR  []byte
		User string
	}
	if err := q.read(&asked); err != nil {
		return "", nil, err
	}
	if d.Door == nil {
		return "", nil, refused("everybody may come in here")
	}
	of, _ := d.Registry.Lookup(q.Device)
	admission, err := d.Door.Renew(of, q.Device, asked.CSR, asked.User)
	if errors.Is(err, door.ErrRenew) {
		err = refused(err.Error())
	}
	return "admitted", map[string]any{"admission": admission}, err
}
