package standing

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/order"
)

// ErrExhausted reports that no token is left.
var ErrExhausted = errors.New("journal: no token is left")

// leaseKept is how long a lease that has expired, and what was spent of it, can be looked up.
const leaseKept = 7 * 24 * time.Hour

// Holding is what the device has of one share.
type Holding struct {
	order.Share
	Epoch                 uint64
	Serial, Tokens, Spent uint64 // of the lease in force; Spent may be more than Tokens if that was lowered
	Expires               time.Time
}

// PutLease writes a lease as it was signed, and forgets those that ended long before now.
func PutLease(tx *bolt.Tx, l centre.Lease, signed []byte, now time.Time) error {
	var old [][]byte
	err := tx.Bucket(leasesBucket).ForEach(func(k, v []byte) error {
		if l, err := centre.DecodeLease(v); err != nil || now.After(l.Expires.Add(leaseKept)) {
			old = append(old, bytes.Clone(k))
		}
		return nil
	})
	for _, k := range old {
		err = errors.Join(err, tx.Bucket(leasesBucket).Delete(k), tx.Bucket(spentBucket).Delete(k))
	}
	if err != nil {
		return err
	}
	return tx.Bucket(leasesBucket).Put(shareKey(order.Share{Quota: l.Quota, Day: l.Day}), signed)
}

// Leases reads all leases. Their signatures were checked when they came.
func Leases(tx *bolt.Tx) (*order.Leases, error) {
	leases := &order.Leases{}
	err := tx.Bucket(leasesBucket).ForEach(func(k, v []byte) error {
		l, err := centre.DecodeLease(v)
		if err != nil || !bytes.Equal(k, shareKey(order.Share{Quota: l.Quota, Day: l.Day})) {
			return fmt.Errorf("%w: the lease of %s: %v", boltfile.ErrDamaged, k, err)
		}
		return leases.Take(l)
	})
	return leases, err
}

// Holdings are what the device has of every share in an epoch.
func Holdings(tx *bolt.Tx, epoch uint64) ([]Holding, error) {
	var out []Holding
	err := tx.Bucket(leasesBucket).ForEach(func(k, v []byte) error {
		l, err := centre.DecodeLease(v)
		out = append(out, Holding{order.Share{Quota: l.Quota, Day: l.Day}, epoch, l.Serial, l.Tokens, boltfile.Number(tx.Bucket(spentBucket).Get(k)), l.Expires})
		return err
	})
	return out, err
}

// Spend takes one token of each share for a claim; none and ErrExhausted, which rolls the
// transaction back, if one has none left for the holder.
func Spend(tx *bolt.Tx, leases *order.Leases, holder string, now time.Time, claim []byte, due []order.Share) error {
	if len(due) == 0 {
		return nil
	}
	spent := tx.Bucket(spentBucket)
	var keys []string
	for _, s := range due {
		key := shareKey(s)
		n := boltfile.Number(spent.Get(key))
		if n >= leases.Tokens(s, holder, now) {
			return ErrExhausted
		}
		if err := spent.Put(key, boltfile.U64(n+1)); err != nil {
			return err
		}
		keys = append(keys, string(key))
	}
	return tx.Bucket(tokensBucket).Put(claim, []byte(strings.Join(keys, ",")))
}

// GiveBack ends what a claim has spent: used up, or there for the next person.
func GiveBack(tx *bolt.Tx, claim []byte, used bool) error {
	tokens, spent := tx.Bucket(tokensBucket), tx.Bucket(spentBucket)
	v := string(tokens.Get(claim))
	if v == "" {
		return nil
	}
	if !used {
		for key := range strings.SplitSeq(v, ",") {
			n := boltfile.Number(spent.Get([]byte(key)))
			if n == 0 { // swept
				continue
			}
			if err := spent.Put([]byte(key), boltfile.U64(n-1)); err != nil {
				return err
			}
		}
	}
	return tokens.Delete(claim)
}

// shareKey is plain text without a comma: the parts of a share are.
func shareKey(s order.Share) []byte { return []byte(s.Quota + "/" + s.Day) }
