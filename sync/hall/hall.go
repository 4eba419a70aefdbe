// Package hall keeps a code from counting twice at the lanes of one hall (PROTOCOL C10, R32).
// Before a claim is written locally its mark is created where all lanes meet: at the hub, a
// stock nats-server, else at the centre, else nowhere. Nobody waits for that longer than
// Budget. What was admitted alone is made known when the hub is back, and doubles are found
// then.
//
//	bucket replay, key <site in lower case>.<YYYY-MM-DD>-<id of the key>.<hex HMAC-SHA-256(day key, identity)>, value = JSON
//	  {"device","run","n","until":<Unix s>,"mac":<HMAC-SHA-256(day key, "value" 0 key without site 0 device 0 run 0 n 0 until)>}
//
// A hub that does not know the day key can lose marks, and cannot make one up: then the lane
// is alone, as without a hub.
package hall

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Budget is how long a claim waits for all places together (PROTOCOL C10).
const Budget = 80 * time.Millisecond

// Place is where marks meet. Taken and Absent are its errors.
type Place interface {
	Put(ctx context.Context, key string, value []byte, revision uint64) error // revision 0 = create
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Delete(ctx context.Context, key string, revision uint64) error
}

// Options of a hall.
type Options struct {
	Device string
	State  string  // folder of the device
	Places []Place // nearest first
	Taken  error   // of a Place: the key has another revision
	Absent error   // of a Place: there is no such key
	Now    func() time.Time
	Window time.Duration // how long after its day a key is still looked under
	// Double is told of a person whom this device admitted alone and another device too.
	Double func(Double)
	Log    *slog.Logger
}

// Double is a code that counted twice.
type Double struct {
	What  string // as given to Claim
	At    time.Time
	Other string // device
}

// Identity is one that counts once.
type Identity struct {
	Bytes []byte // personal: only its keyed hash leaves
	Until time.Time
}

// Hall is this device's share of a hall. Its methods may be called from several goroutines.
type Hall struct {
	o    Options
	run  string // random, of this start of the program
	keys *Keys
	wake chan struct{}

	mu      sync.Mutex
	log     *record
	entries map[uint64]*entry // that have not ended everywhere
	next    uint64
	down    []bool      // by place: the last attempt failed
	lies    []time.Time // by place: when it last showed a mark that nobody made, monotonic; zero: never, or long ago
}

// entry is one claim.
type entry struct {
	N     uint64    `json:"n"`
	What  string    `json:"what"`
	At    time.Time `json:"at"`
	Marks []mark    `json:"marks"`
	End   string    `json:"end,omitempty"` // used, free; "" = pending

	tried   []bool // by place: it may have the marks
	home    bool   // the first place has them all
	doubled bool
	before  bool      // of an earlier start
	busy    bool      // Claim is at it
	again   time.Time // not looked at before, monotonic
}

type mark struct {
	Key   string    `json:"key"`
	Value []byte    `json:"value"`
	Until time.Time `json:"until"`
}

// value is a mark's.
type value struct {
	Device string `json:"device"`
	Run    string `json:"run"`
	N      uint64 `json:"n"`
	Until  int64  `json:"until"`
	MAC    []byte `json:"mac"`
}

// Open reads what an earlier start has left. Its pending claims are free.
func Open(o Options) (*Hall, error) {
	keys, err := openKeys(o.State)
	if err != nil {
		return nil, err
	}
	h := &Hall{o: o, run: rand.Text(), keys: keys, wake: make(chan struct{}, 1), entries: map[uint64]*entry{}, down: make([]bool, len(o.Places)), lies: make([]time.Time, len(o.Places))}
	if h.log, h.entries, err = openRecord(o.State); err != nil {
		return nil, err
	}
	for n, e := range h.entries {
		h.next = max(h.next, n)
		e.tried, e.before = make([]bool, len(o.Places)), true
		for i := range e.tried {
			e.tried[i] = true
		}
		if e.End == "" {
			e.End = "free"
		}
	}
	return h, nil
}

// Close closes the files. Nothing is claimed any more.
func (h *Hall) Close() error { return h.log.close() }

// Claim is a claim that was made known.
type Claim struct {
	N      uint64
	Alone  bool // no place has answered: the local journal alone says whether somebody was here
	Placed int  // else which one has
}

