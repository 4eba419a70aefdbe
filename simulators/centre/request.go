package centre

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/veraison/go-cose"
	bolt "go.etcd.io/bbolt"
)

// bRequests keeps what was answered: device, idempotency key → hash of the request, then the
// payload of the answer.
var bRequests = []byte("requests")

// maxRequests is how many answers are kept; the oldest goes first.
const maxRequests = 100_000

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

// desk answers requests.
type desk struct {
	*Centre
	key   *Key // of replies and receipts
	nc    *nats.Conn
	js    jetstream.JetStream
	codes codes

	mu   sync.Mutex
	busy map[string]bool // device and key of what is being done
}

// begin reports whether nobody is at that request yet.
func (d *desk) begin(place string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[place] {
		return false
	}
	d.busy[place] = true
	return true
}

func (d *desk) end(place string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, place)
}

// refused is an answer that says so, with a reason for the device's log.
type refused string

func (r refused) Error() string { return string(r) }

// answerRequests listens on rq.> until nc closes. Each question has a goroutine of its own,
// at most so many at a time; who finds no room asks again.
func (c *Centre) answerRequests(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	d := &desk{Centre: c, key: c.replies, nc: nc, js: js, busy: map[string]bool{}}
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
func (d *desk) take(ctx context.Context, m *nats.Msg) {
	q, err := d.believe(m.Subject, m.Data)
	if err != nil {
		d.o.Log.Warn("a request is not believed", "subject", m.Subject, "err", err)
		return
	}
	if place := q.Device + "\x00" + q.Key; d.begin(place) {
		defer d.end(place)
	} else {
		return // sent again while it is being done; it will be once more
	}
	payload, err := d.once(ctx, q)
	if err == nil {
		payload, err = d.key.sign("reply", payload)
	}
	if err == nil {
		err = m.Respond(payload)
	}
	if err != nil {
		d.o.Log.Warn("a request has no answer", "kind", q.Kind, "device", q.Device, "err", err)
	}
}

// believe opens a request: signed by the device it names, for this subject, of its own site,
// which is in lower case in subjects, as the tags of users are.
func (d *desk) believe(subject string, data []byte) (q question, err error) {
	site, kind, _ := strings.Cut(strings.TrimPrefix(subject, "rq."), ".")
	var m cose.Sign1Message
	if len(data) > maxBatch || m.UnmarshalCBOR(data) != nil || json.Unmarshal(m.Payload, &q) != nil || q.V != 1 {
		return q, errRequest
	}
	if _, _, err := believe("rq."+q.Device, "request", data, d.registry.lookup); err != nil {
		return q, err
	}
	of, _ := d.registry.lookup(q.Device)
	if key, err := hex.DecodeString(q.Key); err != nil || len(key) != 16 {
		return q, fmt.Errorf("%w: its key", errRequest)
	}
	if q.Kind != kind || q.Site != of.site || strings.ToLower(of.site) != site {
		return q, fmt.Errorf("%w: of another kind or site", errRequest)
	}
	q.hash = sha256.Sum256(m.Payload)
	return q, nil
}

// once does what is asked, or gives the answer that was given before.
func (d *desk) once(ctx context.Context, q question) ([]byte, error) {
	place := []byte(q.Device + "\x00" + q.Key)
	var had []byte
	err := d.store.db.View(func(tx *bolt.Tx) error {
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
	return payload, d.store.db.Update(func(tx *bolt.Tx) error { return keepAnswer(tx, place, append(q.hash[:], payload...)) })
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
func (d *desk) do(ctx context.Context, q question) (status string, body any, err error) {
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

// sign signs bytes for a purpose.
func (k *Key) sign(purpose string, payload []byte) ([]byte, error) {
	m := cose.NewSign1Message()
	m.Payload = payload
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Headers.Protected[cose.HeaderLabelKeyID] = k.kid
	if err := m.Sign(rand.Reader, []byte(purpose), k.signer); err != nil {
		return nil, err
	}
	return m.MarshalCBOR()
}

// leaseFor gives a device as many tokens of what it asks as the day has left, and none back.
func (d *desk) leaseFor(ctx context.Context, q question) (string, any, error) {
	var l Lease
	if err := q.read(&l); err != nil {
		return "", nil, err
	}
	if device, _, _ := strings.Cut(l.Holder, "/"); device != q.Device {
		return "", nil, refused("the lease would be another device's")
	}
	l.Serial, l.Expires = 0, time.Now().Add(24*time.Hour).Unix()
	for range 3 { // others ask at the same time
		left, had, err := d.store.left(l)
		if err != nil {
			return "", nil, err
		}
		if l.Tokens = min(l.Tokens, left); l.Tokens <= had {
			return "", nil, refused("the quota of the day has nothing left")
		}
		given, err := d.lease(ctx, d.nc, d.js, l)
		if errors.Is(err, errQuota) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		signed, err := d.orders.Lease(given)
		return "granted", map[string]any{"lease": signed}, err
	}
	return "", nil, refused("the quota of the day has nothing left")
}

// left says how many tokens a holder may have altogether, and how many it has.
func (s *store) left(l Lease) (left, had uint64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		var q Quota
		var g grant
		others, err := outOf(tx, l.Quota, l.Day, l.Holder)
		if err == nil {
			err = getJSON(tx.Bucket(bQuotas), l.Quota+"/"+l.Day, &q)
		}
		if err == nil {
			err = getJSON(tx.Bucket(bLeases), l.Quota+"/"+l.Day+"/"+l.Holder, &g)
		}
		left, had = q.Tokens-min(others, q.Tokens), g.Tokens
		return err
	})
	return left, had, err
}
