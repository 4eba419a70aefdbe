package follow

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/journal/standing"
	"example.org/checkpoint/firmware/journal/statefile"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/request"
	"example.org/checkpoint/sync/sign1"
)

// asks is what the device asks the centre for (PROTOCOL C7).
type asks struct {
	client *request.Client             // nil without a centre
	key    *enrol.Key                  // of the device; likewise
	pass   atomic.Pointer[enrol.Pass]  // by which it comes in; nil: it comes in plainly
	keys   atomic.Pointer[sign1.Dated] // that sign answers
	sign   func(purpose string, payload []byte) ([]byte, error)
	peers  atomic.Pointer[sign1.Dated] // of the site's devices
	quotas atomic.Pointer[order.Quotas]
}

// client makes the client of requests.
func (f *Follower) client(sign func(string, []byte) ([]byte, error)) *request.Client {
	f.asks.sign = sign
	return request.New(f.link, request.Options{Device: f.config.Device.Name, Site: f.config.Device.Site, Sign: sign, Rand: rand.Reader,
		Wait: wait, Now: func() time.Time { return f.device.Clock.Now() }, Keys: func() sign1.Keys {
			if keys := f.asks.keys.Load(); keys != nil {
				return keys.At(f.device.Clock.Now())
			}
			return nil
		}})
}

// wait waits, or until ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

const (
	askEvery     = 5 * time.Second // how often is looked whether tokens are low
	siteKeyEvery = time.Hour       // they change every week
	siteKeyAgain = time.Minute     // after nobody has answered
	leaseAhead   = 100             // tokens that are asked for beyond those spent
	leaseLow     = 25              // tokens left at which that is done
	leaseEarly   = 2 * time.Hour   // how long before a day begins tokens of it are asked for
	leaseAgain   = 2 * time.Minute // at most, between two questions that bring nothing
)

// askCentre asks for the site's keys and for tokens when few are left, until ctx is done.
func (f *Follower) askCentre(ctx context.Context) {
	var keys time.Time // when to ask for them, monotonic
	pauses := map[order.Share]pause{}
	for tick := time.NewTicker(askEvery); ; {
		if f.link.State().Connected && f.asks.keys.Load() != nil {
			if now := time.Now(); now.After(keys) {
				keys = now.Add(siteKeyEvery)
				if err := f.askSiteKeys(ctx); err != nil {
					f.log.Info("site keys", "err", err)
					keys = now.Add(siteKeyAgain)
				}
			}
			f.askLeases(ctx, pauses)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// siteKeyFolder is where keys stay that the centre gave, so that sealed codes open after a
// restart without it.
func (f *Follower) siteKeyFolder() string { return filepath.Join(f.config.Device.State, "site-keys") }

// askSiteKeys keeps the keys that the centre gives in place of those that it gave before. One
// that does not parse, or is another site's, spoils the answer. They open from the next set of
// rules on, or the next time that the set in force is looked at.
func (f *Follower) askSiteKeys(ctx context.Context) error {
	files, err := f.asks.client.SiteKeys(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	if err := os.MkdirAll(f.siteKeyFolder(), 0o700); err != nil {
		return err
	}
	var names []string
	for _, file := range files {
		site, err := holder.SiteKeys{}.AddFile(file)
		if err == nil && site != f.config.Device.Site {
			err = errors.New("it is another site's")
		}
		if err != nil {
			return fmt.Errorf("a key from the centre: %w", err)
		}
		var named struct{ KID string } // which AddFile has checked
		if err := json.Unmarshal(file, &named); err != nil {
			return err
		}
		names = append(names, "site-key-"+named.KID+".json")
	}
	for i, name := range names {
		if err := statefile.Replace(filepath.Join(f.siteKeyFolder(), name), files[i]); err != nil {
			return err
		}
	}
	old, err := os.ReadDir(f.siteKeyFolder())
	for _, was := range old {
		if !slices.Contains(names, was.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(f.siteKeyFolder(), was.Name())))
		}
	}
	return err
}

// pause is for how long a share is not asked for, after a question that brought nothing.
type pause struct {
	until time.Time // monotonic
	last  time.Duration
}

// askLeases asks for tokens of each share of which few are left, today's and, before its day begins, that
// of tomorrow, so that a night without a line stops nobody. The centre also sends what it gives over the
// usual way; whichever comes first counts. A quota that has nothing left is asked for less and less often.
func (f *Follower) askLeases(ctx context.Context, pauses map[order.Share]pause) {
	quotas := f.asks.quotas.Load()
	if quotas == nil {
		return
	}
	held, err := f.device.Journal.Holdings()
	if err != nil {
		f.log.Error("journal", "err", err)
		return
	}
	var due []order.Share
	now := f.device.Clock.Now()
	for _, at := range []time.Time{now, now.Add(leaseEarly)} {
		for _, l := range f.config.Lanes {
			for _, share := range quotas.Shares(f.device.Journal.Lane(l.Name).Place(), at) {
				if !slices.Contains(due, share) {
					due = append(due, share)
				}
			}
		}
	}
	maps.DeleteFunc(pauses, func(s order.Share, _ pause) bool { return !slices.Contains(due, s) })
	for _, share := range due {
		tokens, spent := f.held(held, share)
		if tokens >= spent+leaseLow || time.Now().Before(pauses[share].until) {
			continue
		}
		word, err := f.asks.client.Lease(ctx, share.Quota, share.Day, f.device.Journal.Holder(), spent+leaseAhead)
		if err != nil {
			f.log.Debug("lease", "err", err)
		} else {
			f.hear(word)
		}
		if now, err := f.device.Journal.Holdings(); err == nil {
			if got, _ := f.held(now, share); got > tokens {
				delete(pauses, share)
				continue
			}
		}
		next := min(max(2*pauses[share].last, askEvery/2), leaseAgain)
		pauses[share] = pause{time.Now().Add(next), next}
	}
}

// held is how many tokens of a share the device may spend altogether, and how many it has.
func (f *Follower) held(all []standing.Holding, share order.Share) (tokens, spent uint64) {
	for _, h := range all {
		if h.Share == share {
			if spent = h.Spent; f.device.Clock.Now().Before(h.Expires) {
				tokens = h.Tokens
			}
		}
	}
	return tokens, spent
}
