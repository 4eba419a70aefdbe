package hall

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/sync/sign1"
)

// Sharing has the devices of a hall use the same day keys. The first that asks the hub for
// a day's key and finds none makes it; the hub, which never sees it, keeps its name, and
// whoever has the key hands it to the others, sealed to each.
//
//	bucket hall, key <site>.day.<YYYY-MM-DD>  COSE_Sign1 by a device key, aad "hall-day",  JSON {"v":1,"device","day","id","before":[<id of an earlier key of that day>…]}
//	request hall.<site>.key             COSE_Sign1 by a device key, aad "hall-ask",  JSON {"v":1,"device","day","id","to":<X25519>}
//	answer hall.<site>.to.<who asks>.…  COSE_Sign1 by a device key, aad "hall-key",  JSON {"v":1,"device","day","id","to","sealed"}
//	sealed = HPKE base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, info "hall:" || day || ":" || id, enc || ct
type Sharing struct {
	Hall    *Hall
	Site    string
	Names   Place // the bucket hall at the hub
	Line    Line
	Sign    func(purpose string, payload []byte) ([]byte, error) // with the device key
	Trusted func() sign1.Keys                                    // device keys that the bundle names
	Log     *slog.Logger

	missing map[string]time.Time // day → since when nobody hands out its key
}

// Line is the line to the hub.
type Line interface {
	AskPeers(ctx context.Context, subject string, data []byte) ([]byte, error)
	Serve(subject string, answer func([]byte) []byte) error
}

const (
	shareEvery = 5 * time.Second
	orphaned   = 30 * time.Second // after which a key that nobody hands out is made anew
	ahead      = 12 * time.Hour   // how early the next day's key is agreed on: the hub may be away at midnight
	maxBefore  = 8                // keys of one day that were the hall's before the last
)

// word is the payload of all three.
type word struct {
	V      int      `json:"v"`
	Device string   `json:"device"`
	Day    string   `json:"day"`
	ID     string   `json:"id"`
	Before []string `json:"before,omitempty"`
	To     []byte   `json:"to,omitempty"`
	Sealed []byte   `json:"sealed,omitempty"`
}

var errNobody = errors.New("hall: nobody hands the day key out")

