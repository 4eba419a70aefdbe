package journal

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
	"example.org/checkpoint/firmware/verdict"
)

// ErrHolder means: the lease is another device's, or an epoch's that has ended.
var ErrHolder = errors.New("journal: the lease is not for this device and epoch")

// errExhausted rolls a claim back.
var errExhausted = errors.New("journal: no token is left")

// leaseKept is how long a lease that has expired, and what was spent of it, can be looked up.
const leaseKept = 7 * day

// Quotas says from now on what an admission costs.
func (j *Journal) Quotas(q order.Quotas) { j.quotas.Store(&q) }

// Holder names this device to the centre, as leases do.
func (j *Journal) Holder() string {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.holder()
}

func (j *Journal) holder() string { return fmt.Sprintf("%s/%d", j.options.Device, j.epoch) }

// Lease takes a lease of which the caller has checked that the centre signed it. One that
// is not newer than that of the same quota and day gives order.ErrOld. What of an earlier one
// was spent stays spent.
func (j *Journal) Lease(l centre.Lease, signed []byte) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	if l.Holder != j.holder() {
		return ErrHolder
	}
	leases, now := j.leases.Clone(), j.options.Now()
	if err := leases.Take(l); err != nil {
		return err
	}
	err := j.writeLocked(atUpkeep, func(tx *bolt.Tx) error {
		if err := sweepLeases(tx, now); err != nil {
			return err
		}
		return tx.Bucket(leasesBucket).Put(shareKey(order.Share{Quota: l.Quota, Day: l.Day}), signed)
	})
	if err == nil {
		j.leases = leases
	}
	return err
}

// sweepLeases forgets what ended long ago.
func sweepLeases(tx *bolt.Tx, now time.Time) error {
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
	return err
}

// Holding is what the device has of one share.
type Holding struct {
	order.Share
	Epoch                 uint64
	Serial, Tokens, Spent uint64 // of the lease in force; Spent may be more than Tokens if that was lowered
	Expires               time.Time
}

// Holdings are what the device has of every share.
func (j *Journal) Holdings() ([]Holding, error) {
	var out []Holding
	j.writing.Lock()
	epoch := j.epoch
	j.writing.Unlock()
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		return tx.Bucket(leasesBucket).ForEach(func(k, v []byte) error {
			l, err := centre.DecodeLease(v)
			out = append(out, Holding{order.Share{Quota: l.Quota, Day: l.Day}, epoch, l.Serial, l.Tokens, number(tx.Bucket(spentBucket).Get(k)), l.Expires})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return out, nil
}

// due returns what a claim costs, one token of each share.
func (l *Lane) due(v verdict.Verdict, now time.Time) (due []order.Share) {
	quotas := l.journal.quotas.Load()
	if quotas == nil {
		return nil
	}
	seen := map[order.Share]bool{}
	for _, p := range l.places(v) {
		for _, s := range quotas.Due(p, now) {
			if !seen[s] {
				seen[s], due = true, append(due, s)
			}
		}
	}
	return due
}

// spend takes one token of each share for a claim, or none.
func (j *Journal) spend(tx *bolt.Tx, now time.Time, claim []byte, due []order.Share) error {
	if len(due) == 0 {
		return nil
	}
	spent := tx.Bucket(spentBucket)
	var keys []string
	for _, s := range due {
		key := shareKey(s)
		n := number(spent.Get(key))
		if n >= j.leases.Tokens(s, j.holder(), now) {
			return errExhausted
		}
		if err := spent.Put(key, u64(n+1)); err != nil {
			return err
		}
		keys = append(keys, string(key))
	}
	return tx.Bucket(tokensBucket).Put(claim, []byte(strings.Join(keys, ",")))
}

// giveBack ends what a claim has spent: used up, or there for the next person.
func giveBack(tx *bolt.Tx, claim []byte, used bool) error {
	tokens, spent := tx.Bucket(tokensBucket), tx.Bucket(spentBucket)
	v := string(tokens.Get(claim))
	if v == "" {
		return nil
	}
	if !used {
		for key := range strings.SplitSeq(v, ",") {
			n := number(spent.Get([]byte(key)))
			if n == 0 { // swept
				continue
			}
			if err := spent.Put([]byte(key), u64(n-1)); err != nil {
				return err
			}
		}
	}
	return tokens.Delete(claim)
}

// shareKey is plain text without a comma: the parts of a share are.
func shareKey(s order.Share) []byte { return []byte(s.Quota + "/" + s.Day) }

// readLeases reads all leases. Their signatures were checked when they came.
func readLeases(tx *bolt.Tx) (*order.Leases, error) {
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
