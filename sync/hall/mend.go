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

// waiting are the claims that have something left to be done, oldest first.
func (h *Hall) waiting() []uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []uint64
	for n, e := range h.entries {
		if !e.busy && (e.End != "" || !e.home) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all[:min(len(all), mendBatch)]
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
	over := true
	for _, m := range e.Marks {
		over = over && h.o.Now().After(m.Until.Add(h.o.Window))
	}
	switch {
	case over || end == "used" && home:
		h.gone(n)
	case end == "free":
		h.takeBack(ctx, e, tried)
	case !home:
		h.makeKnown(ctx, e)
	}
}

// takeBack deletes the marks of a claim wherever they may be.
func (h *Hall) takeBack(ctx context.Context, e *entry, tried []bool) {
	for i, p := range h.o.Places {
		if !tried[i] {
			continue
		}
		if h.isDown(i) {
			return // later
		}
		for _, m := range e.Marks {
			asking, cancel := context.WithTimeout(ctx, patience)
			had, revision, err := p.Get(asking, m.Key)
			if err == nil && bytes.Equal(had, m.Value) {
				err = p.Delete(asking, m.Key, revision)
			}
			cancel()
			if err != nil && !errors.Is(err, h.o.Absent) && !errors.Is(err, h.o.Taken) {
				h.fell(i, err)
				return
			}
		}
		h.mu.Lock()
		e.tried[i] = false
		h.mu.Unlock()
	}
	h.gone(e.N)
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
			h.fell(0, err)
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
		return "", nil // given back: next time
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
	if mine, ok := k.read(m.Key, m.Value); ok && v.Device == h.o.Device && v.Run == mine.Run {
		return "", nil // a later claim of the same code here, after this one's time
	}
	if v.Until < h.o.Now().Unix() { // over: ours is the newer
		return "", p.Put(ctx, m.Key, m.Value, revision)
	}
	return v.Device, nil
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
