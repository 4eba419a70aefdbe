package centre

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats.go/jetstream"
)

// TestOrdersAreRestated: of an order that was given and not put into the stream, because the centre was
// killed in between, those who were away hear once it runs again.
func TestOrdersAreRestated(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	for _, order := range []string{`{"kind":"breaker","state":"halt"}`, `{"kind":"breaker","state":"halt","scope":{"site":"LMC"}}`, `{"kind":"breaker","state":"open","scope":{"site":"LMC"}}`} {
		r, err := http.Post(b.c.HTTPURL()+"/order", "application/json", strings.NewReader(order))
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatal(r, err)
		}
		r.Body.Close()
	}
	stream := func() jetstream.Stream {
		s, err := b.js.Stream(t.Context(), streams.Orders)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := stream()
	before := s.CachedInfo().State
	if before.Msgs != 2 {
		t.Fatalf("%d orders stand", before.Msgs)
	}
	if err := s.DeleteMsg(t.Context(), before.FirstSeq); err != nil {
		t.Fatal(err)
	}
	b.stop()
	b.open(dir)
	b.eventually("both stand again", func() bool { return stream().CachedInfo().State.Msgs == 2 })
	if last := stream().CachedInfo().State.LastSeq; last != before.LastSeq+1 {
		t.Errorf("%d were put there anew, want the one that was missing", last-before.LastSeq)
	}
}

// TestOrdersAreWatched: what a server acknowledges goes where the message asks for it, also in the place of an
// order that stands. Neither that nor junk beside it stays.
func TestOrdersAreWatched(t *testing.T) {
	b := start(t, t.TempDir())
	r, err := http.Post(b.c.HTTPURL()+"/order", "application/json", strings.NewReader(`{"kind":"breaker","state":"halt"}`))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	r.Body.Close()
	s, err := b.js.Stream(t.Context(), streams.Orders)
	if err != nil {
		t.Fatal(err)
	}
	order, err := s.GetMsg(t.Context(), s.CachedInfo().State.LastSeq)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{order.Subject, "order.x"} {
		if err := b.js.Conn().PublishRequest("cp.g1", to, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	b.eventually("junk is there", func() bool {
		info, err := s.Info(t.Context())
		return err == nil && info.State.LastSeq >= 3
	})
	b.eventually("the order alone stands again", func() bool {
		info, err := s.Info(t.Context())
		last, err2 := s.GetLastMsgForSubject(t.Context(), order.Subject)
		return err == nil && err2 == nil && info.State.Msgs == 1 && bytes.Equal(last.Data, order.Data)
	})
}
