package record

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
	"example.org/checkpoint/firmware/movement"
	"example.org/checkpoint/firmware/verdict"
)

// TestShowMovement: what a border has kept of a movement is shown as it is sealed, and that nothing
// is kept of who did not pass.
func TestShowMovement(t *testing.T) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rule, err := movement.Parse(fmt.Appendf(nil, `{"v":1,"movement":{"record":"sealed","days":1,"seal":%q}}`, base64.StdEncoding.EncodeToString(key.PublicKey().Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{Device: "gate-07", Site: "LMC", Directions: map[string]string{"1": "in"}})
	if err != nil {
		t.Fatal(err)
	}
	j.Movements(rule)
	for n, passes := range []bool{true, false} {
		l, at := j.Lane("1"), time.Now()
		v := verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied, Counts: []verdict.Count{{Identity: []byte{byte(n)}, Until: at.Add(time.Hour)}}}
		if why, err := l.Claim(event.Event{At: at, Kind: event.Claimed, Presentation: uint64(n + 1), Verdict: v}); why != "" || err != nil {
			t.Fatal(why, err)
		}
		if err := l.Settle(event.Event{At: at, Kind: event.Passed, Presentation: uint64(n + 1)}, passes); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]string{"2": `only the centre can open, until `, "4": "erased at its term, or because nobody passed"} {
		var out bytes.Buffer
		if err := (showCmd{Event: event, State: dir, Language: "en"}).show(&out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("event %s: %v\n%s", event, err, out.String())
		}
	}
}
