package journal

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// keyFile holds the day keys, apart from the journal: a journal that is copied or
// kept as evidence links no identity to any other day.
const keyFile = "day.key"

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

type dayKeys struct {
	list []dayKey  // oldest first
	day  uint64    // whose key new marks are made with
	next time.Time // when one begins or ends
}

// today is the key of new marks.
func (k *dayKeys) today() dayKey {
	i := slices.IndexFunc(k.list, func(d dayKey) bool { return d.id == k.day })
	return k.list[i] // renewKeys has put it there
}

// erase overwrites the keys in memory.
func (k *dayKeys) erase() {
	clear(k.list)
	*k = dayKeys{}
}

const day = 24 * time.Hour

// renewKeys begins the key of a new day and erases those whose time is over. A key of
// a day after tomorrow was made while the clock was far ahead: it makes no marks now,
// and those it has made count until the end of tomorrow at most. It needs writing.
func (j *Journal) renewKeys(now time.Time) error {
	today := uint64(max(now.Unix(), 0)) / uint64(day/time.Second)
	if len(j.keys.list) > 0 && j.keys.day == today && now.Before(j.keys.next) {
		return nil
	}
	if err := j.endEarly(today); err != nil {
		return err
	}
	renewed := dayKeys{day: today, next: midnight(today + 1)}
	err := j.db.Load().View(func(tx *bolt.Tx) error {
		for _, k := range j.keys.list {
			until := time.Unix(int64(number(tx.Bucket(keysBucket).Get(u64(k.id)))), 0)
			if k.id != today && !now.Before(until) {
				continue
			}
			if until.After(now) && until.Before(renewed.next) {
				renewed.next = until
			}
			renewed.list = append(renewed.list, k)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	at, found := slices.BinarySearchFunc(renewed.list, today, func(k dayKey, id uint64) int { return cmp.Compare(k.id, id) })
	if !found {
		k := dayKey{id: today}
		if err := j.options.random(k.key[:]); err != nil {
			return err
		}
		renewed.list = slices.Insert(renewed.list, at, k)
	}
	if err := writeKeys(j.dir, renewed.list); err != nil { // before any mark is made with it
		return err
	}
	clear(j.keys.list)
	j.keys = renewed
	return nil
}

func midnight(id uint64) time.Time { return time.Unix(int64(id)*int64(day/time.Second), 0) }

// endEarly bounds the time of the keys of days after tomorrow.
func (j *Journal) endEarly(today uint64) error {
	end := uint64(midnight(today + 2).Unix())
	ahead := slices.ContainsFunc(j.keys.list, func(k dayKey) bool { return k.id > today+1 })
	if !ahead {
		return nil
	}
	return j.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(keysBucket)
		for _, k := range j.keys.list {
			if k.id <= today+1 || number(b.Get(u64(k.id))) <= end {
				continue
			}
			if err := b.Put(u64(k.id), u64(end)); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastUntil notes that the key of that id is needed until then.
func lastUntil(tx *bolt.Tx, id uint64, until time.Time) error {
	b := tx.Bucket(keysBucket)
	if was := number(b.Get(u64(id))); was >= uint64(until.Unix()) {
		return nil
	}
	return b.Put(u64(id), u64(uint64(until.Unix())))
}

// keyDocument is the form of keyFile.
type keyDocument struct {
	V    int         `json:"v"`
	Keys []storedKey `json:"keys"`
}

type storedKey struct {
	Day uint64 `json:"day"`
	Key []byte `json:"key"`
}

func writeKeys(dir string, list []dayKey) error {
	d := keyDocument{V: 1}
	for _, k := range list {
		d.Keys = append(d.Keys, storedKey{k.id, k.key[:]})
	}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return replace(filepath.Join(dir, keyFile), b)
}

// readKeys gives no keys where the file is missing or unreadable: what was marked
// under them is forgotten.
func readKeys(dir string) ([]dayKey, error) {
	b, err := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var d keyDocument
	if json.Unmarshal(b, &d) != nil || d.V != 1 {
		return nil, nil
	}
	var list []dayKey
	for _, k := range d.Keys {
		if len(k.Key) != 32 || len(list) > 0 && k.Day <= list[len(list)-1].id {
			return nil, nil
		}
		list = append(list, dayKey{k.Day, [32]byte(k.Key)})
	}
	return list, nil
}