// Run agrees on the keys of today and tomorrow, and has those asked for under which earlier marks may
// stand, until ctx is done.
func (s *Sharing) Run(ctx context.Context) error {
	s.missing = map[string]time.Time{}
	if err := s.Line.Serve(s.subject(), s.hand); err != nil {
		return err
	}
	for tick := time.NewTicker(shareEvery); ; {
		now := s.Hall.o.Now()
		s.Hall.keys.sweep(now, s.Hall.o.Window)
		for _, day := range days(now, s.Hall.o.Window) {
			if err := s.agree(ctx, day); err != nil {
				s.Log.Debug("hall: day key", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// days are those of which a device needs the key: today first.
func days(now time.Time, window time.Duration) []string {
	list := []string{now.UTC().Format(time.DateOnly), now.Add(ahead).UTC().Format(time.DateOnly)}
	for at := now.Add(-24 * time.Hour); at.UTC().Format(time.DateOnly) >= now.Add(-window).UTC().Format(time.DateOnly); at = at.Add(-24 * time.Hour) {
		list = append(list, at.UTC().Format(time.DateOnly))
	}
	return slices.Compact(list)
}

// subject has the site in lower case, as the tags of NATS users are.
func (s *Sharing) subject() string { return "hall." + strings.ToLower(s.Site) + ".key" }

// agree has this device use the key of a day that the hub knows by name. None is made of a day that is
// over.
func (s *Sharing) agree(run context.Context, day string) error {
	ctx, cancel := context.WithTimeout(run, patience)
	defer cancel()
	past := day < s.Hall.o.Now().UTC().Format(time.DateOnly)
	text, revision, err := s.Names.Get(ctx, "day."+day)
	if errors.Is(err, s.Hall.o.Absent) && past {
		return nil
	} else if errors.Is(err, s.Hall.o.Absent) {
		return s.name(ctx, word{Day: day}, 0)
	} else if err != nil {
		return err
	}
	w, err := s.open("hall-day", text)
	if err != nil || w.Day != day {
		return fmt.Errorf("hall: the hub's name of the day key is not one of the hall's: %w", errors.Join(err, errLies))
	}
	if had := s.Hall.keys.get(day); had != nil && had.id() == w.ID {
		delete(s.missing, day)
		if had.Given {
			return s.askBefore(run, w)
		}
		had.Given = true
		return s.Hall.keys.set(*had)
	}
	key, err := s.ask(ctx, w)
	if err == nil {
		delete(s.missing, day)
		return errors.Join(s.Hall.keys.set(dayKey{day, key, true}), s.askBefore(run, w))
	}
	if since, ok := s.missing[day]; !ok {
		s.missing[day] = time.Now()
	} else if time.Since(since) > orphaned && !past {
		delete(s.missing, day)
		return s.name(context.WithoutCancel(ctx), w, revision)
	}
	return err
}

// askBefore asks for the keys that were the hall's before the last of that day: under them stands who
// was there until then. One that nobody has any more keeps none of the others away.
func (s *Sharing) askBefore(ctx context.Context, w word) (failed error) {
	for _, id := range w.Before[:min(len(w.Before), maxBefore)] {
		if s.Hall.keys.of(w.Day+"-"+id) != nil {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, patience)
		key, err := s.ask(asking, word{Day: w.Day, ID: id})
		cancel()
		if err == nil {
			err = s.Hall.keys.add(dayKey{w.Day, key, true})
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// name makes a key in the place of what the hub names, and has it keep its name, unless another was
// quicker.
func (s *Sharing) name(ctx context.Context, old word, revision uint64) error {
	day := old.Day
	key, err := s.Hall.keys.fresh(day)
	if err != nil {
		return err
	}
	before := slices.DeleteFunc(append(slices.Clone(old.Before), old.ID), func(id string) bool { return id == "" || id == key.id() })
	before = before[max(0, len(before)-maxBefore):]
	text, err := s.sign("hall-day", word{V: 1, Device: s.Hall.o.Device, Day: day, ID: key.id(), Before: before})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.Names.Put(ctx, "day."+day, text, revision); err != nil {
		return err
	}
	key.Given = true
	return s.Hall.keys.set(key)
}

// ask has another device hand the key out.
func (s *Sharing) ask(ctx context.Context, w word) ([]byte, error) {
	own, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		return nil, err
	}
	to := own.PublicKey().Bytes()
	text, err := s.sign("hall-ask", word{V: 1, Device: s.Hall.o.Device, Day: w.Day, ID: w.ID, To: to})
	if err != nil {
		return nil, err
	}
	answer, err := s.Line.AskPeers(ctx, s.subject(), text)
	if err != nil {
		return nil, errors.Join(errNobody, err)
	}
	got, err := s.open("hall-key", answer)
	if err != nil {
		return nil, err
	}
	if got.Day != w.Day || got.ID != w.ID || string(got.To) != string(to) {
		return nil, errNobody
	}
	key, err := hpke.Open(own, hpke.HKDFSHA256(), hpke.AES128GCM(), info(w), got.Sealed)
	if err != nil || len(key) != keySize || (dayKey{Key: key}).id() != w.ID {
		return nil, fmt.Errorf("%w: what it says does not open", errNobody)
	}
	return key, nil
}

// hand answers who asks for a key that this device has.
func (s *Sharing) hand(text []byte) []byte {
	w, err := s.open("hall-ask", text)
	if err != nil || w.Device == s.Hall.o.Device {
		return nil
	}
	key := s.Hall.keys.of(w.Day + "-" + w.ID)
	if key == nil || !key.Given {
		return nil
	}
	point, err := ecdh.X25519().NewPublicKey(w.To)
	if err != nil {
		return nil
	}
	to, err := hpke.NewDHKEMPublicKey(point)
	if err != nil {
		return nil
	}
	sealed, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES128GCM(), info(w), key.Key)
	if err != nil {
		return nil
	}
	answer, err := s.sign("hall-key", word{V: 1, Device: s.Hall.o.Device, Day: w.Day, ID: w.ID, To: w.To, Sealed: sealed})
	if err != nil {
		s.Log.Error("hall: day key", "err", err)
		return nil
	}
	return answer
}

func info(w word) []byte { return []byte("hall:" + w.Day + ":" + w.ID) }

func (s *Sharing) sign(purpose string, w word) ([]byte, error) {
	payload, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("hall: %w", err)
	}
	return s.Sign(purpose, payload)
}

// maxWord bounds what others say in bytes.
const maxWord = 4 << 10

// open reads what a device of the hall has signed.
func (s *Sharing) open(purpose string, text []byte) (w word, err error) {
	if len(text) > maxWord {
		return w, sign1.ErrMalformed
	}
	payload, err := sign1.Open(s.Trusted(), purpose, text)
	if err != nil {
		return w, err
	}
	if json.Unmarshal(payload, &w) != nil || w.V != 1 {
		return w, sign1.ErrMalformed
	}
	return w, nil
}
