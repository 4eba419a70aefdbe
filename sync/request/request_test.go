package request

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/checkpoint/sync/sign1"
)

// liar answers as it is told.
type liar struct {
	asked    int
	subjects map[string]bool
	answer   func(q question) ([]byte, error)
}

func (l *liar) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if l.subjects == nil {
		l.subjects = map[string]bool{}
	}
	l.asked, l.subjects[subject] = l.asked+1, true
	if l.answer == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var q question
	if err := json.Unmarshal(data, &q); err != nil {
		return nil, err
	}
	return l.answer(q)
}

func newKey(t *testing.T) (*ecdsa.PrivateKey, sign1.Keys) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := sign1.KeyIDOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, sign1.Keys{id: &key.PublicKey}
}

// client is one whose requests are not signed, so that the liar can read them.
func client(l Line, keys sign1.Keys) *Client {
	return New(l, Options{Device: "g1", Site: "HZMB", Keys: func() sign1.Keys { return keys }, Now: time.Now, Rand: rand.Reader,
		Sign: func(_ string, payload []byte) ([]byte, error) { return payload, nil },
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		}})
}

// TestLies: what the centre has not signed, as the answer to this request, is no answer.
func TestLies(t *testing.T) {
	key, keys := newKey(t)
	other, _ := newKey(t)
	signed := func(k *ecdsa.PrivateKey, purpose string, r map[string]any) ([]byte, error) {
		payload, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		return sign1.Sign(k, purpose, payload)
	}
	good := func(q question) map[string]any {
		return map[string]any{"v": 1, "device": q.Device, "kind": q.Kind, "key": q.Key, "status": "match"}
	}
	with := func(q question, name string, v any) map[string]any {
		m := good(q)
		m[name] = v
		return m
	}
	for name, answer := range map[string]func(q question) ([]byte, error){
		"unsigned":        func(q question) ([]byte, error) { return json.Marshal(good(q)) },
		"another's key":   func(q question) ([]byte, error) { return signed(other, "reply", good(q)) },
		"another purpose": func(q question) ([]byte, error) { return signed(key, "mark", good(q)) },
		"another request": func(q question) ([]byte, error) { return signed(key, "reply", with(q, "key", "00")) },
		"another device":  func(q question) ([]byte, error) { return signed(key, "reply", with(q, "device", "g2")) },
		"another kind":    func(q question) ([]byte, error) { return signed(key, "reply", with(q, "kind", "otp.check")) },
		"empty":           func(question) ([]byte, error) { return nil, nil },
		"too long":        func(question) ([]byte, error) { return make([]byte, maxReply+1), nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &liar{answer: answer}
			m, err := client(l, keys).Identity(t.Context(), Document{})
			if m != Unknown || !errors.Is(err, ErrUnknown) || l.asked != tries {
				t.Errorf("%s: %v, %v after %d tries", name, m, err, l.asked)
			}
		})
	}
	m, err := client(&liar{answer: func(q question) ([]byte, error) { return signed(key, "reply", good(q)) }}, keys).Identity(t.Context(), Document{})
	if m != Matches || err != nil {
		t.Errorf("the truth: %v, %v", m, err)
	}
	m, err = client(&liar{answer: func(q question) ([]byte, error) { return signed(key, "reply", with(q, "status", "no idea")) }}, keys).Identity(t.Context(), Document{})
	if m != Unknown || err != nil {
		t.Errorf("a word that is not known: %v, %v", m, err)
	}
}

