package follow

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal/evidence"
	"example.org/checkpoint/firmware/journal/layout"
	"example.org/checkpoint/simulators/centre"
	"example.org/checkpoint/sync/enrol"
	"example.org/checkpoint/sync/outbox"
)

// TestHubWitnesses: while the centre is away the hub keeps the checkpoints of its devices, by which
// an older copy of the record, whole in itself, is found to lack its end.
func TestHubWitnesses(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	hub, err := centre.NewHub(filepath.Join(t.TempDir(), "hub"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	o.publish() // the first root
	o.files["keys.json"] = &fstest.MapFile{Data: o.peersFile("g1")}
	o.stop()
	a := o.inHall("g1", hub.URL())
	key, _, err := enrol.Load(a.config.Device.State)
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	card, err := key.Card("g1", "LMC")
	if err == nil {
		text, err = json.Marshal(card)
	}
	if err != nil {
		t.Fatal(err)
	}
	keys, err := enrol.ReadCard(text)
	if err != nil {
		t.Fatal(err)
	}

	old := filepath.Join(t.TempDir(), "journal.db")
	data, err := os.ReadFile(filepath.Join(a.config.Device.State, layout.File))
	if err == nil {
		err = os.WriteFile(old, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := a.device.Journal.Append(event.Event{At: time.Now(), Kind: event.Condition}); err != nil {
			t.Fatal(err)
		}
	}
	epoch, seq, hash, err := a.device.Journal.Head()
	if err != nil {
		t.Fatal(err)
	}
	want := chain.Checkpoint{Device: "g1", Epoch: epoch, Point: chain.Point{Seq: seq, Hash: hash}}
	var kept evidence.Known
	o.eventually("the hub has a checkpoint of the last event", func() bool {
		list, err := hub.Checkpoints(t.Context(), "g1")
		if err != nil || len(list) == 0 {
			return false
		}
		signed, err := hex.DecodeString(list[len(list)-1])
		if err != nil {
			t.Fatal(err)
		}
		c, err := outbox.OpenCheckpoint(keys, signed)
		if err != nil {
			t.Fatal(err)
		}
		kept.Checkpoints = []chain.Checkpoint{c}
		return c == want
	})
	if r, err := evidence.Verify(old, kept); err != nil || r.Fault == nil || r.Fault.Kind != chain.Truncation {
		t.Errorf("%+v %v", r.Fault, err)
	}
}