// Claim makes the marks of a person known, unless one is known already: then replayed is
// true and nothing stays. What names the claim for the journal and holds nothing personal. It
// returns within Budget and the time of one write to the disk. An error means that the claim
// could not be noted.
func (h *Hall) Claim(ctx context.Context, what string, ids []Identity) (c Claim, replayed bool, err error) {
	now := h.o.Now()
	h.keys.sweep(now, h.o.Window)
	today, others := h.keys.live(now)
	if len(ids) == 0 {
		return Claim{Alone: false}, false, nil
	}
	if today == nil {
		return Claim{Alone: true}, false, nil
	}
	e := h.begin(what, now, *today, ids)
	defer h.idle(e)
	if err := h.log.begin(entry{N: e.N, What: e.What, At: e.At, Marks: e.Marks}); err != nil {
		h.mu.Lock()
		delete(h.entries, e.N)
		h.mu.Unlock()
		return Claim{}, false, fmt.Errorf("hall: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	for place := range h.o.Places {
		if h.isDown(place) || ctx.Err() != nil { // a place that was not asked is not to blame
			continue
		}
		h.try(e, place)
		taken, err := h.put(ctx, place, e, ids, *today, others)
		switch {
		case err != nil:
			h.fell(place, err)
			continue
		case taken:
			h.Settle(e.N, false)
			return Claim{}, true, nil
		}
		h.mu.Lock()
		e.home = place == 0
		h.forgive(place)
		h.mu.Unlock()
		return Claim{N: e.N, Placed: place}, false, nil
	}
	return Claim{N: e.N, Alone: true}, false, nil
}

func (h *Hall) begin(what string, now time.Time, today dayKey, ids []Identity) *entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	e := &entry{N: h.next, What: what, At: now, tried: make([]bool, len(h.o.Places)), busy: true}
	for _, id := range ids {
		key := today.mark(id.Bytes)
		v := value{Device: h.o.Device, Run: h.run, N: e.N, Until: id.Until.Unix() + 1}
		e.Marks = append(e.Marks, mark{key, today.seal(key, v), id.Until})
	}
	h.entries[e.N] = e
	return e
}

// put creates the marks of a claim at a place, and reports whether one was taken. A mark
// under the key of an earlier day, or of the next, counts as well.
func (h *Hall) put(ctx context.Context, place int, e *entry, ids []Identity, today dayKey, others []dayKey) (taken bool, err error) {
	if taken, err := h.known(ctx, place, e.At, ids, others); taken || err != nil {
		return taken, err
	}
	for _, m := range e.Marks {
		if taken, err := h.putOne(ctx, place, m, today, e.At); taken || err != nil {
			return taken, err
		}
	}
	return false, nil
}

// known reports whether a place has a mark under one of the keys. All are asked for at once: the place
// may be far.
func (h *Hall) known(ctx context.Context, place int, now time.Time, ids []Identity, keys []dayKey) (taken bool, err error) {
	answers := make(chan func() (bool, error), len(keys)*len(ids))
	for _, k := range keys {
		for _, id := range ids {
			go func() { // known waits for it
				key := k.mark(id.Bytes)
				v, _, err := h.o.Places[place].Get(ctx, key)
				answers <- func() (bool, error) {
					if errors.Is(err, h.o.Absent) {
						return false, nil
					} else if err != nil {
						return false, err
					}
					return h.counts(k, key, v, now)
				}
			}()
		}
	}
	for range cap(answers) {
		was, wrong := (<-answers)()
		taken, err = taken || was, errors.Join(err, wrong)
	}
	if taken {
		return true, nil
	}
	return false, err
}

func (h *Hall) putOne(ctx context.Context, place int, m mark, today dayKey, now time.Time) (taken bool, err error) {
	p := h.o.Places[place]
	if err = p.Put(ctx, m.Key, m.Value, 0); !errors.Is(err, h.o.Taken) {
		return false, err
	}
	had, revision, err := p.Get(ctx, m.Key)
	switch {
	case ctx.Err() != nil:
		return true, nil // somebody is there, and no time to see who
	case errors.Is(err, h.o.Absent): // given back this moment, or the place is not quick
	case err != nil:
		return true, nil
	case bytes.Equal(had, m.Value):
		return false, nil
	default:
		if taken, err = h.counts(today, m.Key, had, now); taken || err != nil {
			return taken, err
		}
	}
	if err = p.Put(ctx, m.Key, m.Value, revision); errors.Is(err, h.o.Taken) {
		return true, nil
	}
	return false, err
}

