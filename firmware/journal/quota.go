package journal

import (
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/credential/centre"
	"example.org/checkpoint/firmware/journal/room"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/verdict"
)

// ErrHolder means: the lease is another device's, or an epoch's that has ended.
var ErrHolder = errors.New("journal: the lease is not for this device and epoch")

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
	err := j.writeLocked(room.Upkeep, func(tx *bolt.Tx) error {
		return standing.PutLease(tx, l, signed, now)
	})
	if err == nil {
		j.leases = leases
	}
	return err
}

// Holdings are what the device has of every share.
func (j *Journal) Holdings() (out []standing.Holding, err error) {
	j.writing.Lock()
	epoch := j.epoch
	j.writing.Unlock()
	err = j.db.Load().View(func(tx *bolt.Tx) error {
		out, err = standing.Holdings(tx, epoch)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return out, nil
}

// due returns what a claim costs, one token of each share.
func (l *Lane) due(v verdict.Verdict, now time.Time) []order.Share {
	quotas := l.journal.quotas.Load()
	if quotas == nil {
		return nil
	}
	return quotas.Due(now, l.places(v)...)
}
