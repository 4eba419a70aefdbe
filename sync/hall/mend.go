package hall

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"
)

const (
	mendEvery = time.Second     // between two looks at places that were away, and at what waits
	patience  = 2 * time.Second // with one of their answers; nobody stands and waits
	mendBatch = 200             // claims in one look
	mendAgain = 5 * time.Second // from what a place could not say clearly to the next try; others have their turn meanwhile
)

// Run makes known what the first place does not know yet, takes back what was given back,
// and hears when a place is back, until ctx is done.
func (h *Hall) Run(ctx context.Context) error {
	for tick := time.NewTicker(mendEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		case <-h.wake:
		}
		h.mend(ctx)
	}
}

// mend looks once.
func (h *Hall) mend(ctx context.Context) {
	for i, p := range h.o.Places {
		if !h.isDown(i) {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, patience)
		_, _, err := p.Get(asking, "away")
		cancel()
		if err == nil || errors.Is(err, h.o.Absent) {
			h.mu.Lock()
			h.down[i] = false
			h.mu.Unlock()
			h.o.Log.Info("hall: a place is back", "place", i)
		}
	}
	for _, n := range h.waiting() {
		if ctx.Err() != nil {
			return
		}
		h.mendOne(ctx, n)
	}
	h.tidy()
}

// tidy writes the record anew when most of it is past. Claims go on meanwhile.
func (h *Hall) tidy() {
	h.mu.Lock()
	known := len(h.entries)
	h.mu.Unlock()
	if h.log.count() <= tidyAt+2*known && known <= maxEntries {
		return
	}
	err := h.log.tidy(func() []entry {
		h.mu.Lock()
		defer h.mu.Unlock()
		return copied(h.entries)
	})
	if err != nil {
		h.o.Log.Error("hall", "err", err)
	}
}

// waiting are the claims for which something can be done now, oldest first.
func (h *Hall) waiting() []uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []uint64
	for n, e := range h.entries {
		if !e.busy && !time.Now().Before(e.again) && h.ready(e) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all[:min(len(all), mendBatch)]
}

// ready reports whether something can be done for a claim with the places that answer. It needs mu.
func (h *Hall) ready(e *entry) bool {
	switch {
	case h.over(e) || e.End == "used" && e.home:
		return true
	case e.End != "free":
		return !e.home && len(h.o.Places) > 0 && !h.down[0]
	}
	left := false
	for i, tried := range e.tried {
		if tried && !h.down[i] {
			return true
		}
		left = left || tried
	}
	return !left
}

// over reports whether nobody looks for the marks of a claim any more.
func (h *Hall) over(e *entry) bool {
	for _, m := range e.Marks {
		if !h.o.Now().After(m.Until.Add(h.o.Window)) {
			return false
		}
	}
	return true
}

func (h *Hall) mendOne(ctx context.Context, n uint64) {
	h.mu.Lock()
	e := h.entries[n]
	if e == nil {
		h.mu.Unlock()
		return
	}
	end, home, tried := e.End, e.home, slices.Clone(e.tried)
	h.mu.Unlock()
	switch {
	case h.over(e) || end == "used" && home:
		h.gone(n)
	case end == "free":
		h.takeBack(ctx, e, tried)
	case !home:
		h.makeKnown(ctx, e)
	}
}

// takeBack deletes the marks of a claim wherever they may be. What a place may have that does not
// answer, or not clearly, stays for later.
func (h *Hall) takeBack(ctx context.Context, e *entry, tried []bool) {
	left := false
	for i, p := range h.o.Places {
		if !tried[i] {
			continue
		}
		if h.isDown(i) {
			left = true
			continue
		}
		if err := h.takeFrom(ctx, p, e.Marks); err != nil {
			h.failed(i, e, err)
			left = true
			continue
		}
		h.mu.Lock()
		e.tried[i] = false
		h.mu.Unlock()
	}
	if !left {
		h.gone(e.N)
	}
}

func (h *Hall) takeFrom(ctx context.Context, p Place, marks []mark) error {
	for _, m := range marks {
		if err := h.takeOne(ctx, p, m); err != nil {
			return err
		}
	}
	return nil
}

