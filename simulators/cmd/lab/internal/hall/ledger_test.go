package hall

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
)

// ledger is everything that devices have written, by place (device/epoch/seq): the hash, or
// several of a place that a restored copy has written again.
type ledger map[string]*written

// written is one place of a record.
type written struct {
	hashes map[[sha256.Size]byte]bool
	time   time.Time
	kind   string
}

// entry is a line of an export, or the event of a line of the centre.
type entry struct {
	ID     string
	Time   time.Time
	Type   string
	Device string
	Epoch  string
	Pruned *struct{ Seq uint64 }
}

// keep ends a device's program and adds what its journal holds.
func (x *torture) keep(s *session) {
	x.t.Helper()
	if s.device != nil {
		x.must(s.stopDevice())
	}
	_, err := s.checkpoint(x.t.Context(), "journal", "verify", "--state", s.path("device"))
	x.must(err)
	text, err := s.export(x.t)
	x.must(err)
	for line := range figures.Lines(text) {
		var e entry
		x.must(json.Unmarshal(line, &e))
		switch {
		case e.Pruned != nil:
			x.done["events pruned"] += int(e.Pruned.Seq)
		case e.ID != "":
			p := x.ledger[e.ID]
			if p == nil {
				p = &written{map[[sha256.Size]byte]bool{}, e.Time, e.Type}
				x.ledger[e.ID] = p
			}
			p.hashes[sha256.Sum256(line)] = true
		}
	}
}

// export is what the journal of a device holds whose program has ended.
func (s *session) export(t *testing.T) ([]byte, error) {
	name := filepath.Join(t.TempDir(), "export.jsonl")
	if _, err := s.checkpoint(t.Context(), "journal", "export", "--state", s.path("device"), "-o", name); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

// compare holds what the devices have written against what the centre has: the same events,
// each once, to the byte.
func (x *torture) compare() {
	x.t.Helper()
	seen, claims := map[[sha256.Size]byte]string{}, 0
	at := map[string]bool{}
	for name := range x.both() {
		text, err := x.ask("/events?device=" + name + "&limit=1000000000")
		x.must(err)
		for line := range figures.Lines(text) {
			var stored struct {
				Device, Epoch string
				Seq           uint64
				Event         json.RawMessage
			}
			x.must(json.Unmarshal(line, &stored))
			place := fmt.Sprintf("%s/%s/%d", stored.Device, stored.Epoch, stored.Seq)
			var e entry
			x.must(json.Unmarshal(stored.Event, &e))
			hash := sha256.Sum256(stored.Event)
			if first, doubled := seen[hash]; doubled || at[place] {
				x.t.Errorf("doubled: %s, as %s", place, first)
			}
			seen[hash], at[place] = place, true
			p := x.ledger[e.ID]
			switch {
			case p == nil:
				x.t.Errorf("the centre has %s, which no device has written: %s", e.ID, e.Type)
			case !p.hashes[hash]:
				x.t.Errorf("the centre has another %s than the device", e.ID)
			}
			if strings.HasSuffix(e.Type, ".claimed.v1") {
				claims++
			}
		}
	}
	interrupted := 0
	for id, p := range x.ledger {
		if strings.HasSuffix(p.kind, ".interrupted.v1") {
			interrupted++
		}
		for hash := range p.hashes {
			if _, stored := seen[hash]; !stored {
				x.t.Errorf("lost: %s, %s of %v", id, p.kind, p.time)
			}
		}
		if p.time.Before(x.began.Add(-time.Minute)) || p.time.After(time.Now().Add(time.Minute)) {
			x.t.Errorf("%s, %s, is dated %v", id, p.kind, p.time)
		}
	}
	if x.done["events interrupted"] = interrupted; interrupted == 0 {
		x.t.Error("the record has nobody interrupted: this proves nothing of them")
	}
	openings := x.done["openings"]
	if len(seen) < 100 || claims == 0 {
		x.t.Errorf("%d events, %d claims: this proves nothing", len(seen), claims)
	}
	for _, s := range x.both() {
		for _, b := range s.boards(x.t) {
			openings += b.Openings
			if b.OnABeam > 0 || len(b.Complaints) > 0 {
				x.t.Errorf("board: %+v", b)
			}
		}
	}
	if openings > claims {
		x.t.Errorf("%d openings, but only %d admissions in the journals", openings, claims)
	}
	x.done["events, the same here and there"] = len(seen)
	x.done["openings"], x.done["admissions"] = openings, claims
}
