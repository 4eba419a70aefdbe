package appliance

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/request"
	"example.org/checkpoint/sync/sign1"
)

// asks is what the device asks the centre for (PROTOCOL C7).
type asks struct {
	client *request.Client             // nil without a centre
	keys   atomic.Pointer[sign1.Dated] // that sign answers
	sign   func(purpose string, payload []byte) ([]byte, error)
	peers  atomic.Pointer[sign1.Dated] // of devices
	quotas atomic.Pointer[order.Quotas]
}

// use takes what a set says of the centre's answers, and of what an admission costs.
func (s *asks) use(set bundle.Set, quotas order.Quotas) error {
	s.quotas.Store(&quotas)
	text, err := fs.ReadFile(set.FS, "keys.json")
	if err != nil {
		return err
	}
	keys, err := sign1.ReadKeys(text, "reply")
	if err != nil {
		return err
	}
	peers, err := sign1.ReadKeys(text, "device")
	if err != nil {
		return err
	}
	s.keys.Store(&keys)
	s.peers.Store(&peers)
	return nil
}

// client makes the client of requests.
func (a *Appliance) client(sign func(string, []byte) ([]byte, error)) *request.Client {
	a.asks.sign = sign
	return request.New(a.link, request.Options{Device: a.config.Device.Name, Site: a.config.Device.Site, Sign: sign, Rand: rand.Reader,
		Wait: wait, Now: func() time.Time { return a.clock.Now() }, Keys: func() sign1.Keys {
			if keys := a.asks.keys.Load(); keys != nil {
				return keys.At(a.clock.Now())
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
func (a *Appliance) askCentre(ctx context.Context) {
	var keys time.Time // when to ask for them, monotonic
	for tick := time.NewTicker(askEvery); ; {
		if a.link.State().Connected && a.asks.keys.Load() != nil {
			if now := time.Now(); now.After(keys) {
				keys = now.Add(siteKeyEvery)
				if err := a.askSiteKeys(ctx); err != nil {
					a.log.Info("site keys", "err", err)
					keys = now.Add(siteKeyAgain)
				}
			}
			a.askLeases(ctx)
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
func (a *Appliance) siteKeyFolder() string { return filepath.Join(a.config.Device.State, "site-keys") }

// askSiteKeys keeps the keys that the centre gives in place of those that it gave before. One
// that does not parse, or is another site's, spoils the answer. They open from the next set of
// rules on, or the next time that the set in force is looked at.
func (a *Appliance) askSiteKeys(ctx context.Context) error {
	files, err := a.asks.client.SiteKeys(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	if err := os.MkdirAll(a.siteKeyFolder(), 0o700); err != nil {
		return err
	}
	var names []string
	for _, file := range files {
		site, err := holder.SiteKeys{}.AddFile(file)
		if err == nil && site != a.config.Device.Site {
			err = errors.New("it is another site's")
		}
		if err != nil {
			return fmt.Errorf("a key from the centre: %w", err)
		}
		var f struct{ KID string } // which AddFile has checked
		if err := json.Unmarshal(file, &f); err != nil {
			return err
		}
		names = append(names, "site-key-"+f.KID+".json")
	}
	for i, name := range names {
		if err := keep(filepath.Join(a.siteKeyFolder(), name), files[i]); err != nil {
			return err
		}
	}
	old, err := os.ReadDir(a.siteKeyFolder())
	for _, f := range old {
		if !slices.Contains(names, f.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(a.siteKeyFolder(), f.Name())))
		}
	}
	return err
}

// keep writes a private file whole or not at all.
func keep(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// askLeases asks for tokens of each share of which few are left. The centre also sends what it
// gives over the usual way; whichever comes first counts.
func (a *Appliance) askLeases(ctx context.Context) {
	quotas := a.asks.quotas.Load()
	if quotas == nil {
		return
	}
	held, err := a.journal.Holdings()
	if err != nil {
		a.log.Error("journal", "err", err)
		return
	}
	asked := map[order.Share]bool{}
	for _, l := range a.lanes {
		for _, share := range quotas.Shares(l.journal.Place(), a.clock.Now()) {
			if asked[share] {
				continue
			}
			asked[share] = true
			var tokens, spent uint64
			for _, h := range held {
				if h.Share == share {
					if spent = h.Spent; a.clock.Now().Before(h.Expires) {
						tokens = h.Tokens
					}
				}
			}
			if tokens >= spent+leaseLow {
				continue
			}
			word, err := a.asks.client.Lease(ctx, share.Quota, share.Day, a.journal.Holder(), spent+leaseAhead)
			if err != nil {
				a.log.Debug("lease", "err", err)
				continue
			}
			a.hear(word)
		}
	}
}
