package cosecwt

import (
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/checkpoint/firmware/credential"
)

// Map reads one CBOR map key by key. Keys are Go int or string. The first thing
// wrong in it or in a map inside it is kept and told by Err; after it, readers
// return zero values.
type Map struct {
	left map[any]any // what has not been read yet
	err  *error      // shared with the maps inside
}

// NewMap reads v, which has to be a map.
func NewMap(v any) *Map {
	var err error
	m := &Map{err: &err}
	return m.Inside(v, "payload")
}

// Inside returns v, which has to be a map somewhere under a key of m.
func (m *Map) Inside(v, key any) *Map {
	left, ok := v.(map[any]any)
	if !ok {
		m.Fail(key, "is not a map")
	}
	copied := make(map[any]any, len(left))
	for k, e := range left {
		copied[k] = e
	}
	return &Map{copied, m.err}
}

// Fail notes that what is under a key is wrong.
func (m *Map) Fail(key any, what string) {
	if *m.err == nil {
		*m.err = fmt.Errorf("%w: %v %s", credential.ErrMalformed, key, what)
	}
}

// Err returns the first thing wrong.
func (m *Map) Err() error { return *m.err }

// Closed returns the first thing wrong; a key that nobody read is one.
func (m *Map) Closed() error {
	for k := range m.left {
		m.Fail(k, "has no place here")
		break
	}
	return *m.err
}

// Keys returns the integer keys that nobody has read yet.
func (m *Map) Keys() []int64 {
	var keys []int64
	for k := range m.left {
		switch k := k.(type) {
		case uint64:
			if k <= math.MaxInt64 {
				keys = append(keys, int64(k))
			}
		case int64:
			keys = append(keys, k)
		}
	}
	return keys
}

// Has reports whether a key is there and unread.
func (m *Map) Has(key any) bool {
	_, ok := m.left[as(key)]
	return ok
}

// as turns a Go int into what the library makes of a CBOR integer.
func as(key any) any {
	if n, ok := key.(int); ok {
		if n >= 0 {
			return uint64(n)
		}
		return int64(n)
	}
	return key
}

// Encoded returns what is under a key as deterministic CBOR, without reading it; nil if it is absent.
func (m *Map) Encoded(key any) []byte {
	if !m.Has(key) {
		return nil
	}
	b, err := canonical.Marshal(m.left[as(key)])
	if err != nil {
		m.Fail(key, "cannot be written again")
	}
	return b
}

// TextKeys returns the keys that are text and that nobody has read yet, in order.
func (m *Map) TextKeys() []string {
	var keys []string
	for k := range m.left {
		if s, ok := k.(string); ok {
			keys = append(keys, s)
		}
	}
	slices.Sort(keys)
	return keys
}

// Take returns what is under a key and marks it as read; nil if it is absent.
func (m *Map) Take(key any) any {
	v := m.left[as(key)]
	delete(m.left, as(key))
	return v
}

// Map returns the map under a key.
func (m *Map) Map(key any) *Map { return m.Inside(m.Take(key), key) }

// Array returns the array under a key.
func (m *Map) Array(key any) []any {
	a, ok := m.Take(key).([]any)
	if !ok {
		m.Fail(key, "is not an array")
	}
	return a
}

// Text returns the text under a key.
func (m *Map) Text(key any) string {
	s, ok := m.Take(key).(string)
	if !ok {
		m.Fail(key, "is not text")
	}
	return s
}

// Bytes returns n bytes under a key; any number for n < 0.
func (m *Map) Bytes(key any, n int) []byte {
	b, ok := m.Take(key).([]byte)
	if !ok || n >= 0 && len(b) != n {
		m.Fail(key, "is not a string of that many bytes")
		return nil
	}
	return b
}

// Int returns the integer under a key.
func (m *Map) Int(key any) int64 {
	n, ok := Int(m.Take(key))
	if !ok {
		m.Fail(key, "is not an integer")
	}
	return n
}

// Uint returns the unsigned integer under a key.
func (m *Map) Uint(key any) uint64 {
	n, ok := m.Take(key).(uint64)
	if !ok {
		m.Fail(key, "is not an unsigned integer")
	}
	return n
}

// Time returns the time under a key, in whole seconds.
func (m *Map) Time(key any) time.Time {
	t, ok := Time(m.Take(key))
	if !ok {
		m.Fail(key, "is not a time")
	}
	return t
}

// TimeLenient is Time for those who also write floats; fractions are cut.
func (m *Map) TimeLenient(key any) time.Time {
	v := m.Take(key)
	if f, ok := v.(float64); ok && f >= 0 && f <= maxTime {
		v = uint64(f)
	}
	t, ok := Time(v)
	if !ok {
		m.Fail(key, "is not a time")
	}
	return t
}

// Int returns the integer that v is.
func Int(v any) (int64, bool) {
	switch v := v.(type) {
	case uint64:
		return int64(v), v <= math.MaxInt64
	case int64:
		return v, true
	}
	return 0, false
}

// maxTime bounds times in seconds since 1970 (FORMATS A0).
const maxTime = 1 << 40

// Time returns the time that v is: an integer of seconds, 0 to 2^40.
func Time(v any) (time.Time, bool) {
	n, ok := v.(uint64)
	if !ok || n > maxTime {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0).UTC(), true
}
