package marks

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.org/checkpoint/firmware/journal/boltfile"
	"example.org/checkpoint/firmware/journal/statefile"
)

// KeyFile holds the day keys, apart from the journal: a journal that is copied or
// kept as evidence links no identity to any other day.
const KeyFile = "day.key"

// dayKey is the key of one UTC day. A mark is hashed under the key of the day in
// which it is made and looked up under every key that lives. A key lives until
// its day and the time of each of its marks are over.
type dayKey struct {
	id  uint64 // days since 1970
	key [32]byte
}

// mac hashes an identity.
func (k dayKey) mac(identity []byte) []byte {
	h := hmac.New(sha256.New, k.key[:])
	h.Write(identity)
	return h.Sum(nil)
}

// Keys are those that live. The zero Keys has none.
type Keys struct {
	list []dayKey  // oldest first
	day  uint64    // whose key new marks are made with
	next time.Time // when one begins or ends
}

// today is the key of new marks.
func (k *Keys) today() dayKey {
	i := slices.IndexFunc(k.list, func(d dayKey) bool { return d.id == k.day })
	return k.list[i] // Renew has put it there
}

// Erase overwrites the keys in memory.
func (k *Keys) Erase() {
	clear(k.list)
	*k = Keys{}
}

const day = 24 * time.Hour

// dayOf numbers the day of a time.
func dayOf(now time.Time) uint64 { return uint64(max(now.Unix(), 0)) / uint64(day/time.Second) }

// Current reports whether no key begins or ends now: then there is nothing to renew.
func (k *Keys) Current(now time.Time) bool {
	return len(k.list) > 0 && k.day == dayOf(now) && now.Before(k.next)
}

// Far reports whether there is a key of a day after tomorrow: it was made while the clock was far
// ahead. EndFar bounds its time.
func (k *Keys) Far(now time.Time) bool {
	return slices.ContainsFunc(k.list, func(d dayKey) bool { return d.id > dayOf(now)+1 })
}

// EndFar has the marks of the keys of days after tomorrow count until the end of tomorrow at most.
func (k *Keys) EndFar(tx *bolt.Tx, now time.Time) error {
	today, b := dayOf(now), tx.Bucket(keysBucket)
	end := uint64(midnight(today + 2).Unix())
	for _, d := range k.list {
		if d.id <= today+1 || boltfile.Number(b.Get(boltfile.U64(d.id))) <= end {
			continue
		}
		if err := b.Put(boltfile.U64(d.id), boltfile.U64(end)); err != nil {
			return err
		}
	}
	return nil
}

// Renew gives the keys without those whose time is over and with one of today, drawn from random
// if there is none yet. The caller writes them before any mark is made with them.
func (k *Keys) Renew(tx *bolt.Tx, now time.Time, random io.Reader) (Keys, error) {
	today := dayOf(now)
	renewed := Keys{day: today, next: midnight(today + 1)}
	for _, d := range k.list {
		until := time.Unix(int64(boltfile.Number(tx.Bucket(keysBucket).Get(boltfile.U64(d.id)))), 0)
		if d.id != today && !now.Before(until) {
			continue
		}
		if until.After(now) && until.Before(renewed.next) {
			renewed.next = until
		}
		renewed.list = append(renewed.list, d)
	}
	at, found := slices.BinarySearchFunc(renewed.list, today, func(d dayKey, id uint64) int { return cmp.Compare(d.id, id) })
	if !found {
		d := dayKey{id: today}
		if _, err := io.ReadFull(random, d.key[:]); err != nil {
			return Keys{}, err
		}
		renewed.list = slices.Insert(renewed.list, at, d)
	}
	return renewed, nil
}

func midnight(id uint64) time.Time { return time.Unix(int64(id)*int64(day/time.Second), 0) }

// lastUntil notes that the key of that id is needed until then.
func lastUntil(tx *bolt.Tx, id uint64, until time.Time) error {
	b := tx.Bucket(keysBucket)
	if was := boltfile.Number(b.Get(boltfile.U64(id))); was >= uint64(until.Unix()) {
		return nil
	}
	return b.Put(boltfile.U64(id), boltfile.U64(uint64(until.Unix())))
}

// keyDocument is the form of KeyFile.
type keyDocument struct {
	V    int         `json:"v"`
	Keys []storedKey `json:"keys"`
}

type storedKey struct {
	Day uint64 `json:"day"`
	Key []byte `json:"key"`
}

// Write writes the keys to a state directory.
func (k *Keys) Write(dir string) error {
	d := keyDocument{V: 1}
	for _, one := range k.list {
		d.Keys = append(d.Keys, storedKey{one.id, one.key[:]})
	}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := statefile.Replace(filepath.Join(dir, KeyFile), b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// ReadKeys gives no keys where the file is missing or unreadable: what was marked
// under them is forgotten.
func ReadKeys(dir string) (Keys, error) {
	b, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, nil
	} else if err != nil {
		return Keys{}, fmt.Errorf("journal: %w", err)
	}
	var d keyDocument
	if json.Unmarshal(b, &d) != nil || d.V != 1 {
		return Keys{}, nil
	}
	var list []dayKey
	for _, k := range d.Keys {
		if len(k.Key) != 32 || len(list) > 0 && k.Day <= list[len(list)-1].id {
			return Keys{}, nil
		}
		list = append(list, dayKey{k.Day, [32]byte(k.Key)})
	}
	return Keys{list: list}, nil
}
