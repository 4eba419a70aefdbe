package centre

import (
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
