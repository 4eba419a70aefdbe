package verify

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/simulators/issuer"
)

// TestVerifyBytes reads what a scheme signs beside codes, from files and from hex.
func TestVerifyBytes(t *testing.T) {
	hk, dir := authority(t)
	at := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	var revocation struct{ List []byte }
	files := hk.Revocation(issuer.Revocation{Base: []uint64{1, 2}, Issued: at, Expires: at.Add(time.Hour)})
	if err := json.Unmarshal(files["revoked/HK.json"], &revocation); err != nil {
		t.Fatal(err)
	}
	stranger := issuer.New("HK", "Asia/Hong_Kong")
	list := filepath.Join(t.TempDir(), "7.cwt")
	if err := os.WriteFile(list, hk.StatusList("7", 100, nil, at, time.Hour), 0o600); err != nil {
		t.Fatal(err)
	}
	delta := hk.StatusDelta("7", 100, 100, nil, nil, at, time.Hour)
	for _, tc := range []struct {
		name, code, says string
		at               time.Time
		ok               bool
	}{
		{"a list from a file", list, "list 7 of HK, 2 bits a code, 100 codes", at, true},
		{"when it has ended", list, "expired", at.Add(time.Hour), false},
		{"a delta", "hex:" + hex.EncodeToString(delta), "status-delta\n  says       list 7 of HK from", at, true},
		{"a stranger's delta", "hex:" + hex.EncodeToString(stranger.StatusDelta("7", 100, 100, nil, nil, at, time.Hour)), "unknown-signer", at, false},
		{"a revocation list", "hex:" + hex.EncodeToString(revocation.List), "revocation list of HK, 1 files and 0 deltas", at, true},
		{"when it has ended", "hex:" + hex.EncodeToString(revocation.List), "expired", at.Add(time.Hour), false},
		{"no hex", "hex:zz", "malformed", at, false},
		{"nothing", "hex:", "malformed", at, false},
		{"a part of one", "hex:" + hex.EncodeToString(delta[:40]), "malformed", at, false},
	} {
		got, err := verify(t, Command{Keys: []string{"hct=" + dir}, At: tc.at.Format(time.RFC3339), Explain: true, Codes: []string{tc.code}}, "")
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, exit.ErrNo) || !strings.Contains(got, tc.says) {
			t.Errorf("%s: %v\n%s", tc.name, err, got)
		}
	}
	out, err := verify(t, Command{Keys: []string{"hct=" + dir}, JSONL: "-"}, `{"id":1,"kind":"poem","hex":"d284"}
{"id":2,"text":"HCT1:","after":[7]}`)
	if !errors.Is(err, exit.ErrNo) || !strings.Contains(out, "is none of status, status-delta") || !strings.Contains(out, "no line before this one has the id 7") {
		t.Errorf("%v %s", err, out)
	}
}
