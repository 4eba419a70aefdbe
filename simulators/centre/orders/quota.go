package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/simulators/centre/keys"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	bolt "go.etcd.io/bbolt"
)

// Lease is a holder's share of a day's quota (PROTOCOL C6). Tokens are how many it may spend on
// that day altogether, also of earlier leases.
type Lease struct {
	Quota   string `json:"quota"`
	Day     string `json:"day"`
	Holder  string `json:"holder"` // <device>/<epoch>
	Tokens  uint64 `json:"tokens"`
	Serial  uint64 `json:"serial"`
	Expires int64  `json:"expires"` // Unix seconds
}

// Sign signs a lease with the orders key.
func (l Lease) Sign(k *keys.Key) ([]byte, error) {
	return k.State("lease", map[string]any{"v": 1, "quota": l.Quota, "day": l.Day, "holder": l.Holder, "tokens": l.Tokens,
		"serial": l.Serial, "expires": l.Expires})
}

var (
	bQuotas = []byte("quotas") // quota, day → Quota
	bLeases = []byte("leases") // quota, day, holder → grant
)

// Quota is one quota on one day.
type Quota struct {
	Quota  string `json:"quota"`
	Day    string `json:"day"`
	Tokens uint64 `json:"tokens"` // that may be spent
	Out    uint64 `json:"out"`    // that somebody may have spent, at most
}

// grant is what a holder was given. Out is the most that it may spend: of all leases since the
// last that it has acknowledged.
type grant struct {
	Lease
	Out uint64 `json:"out"`
}

// ErrQuota means: a day has fewer tokens left than somebody wants.
var ErrQuota = errors.New("the quota of the day does not have so many left")

// Open sets how many may pass on a day. It cannot sink below what is out already.
func (b *Book) Open(q Quota) (Quota, error) {
	err := b.db.Update(func(tx *bolt.Tx) error {
		out, err := outOf(tx, q.Quota, q.Day, "")
		if err != nil {
			return err
		}
		if q.Out = out; out > q.Tokens {
			return fmt.Errorf("%w: %d are out", ErrQuota, out)
		}
		return putJSON(tx.Bucket(bQuotas), q.Quota+"/"+q.Day, q)
	})
	return q, err
}

// outOf sums what is out of a day's quota but for one holder.
func outOf(tx *bolt.Tx, quota, day, but string) (sum uint64, err error) {
	prefix := quota + "/" + day + "/"
	c := tx.Bucket(bLeases).Cursor()
	for k, v := c.Seek([]byte(prefix)); k != nil && strings.HasPrefix(string(k), prefix); k, v = c.Next() {
		var g grant
		if err := json.Unmarshal(v, &g); err != nil {
			return 0, err
		}
		if g.Holder != but {
			sum += g.Out
		}
	}
	return sum, nil
}

// grant gives a holder so many tokens altogether, if the day has them: never are more out
// than the quota. A lower number takes tokens back, and counts once the holder has answered.
func (b *Book) grant(l Lease) (lease Lease, signed []byte, err error) {
	err = b.db.Update(func(tx *bolt.Tx) error {
		var q Quota
		if err := getJSON(tx.Bucket(bQuotas), l.Quota+"/"+l.Day, &q); err != nil {
			return err
		}
		at := l.Quota + "/" + l.Day + "/" + l.Holder
		var g grant
		if err := getJSON(tx.Bucket(bLeases), at, &g); err != nil {
			return err
		}
		others, err := outOf(tx, l.Quota, l.Day, l.Holder)
		if err != nil {
			return err
		}
		l.Serial, g.Out = g.Serial+1, max(g.Out, l.Tokens)
		if others+g.Out > q.Tokens {
			return fmt.Errorf("%w: %d of %d are out", ErrQuota, others+g.Lease.Tokens, q.Tokens)
		}
		if l.Expires == 0 {
			if l.Expires, err = endOf(l.Day); err != nil {
				return err
			}
		}
		if signed, err = l.Sign(b.key); err != nil {
			return err
		}
		g.Lease = l
		return putJSON(tx.Bucket(bLeases), at, g)
	})
	return l, signed, err
}

// ErrDay means: a day is not written as one.
var ErrDay = errors.New("want a day as 2026-11-21")

// endOf is when a day has ended wherever one is, in Unix seconds: its tokens are for nobody then.
func endOf(day string) (int64, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, ErrDay
	}
	return begin.Add(36 * time.Hour).Unix(), nil
}

// Again signs once more the lease that a holder was given last, for one whom it has not reached; nil if
// there is none that still holds.
func (b *Book) Again(l Lease) (signed []byte, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		var g grant
		if err := getJSON(tx.Bucket(bLeases), l.Quota+"/"+l.Day+"/"+l.Holder, &g); err != nil || g.Tokens == 0 || time.Now().Unix() >= g.Expires {
			return err
		}
		signed, err = g.Lease.Sign(b.key)
		return err
	})
	return signed, err
}

// Lease grants, and tells the holder.
func (b *Book) Lease(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, l Lease) (given Lease, signed []byte, err error) {
	given, signed, err = b.grant(l)
	if err != nil {
		return given, nil, err
	}
	device, _, _ := strings.Cut(given.Holder, "/")
	if err := errors.Join(nc.Publish("cmd."+device, signed), nc.Flush()); err != nil {
		return given, nil, err
	}
	_, err = js.Publish(ctx, "lease."+device+"."+given.Quota, signed)
	return given, signed, err
}

// Left says how many tokens a holder may have altogether, and how many it has.
func (b *Book) Left(l Lease) (left, had uint64, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
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

// Returned takes, in a transaction on a book's database, a holder's word on how many tokens it
// has spent of a lease that it has taken. More than it may have spent it has not: what it says beyond
// that is as if it had spent all.
func Returned(tx *bolt.Tx, holder string, quota, day string, serial, spent uint64) error {
	key := quota + "/" + day + "/" + holder
	var g grant
	if err := getJSON(tx.Bucket(bLeases), key, &g); err != nil || g.Serial != serial {
		return err // of an older lease: says nothing any more
	}
	g.Out = max(g.Lease.Tokens, min(spent, g.Out))
	return putJSON(tx.Bucket(bLeases), key, g)
}

// Quotas lists what days have.
func (b *Book) Quotas() (list []Quota, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bQuotas).ForEach(func(_, v []byte) error {
			var q Quota
			if err := json.Unmarshal(v, &q); err != nil {
				return err
			}
			q.Out, err = outOf(tx, q.Quota, q.Day, "")
			list = append(list, q)
			return err
		})
	})
	return list, err
}

// getJSON leaves v as it is if there is nothing.
func getJSON(b *bolt.Bucket, key string, v any) error {
	data := b.Get([]byte(key))
	if data == nil {
		return nil
	}
	return json.Unmarshal(data, v)
}

func putJSON(b *bolt.Bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), data)
}
