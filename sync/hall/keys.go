package hall

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/checkpoint/firmware/journal/statefile"
)

// keyFile holds the hall's day keys. It is never copied.
const keyFile = "hall.key"

const keySize = 32

// dayKey is the hall's key of one UTC day.
type dayKey struct {
	Day   string `json:"day"` // YYYY-MM-DD
	Key   []byte `json:"key"`
	Given bool   `json:"given"` // it is the hall's: agreed on, not only made here
}

// id names a key without saying it.
func (k dayKey) id() string {
	sum := sha256.Sum256(k.Key)
	return hex.EncodeToString(sum[:8])
}

// name tells the keys of a day apart, if there was more than one.
func (k dayKey) name() string { return k.Day + "-" + k.id() }

// Keys are the day keys that this device has.
type Keys struct {
	dir string

	mu   sync.Mutex
	list []dayKey
}

func openKeys(dir string) (*Keys, error) {
	k := &Keys{dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	} else if err != nil {
		return nil, fmt.Errorf("hall: %w", err)
	}
	if json.Unmarshal(text, &k.list) != nil || slices.ContainsFunc(k.list, func(d dayKey) bool { return len(d.Key) != keySize }) {
		k.list = nil // what was marked under them is forgotten
	}
	return k, nil
}

// skew is how far the clock of another device may be ahead at midnight.
const skew = 2 * time.Minute

// live gives the key of marks that are made now, nil for none, and those under which
// others may stand: of earlier days, and of the next for whom it has begun already.
func (k *Keys) live(now time.Time) (today *dayKey, others []dayKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	day, next := now.UTC().Format(time.DateOnly), now.Add(skew).UTC().Format(time.DateOnly)
	for _, one := range k.list {
		switch {
		case !one.Given:
		case one.Day == day:
			if today != nil { // another was the hall's before it
				others = append(others, *today)
			}
			today = &one
		case one.Day <= next:
			others = append(others, one)
		}
	}
	return today, others
}

// of gives the key of a name, or of a mark that was made with it, nil if it is gone.
func (k *Keys) of(mark string) *dayKey {
	name, _, _ := strings.Cut(mark, ".")
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range k.list {
		if one.name() == name {
			return &one
		}
	}
	return nil
}

func (k *Keys) get(day string) *dayKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range slices.Backward(k.list) {
		if one.Day == day {
			return &one
		}
	}
	return nil
}

// fresh makes the key of a day, which is the hall's once the hub has taken it.
func (k *Keys) fresh(day string) (dayKey, error) {
	if had := k.get(day); had != nil {
		return *had, nil
	}
	d := dayKey{Day: day, Key: make([]byte, keySize)}
	if _, err := rand.Read(d.Key); err != nil {
		return d, err
	}
	return d, k.set(d)
}

// set keeps a day's key as the last of its day. Marks may stand under those before it.
func (k *Keys) set(d dayKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(k.list), func(one dayKey) bool { return one.Day == d.Day && (!one.Given || bytes.Equal(one.Key, d.Key)) })
	list = append(list, d)
	slices.SortStableFunc(list, func(a, b dayKey) int { return strings.Compare(a.Day, b.Day) })
	return k.write(list)
}

// add keeps a key that was the hall's earlier on its day.
func (k *Keys) add(d dayKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := append([]dayKey{d}, k.list...)
	slices.SortStableFunc(list, func(a, b dayKey) int { return strings.Compare(a.Day, b.Day) })
	return k.write(list)
}

// sweep erases the keys whose day and window are over.
func (k *Keys) sweep(now time.Time, window time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	oldest := now.Add(-window).UTC().Format(time.DateOnly)
	list := slices.DeleteFunc(slices.Clone(k.list), func(one dayKey) bool { return one.Day < oldest })
	if len(list) == len(k.list) {
		return
	}
	_ = k.write(list) // else with the next one
}

func (k *Keys) write(list []dayKey) error {
	text, err := json.Marshal(list)
	if err == nil {
		err = statefile.Replace(filepath.Join(k.dir, keyFile), bytes.TrimSpace(text))
	}
	if err != nil {
		return fmt.Errorf("hall: %w", err)
	}
	k.list = list
	return nil
}