var errLies = errors.New("hall: a mark there was made by nobody who has the day key: look at the hub")

// counts reports whether a mark still counts: not over, and not one that this device has
// given back.
func (h *Hall) counts(k dayKey, key string, text []byte, now time.Time) (bool, error) {
	v, ok := k.read(key, text)
	if !ok {
		return false, errLies
	}
	if v.over(now) {
		return false, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.Device != h.o.Device {
		return true, nil
	}
	e := h.entries[v.N]
	free := e != nil && e.End == "free" && (v.Run == h.run) != e.before
	return !free, nil
}

// Settle ends a claim: used until its time is over, or free again. To be called before the
// journal writes that somebody has passed, and after it that nobody has: what is cut off in
// between burns no code of somebody who has not passed.
func (h *Hall) Settle(n uint64, used bool) {
	how := "free"
	if used {
		how = "used"
	}
	h.mu.Lock()
	e := h.entries[n]
	ends := e != nil && e.End == ""
	if ends {
		e.End = how
	}
	h.mu.Unlock()
	if !ends {
		return
	}
	if err := h.log.end(n, how); err != nil {
		h.o.Log.Error("hall: the end of a claim is not written", "err", err)
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Hall) idle(e *entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.busy = false
}

func (h *Hall) isDown(place int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down[place]
}

func (h *Hall) try(e *entry, place int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.tried[place] = true
}

// fell passes a place over until it is heard again.
func (h *Hall) fell(place int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if errors.Is(err, errLies) {
		h.lies[place] = time.Now()
	}
	if !h.down[place] {
		h.down[place] = true
		h.o.Log.Warn("hall: a place is passed over", "place", place, "err", err)
	}
}

// honest is how long a place must have shown no made up mark until its lies are forgotten.
const honest = 24 * time.Hour

// forgive forgets the lies of a place that takes marks as it should a day after the last of them; one
// that says nothing for a day is not forgiven. It needs mu.
func (h *Hall) forgive(place int) {
	if lied := h.lies[place]; !lied.IsZero() && time.Since(lied) >= honest {
		h.lies[place] = time.Time{}
		h.o.Log.Info("hall: a place has shown no made up mark for a day", "place", place)
	}
}

// State is what health shows.
type State struct {
	Alone   bool // no place answers, or there is no day key
	Away    bool // the first place does not answer
	Lied    bool // a place has shown marks that nobody made, and did not do better for a day
	Waiting int  // claims that the first place does not know yet, or still has
}

// State may be called from any goroutine.
func (h *Hall) State() State {
	today, _ := h.keys.live(h.o.Now())
	h.mu.Lock()
	defer h.mu.Unlock()
	s := State{Alone: true, Away: len(h.down) > 0 && h.down[0], Lied: slices.ContainsFunc(h.lies, func(t time.Time) bool { return !t.IsZero() })}
	for _, down := range h.down {
		s.Alone = s.Alone && down
	}
	s.Alone = s.Alone || today == nil
	for _, e := range h.entries {
		if !e.home || e.End == "free" {
			s.Waiting++
		}
	}
	return s
}

// mark is the key of an identity's mark.
func (k dayKey) mark(identity []byte) string {
	m := hmac.New(sha256.New, k.Key)
	m.Write(identity)
	return k.name() + "." + hex.EncodeToString(m.Sum(nil))
}

// over reports whether a mark counts no more.
func (v value) over(now time.Time) bool { return !now.Before(time.Unix(v.Until, 0)) }

// seal is a value as it is put at a key.
func (k dayKey) seal(key string, v value) []byte {
	v.MAC = k.vouch(key, v)
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	return text
}

// vouch is a value's MAC at a key.
func (k dayKey) vouch(key string, v value) []byte {
	m := hmac.New(sha256.New, k.Key)
	fmt.Fprintf(m, "value\x00%s\x00%s\x00%s\x00%d\x00%d", key, v.Device, v.Run, v.N, v.Until)
	return m.Sum(nil)
}

// maxValue bounds a value in bytes.
const maxValue = 512

// read gives a value that somebody wrote who has the day key.
func (k dayKey) read(key string, text []byte) (v value, ok bool) {
	if len(text) > maxValue || json.Unmarshal(text, &v) != nil {
		return v, false
	}
	return v, hmac.Equal(v.MAC, k.vouch(key, v))
}