// takeOne deletes a mark at a place. A place of several servers may answer with what it knew a moment
// ago, and what it was sent may still be on its way: only what it takes at the revision that it named
// is so. Where it has nothing, or what is over, it is given a mark that is over, in whose place no
// earlier one comes.
func (h *Hall) takeOne(ctx context.Context, p Place, m mark) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	had, revision, err := p.Get(ctx, m.Key)
	switch {
	case err != nil && !errors.Is(err, h.o.Absent):
		return err
	case err == nil && bytes.Equal(had, m.Value):
		return h.clear(p.Delete(ctx, m.Key, revision))
	}
	k := h.keys.of(m.Key)
	if k == nil {
		return nil // its day is over, nobody looks under it any more
	}
	if v, ok := k.read(m.Key, had); err == nil && (!ok || !v.over(h.o.Now())) {
		return nil // another's
	}
	mine, _ := k.read(m.Key, m.Value)
	mine.Until = 0
	return h.clear(p.Put(ctx, m.Key, k.seal(m.Key, mine), revision))
}

// makeKnown creates the marks of a claim at the first place after all. One that another
// device has made there is a double.
func (h *Hall) makeKnown(ctx context.Context, e *entry) {
	if len(h.o.Places) == 0 || h.isDown(0) {
		return
	}
	h.try(e, 0)
	for _, m := range e.Marks {
		asking, cancel := context.WithTimeout(ctx, patience)
		other, err := h.meet(asking, m)
		cancel()
		if err != nil {
			h.failed(0, e, err)
			return
		}
		if other == "" {
			continue
		}
		h.mu.Lock()
		fresh := !e.doubled
		e.doubled = true
		h.mu.Unlock()
		if fresh {
			h.o.Log.Warn("hall: a code counted twice", "other", other)
			h.o.Double(Double{What: e.What, At: e.At, Other: other})
		}
	}
	h.mu.Lock()
	e.home = true
	h.forgive(0)
	h.mu.Unlock()
}

// meet creates a mark, or says who was there.
func (h *Hall) meet(ctx context.Context, m mark) (other string, err error) {
	p := h.o.Places[0]
	if err = p.Put(ctx, m.Key, m.Value, 0); !errors.Is(err, h.o.Taken) {
		return "", err
	}
	had, revision, err := p.Get(ctx, m.Key)
	switch {
	case errors.Is(err, h.o.Absent):
		return "", errUnclear // given back this moment, or the place is not quick
	case err != nil:
		return "", err
	case bytes.Equal(had, m.Value):
		return "", nil
	}
	k := h.keys.of(m.Key)
	if k == nil {
		return "", nil // its day is over, nobody looks under it any more
	}
	v, ok := k.read(m.Key, had)
	if !ok {
		return "", errLies
	}
	if v.over(h.o.Now()) { // ours is the newer
		return "", h.clear(p.Put(ctx, m.Key, m.Value, revision))
	}
	if mine, ok := k.read(m.Key, m.Value); ok && v.Device == h.o.Device && v.Run == mine.Run {
		return "", nil // a later claim of the same code here, after this one's time
	}
	return v.Device, nil
}

// errUnclear: a place has something else than it said.
var errUnclear = errors.New("hall: a place does not say clearly who was there")

// clear makes another revision than was read that error.
func (h *Hall) clear(err error) error {
	if errors.Is(err, h.o.Taken) {
		return errUnclear
	}
	return err
}

// failed passes a place over that does not answer. One that answers, but is unclear about this claim or
// lies, is asked again after others had their turn.
func (h *Hall) failed(place int, e *entry, err error) {
	if !errors.Is(err, errUnclear) && !errors.Is(err, errLies) {
		h.fell(place, err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e.again = time.Now().Add(mendAgain)
	if errors.Is(err, errLies) {
		h.lies[place] = time.Now()
	}
}

// gone forgets a claim.
func (h *Hall) gone(n uint64) {
	h.mu.Lock()
	delete(h.entries, n)
	h.mu.Unlock()
	if err := h.log.end(n, "gone"); err != nil {
		h.o.Log.Error("hall", "err", err)
	}
}
