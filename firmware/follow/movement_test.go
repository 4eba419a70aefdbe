package follow

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"
	"testing/fstest"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/movement"
)

// TestMovementOfASite: what the site's file has kept of a movement is kept from the set on, and no
// more from the next.
func TestMovementOfASite(t *testing.T) {
	o := newOffice(t)
	o.eventually("the centre serves", func() bool { return len(o.get("/keys")) > 0 })
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed := base64.StdEncoding.EncodeToString(key.PublicKey().Bytes())
	o.files["sites/LMC.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"v":1,"zone":"UTC","movement":{"record":"sealed","days":30,"seal":%q}}`, sealed)}
	o.publish()
	a, _ := o.device("gate")
	o.eventually("rules", func() bool { return a.rules.Load() != nil })
	commits := func() bool {
		if !a.admits(t, "1") {
			t.Fatal("nobody is admitted")
		}
		all, err := a.device.Journal.Recent(20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if r.Kind == event.Claimed {
				return r.Note[movement.Note] != ""
			}
		}
		t.Fatal("no claim")
		return false
	}
	if !commits() {
		t.Error("the event does not commit to a record")
	}
	o.files["sites/LMC.json"] = &fstest.MapFile{Data: []byte(`{"v":1,"zone":"UTC","movement":{"record":"none"}}`)}
	o.publish()
	o.eventually("nothing is kept any more", func() bool { return !commits() })
}
