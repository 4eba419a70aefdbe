package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	list []dayKey  // oldest first; the last is today's
	next time.Time // when one begins or ends
}

func (k *dayKeys) today() dayKey { return k.list[len(k.list)-1] }

// erase overwrites the keys in memory.
func (k *dayKeys) erase() {
	clear(k.list)
	*k = dayKeys{}
}

const day = 24 * time.Hour

// renewKeys begins the key of a new day and erases those whose time is over. A
// clock that goes back keeps the newest. It needs writing.
func (j *Journal) renewKeys(now time.Time) error {
	if len(j.keys.list) > 0 && now.Before(j.keys.next) {
		return nil
	}
	today := uint64(max(now.Unix(), 0)) / uint64(day/time.Second)
	renewed := dayKeys{next: time.Unix(int64(today+1)*int64(day/time.Second), 0)}
	err := j.db.View(func(tx *bolt.Tx) error {
		for i, k := range j.keys.list {
			until := time.Unix(int64(number(tx.Bucket(keysBucket).Get(u64(k.id)))), 0)
			newest := i == len(j.keys.list)-1
			if !now.Before(until) && !(newest && k.id >= today) {
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
	if n := len(renewed.list); n == 0 || renewed.list[n-1].id < today {
		k := dayKey{id: today}
		if err := j.options.random(k.key[:]); err != nil {
			return err
		}
		renewed.list = append(renewed.list, k)
	}
	if err := writeKeys(j.dir, renewed.list); err != nil { // before any mark is made with it
		return err
	}
	clear(j.keys.list)
	j.keys = renewed
	return nil
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