// TestDeadline: with nobody there each question is asked three times, nobody waits longer than 5 s
// for an identity or a one-time code, nor 60 s for the rest, and what is said then is never no.
func TestDeadline(t *testing.T) {
	unknown := func(m Match, err error) error {
		if m != Unknown {
			t.Errorf("nobody has said %v", m)
		}
		return err
	}
	for name, c := range map[string]struct {
		most time.Duration
		ask  func(context.Context, *Client) error
	}{
		"identity":  {5 * time.Second, func(ctx context.Context, c *Client) error { return unknown(c.Identity(ctx, Document{})) }},
		"otp.send":  {5 * time.Second, func(ctx context.Context, c *Client) error { _, err := c.SendCode(ctx, "1"); return err }},
		"otp.check": {5 * time.Second, func(ctx context.Context, c *Client) error { return unknown(c.CheckCode(ctx, "t", "1")) }},
		"lease":     {time.Minute, func(ctx context.Context, c *Client) error { _, err := c.Lease(ctx, "q", "d", "h", 1); return err }},
		"sitekey":   {time.Minute, func(ctx context.Context, c *Client) error { _, err := c.SiteKeys(ctx); return err }},
		"packet":    {time.Minute, func(ctx context.Context, c *Client) error { _, err := c.Packet(ctx, "p", []byte("x")); return err }},
		"enrol":     {time.Minute, func(ctx context.Context, c *Client) error { _, err := c.Renew(ctx, "", ""); return err }},
		"issue":     {time.Minute, func(ctx context.Context, c *Client) error { _, _, err := c.Issue(ctx, "f", nil); return err }},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, began := &liar{}, time.Now()
			if err := c.ask(context.Background(), client(l, nil)); !errors.Is(err, ErrUnknown) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > c.most || took < c.most/2 || l.asked != 3 {
				t.Errorf("%s: %v, %d tries", name, took, l.asked)
			}
			if len(l.subjects) != 1 || !l.subjects["rq.hzmb."+name] {
				t.Errorf("%s: asked on %v", name, l.subjects)
			}
		})
	}
}

// TestSameKey: all tries of one question carry one key, and another question has another.
func TestSameKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := map[string]int{}
		l := &liar{answer: func(q question) ([]byte, error) { keys[q.Key]++; return nil, errCut }}
		c := client(l, nil)
		for range 2 {
			c.Identity(t.Context(), Document{})
		}
		for key, n := range keys {
			if len(key) != 32 || n != 3 {
				t.Errorf("key %q in %d tries", key, n)
			}
		}
		if len(keys) != 2 {
			t.Errorf("%d keys", len(keys))
		}
	})
}

// TestJitter: a hall does not ask again as one.
func TestJitter(t *testing.T) {
	var first, second []time.Duration
	for range 20 {
		c := client(&liar{answer: func(question) ([]byte, error) { return nil, errCut }}, nil)
		var pauses []time.Duration
		c.o.Wait = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
		c.Identity(t.Context(), Document{})
		if len(pauses) != 2 || pauses[0] < 0 || pauses[0] >= 250*time.Millisecond || pauses[1] < 0 || pauses[1] >= 500*time.Millisecond {
			t.Fatal(pauses)
		}
		first, second = append(first, pauses[0]), append(second, pauses[1])
	}
	if slices.Max(first)-slices.Min(first) < 20*time.Millisecond || slices.Max(second) < 100*time.Millisecond {
		t.Errorf("%v, %v", first, second)
	}
}

// TestRetryBudget: a centre that is down is soon asked once for each request, not thrice.
func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &liar{answer: func(question) ([]byte, error) { return nil, errCut }}
		c := client(l, nil)
		const requests = 50
		for range requests {
			c.Identity(t.Context(), Document{})
		}
		if most := requests + int(allowance); l.asked > most {
			t.Errorf("%d times for %d requests, want at most %d", l.asked, requests, most)
		}
	})
}

// FuzzReply: no signed answer makes a client panic, nor a match of anything but the word.
func FuzzReply(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	id, err := sign1.KeyIDOf(&key.PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"v":1,"device":"g1","kind":"sitekey","key":"KEY","status":"keys","body":{"keys":["AAAA"]}}`))
	f.Add([]byte(`{"v":1,"device":"g1","kind":"packet","key":"KEY","status":"more","body":{"have":-1}}`))
	f.Add([]byte(`{"v":1,"device":"g1","kind":"packet","key":"KEY","status":"received","body":{"have":3,"receipt":"AAAA"}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var q question
		line := &liar{answer: func(got question) ([]byte, error) {
			q = got
			return sign1.Sign(key, "reply", bytes.ReplaceAll(payload, []byte("KEY"), []byte(q.Key)))
		}}
		c := client(line, sign1.Keys{id: &key.PublicKey})
		c.o.Wait = func(context.Context, time.Duration) error { return nil }
		if files, err := c.SiteKeys(t.Context()); err == nil && len(files) > 0 {
			t.Fatal("a key opened that nobody sealed")
		}
		if _, err := c.Packet(t.Context(), "p", []byte("abc")); err == nil {
			t.Fatal("a receipt that nobody signed")
		}
	})
}
