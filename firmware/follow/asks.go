package follow

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/credential/holder"
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
)

// askCentre asks for the site's keys and for tokens when few are left, until ctx is done.
func (f *Follower) askCentre(ctx context.Context) {
	var keys time.Time // when to ask for them, monotonic
	for tick := time.NewTicker(askEvery); ; {
		if f.link.State().Connected && f.asks.keys.Load() != nil {
			if now := time.Now(); now.After(keys) {
				keys = now.Add(siteKeyEvery)
				if err := f.askSiteKeys(ctx); err != nil {
					f.log.Info("site keys", "err", err)
					keys = now.Add(siteKeyAgain)
				}
			}
			f.askLeases(ctx)
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

// askLeases asks for tokens of each share of which few are left. The centre also sends what it
// gives over the usual way; whichever comes first counts.
func (f *Follower) askLeases(ctx context.Context) {
	quotas := f.asks.quotas.Load()
	if quotas == nil {
		return
	}
	held, err := f.device.Journal.Holdings()
	if err != nil {
		f.log.Error("journal", "err", err)
		return
	}
	asked := map[order.Share]bool{}
	for _, l := range f.config.Lanes {
		for _, share := range quotas.Shares(f.device.Journal.Lane(l.Name).Place(), f.device.Clock.Now()) {
			if asked[share] {
				continue
			}
			asked[share] = true
			var tokens, spent uint64
			for _, h := range held {
				if h.Share == share {
					if spent = h.Spent; f.device.Clock.Now().Before(h.Expires) {
						tokens = h.Tokens
					}
				}
			}
			if tokens >= spent+leaseLow {
				continue
			}
			word, err := f.asks.client.Lease(ctx, share.Quota, share.Day, f.device.Journal.Holder(), spent+leaseAhead)
			if err != nil {
				f.log.Debug("lease", "err", err)
				continue
			}
			f.hear(word)
		}
	}
}
