package inspection_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// TestLists judges codes by lists of a bundle that change: deltas, revocation,
// and the single bit that venues get.
func TestLists(t *testing.T) {
	long := func(w *world, cti string, index uint) []byte {
		return []byte(w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0),
			ID: []byte(cti), StatusList: "7", StatusAt: index}))
	}
	const a, b = "0123456789abcdef", "fedcba9876543210"
	made := now.Add(-30 * time.Minute)
	for _, tc := range []struct {
		name    string
		change  func(w *world)
		cti     string
		index   uint
		outcome verdict.Outcome
		reason  verdict.Reason
	}{
		{"as it was", func(*world) {}, a, 0, verdict.Admit, verdict.Satisfied},
		{"a delta turns it red", func(w *world) {
			w.add("status/GZ/7.delta", w.gz.StatusDelta("7", 1000, 1000, base, map[uint]byte{0: issuer.StatusRed}, made, time.Hour))
		}, a, 0, verdict.Refuse, "high-risk"},
		{"a delta reinstates it", func(w *world) {
			w.add("status/GZ/7.delta", w.gz.StatusDelta("7", 1000, 1000, base, nil, made, time.Hour))
		}, a, 1, verdict.Admit, verdict.Satisfied},
		{"a delta for another base", func(w *world) {
			w.add("status/GZ/7.delta", w.gz.StatusDelta("7", 1000, 1000, nil, nil, made, time.Hour))
		}, a, 0, verdict.Refer, verdict.Undetermined},
		{"one bit for venues", func(w *world) {
			w.add("status/GZ/7.cwt", w.gz.NotGoodList("7", 1000, map[uint]byte{0: issuer.StatusAmber}, made, time.Hour))
		}, a, 0, verdict.Refuse, verdict.Withdrawn},
		{"one bit for venues, good", func(w *world) {
			w.add("status/GZ/7.cwt", w.gz.NotGoodList("7", 1000, map[uint]byte{0: issuer.StatusAmber}, made, time.Hour))
		}, a, 5, verdict.Admit, verdict.Satisfied},
		{"withdrawn by its hash", revoke(issuer.Revocation{Issued: made, Expires: now.Add(day)}, a), a, 0, verdict.Refuse, verdict.Withdrawn},
		{"another is withdrawn", revoke(issuer.Revocation{Issued: made, Expires: now.Add(day)}, a), b, 0, verdict.Admit, verdict.Satisfied},
		{"the revocation list has ended", revoke(issuer.Revocation{Issued: made, Expires: now}, a), b, 0, verdict.Refer, verdict.Undetermined},
		{"signed by the token key", revoke(issuer.Revocation{Issued: made, Expires: now.Add(day), Key: "token"}, a), a, 0, verdict.Refer, verdict.Undetermined},
	} {
		w := newWorld(t)
		w.add("policy/open.json", rules("open", ""))
		tc.change(w)
		got := w.load(t).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor, Codes: [][]byte{long(w, tc.cti, tc.index)}})
		if got.Outcome != tc.outcome || got.Reason != tc.reason {
			t.Errorf("%s: %s %s, want %s %s", tc.name, got.Outcome, got.Reason, tc.outcome, tc.reason)
		}
		for _, l := range got.Lists {
			if strings.HasPrefix(l.Name, "revoked/") && !l.Changed.Equal(made) || l.Name == "status/GZ/7.cwt" && l.Changed.IsZero() {
				t.Errorf("%s: %s was made %s", tc.name, l.Name, l.Changed)
			}
		}
		if _, asked := w.files["revoked/GZ.json"]; asked && !slices.ContainsFunc(got.Lists, func(l verdict.List) bool { return l.Name == "revoked/GZ.json" }) {
			t.Errorf("%s: the verdict does not name the revocation list", tc.name)
		}
	}
}

// base is what list 7 of newWorld says.
var base = map[uint]byte{1: issuer.StatusWithdrawn, 2: issuer.StatusAmber, 3: issuer.StatusRed}

// revoke withdraws a code by its hash.
func revoke(r issuer.Revocation, cti string) func(*world) {
	return func(w *world) {
		r.Base = []uint64{w.gz.WithdrawnHash([]byte(cti))}
		for name, data := range w.gz.Revocation(r) {
			w.add(name, data)
		}
	}
}

// TestRevocationGetsStale counts its age from the last vouch, and never admits flagged.
func TestRevocationGetsStale(t *testing.T) {
	w := newWorld(t)
	w.add("policy/open.json", rules("open", ""))
	w.add("freshness.json", []byte(`{"v":1,"revocation":{"max_stale":3600,"fail":"refuse"}}`))
	revoke(issuer.Revocation{Issued: now.AddDate(0, -1, 0), Expires: now.AddDate(1, 0, 0)}, "")(w)
	s := w.load(t)
	for since, want := range map[time.Duration]verdict.Reason{time.Hour: verdict.Satisfied, time.Hour + 1: verdict.Stale} {
		v := s.Vouched(now.Add(-since)).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor,
			Codes: [][]byte{[]byte(w.gz.HealthCode(today(issuer.Green)))}})
		if v.Reason != want {
			t.Errorf("vouched for %s ago: %s %s", since, v.Outcome, v.Reason)
		}
	}
}

// TestLoadRejectsLists spoils one file of lists at a time; the error names it.
func TestLoadRejectsLists(t *testing.T) {
	w := newWorld(t)
	revoke(issuer.Revocation{Issued: now, Expires: now.Add(day)}, "x")(w)
	w.add("status/GZ/7.delta", w.gz.StatusDelta("7", 1000, 1000, base, nil, now, time.Hour))
	w.load(t)
	for name, data := range map[string][]byte{
		"revoked/GZ.json":       []byte(`{"v":1,"list":"AA=="}`),
		"revoked/HK.json":       w.files["revoked/GZ.json"].Data,
		"status/GZ/7.delta":     w.files["status/GZ/7.cwt"].Data,
		"status/HK/7.delta":     w.files["status/GZ/7.delta"].Data,
		"revoked/GZ/base-0.bin": make([]byte, 8),
	} {
		before := maps.Clone(w.files)
		w.add(name, data)
		_, err := inspection.Load(w.files, "8", now)
		if name = strings.Replace(name, "/base-0.bin", ".json", 1); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s is spoilt: %v", name, err)
		}
		w.files = before
	}
}

// keyChanged changes the key of a purpose in a trust file.
func keyChanged(t *testing.T, file []byte, purpose string, change func(key map[string]any)) []byte {
	var m map[string]any
	if err := json.Unmarshal(file, &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range m["keys"].([]any) {
		if key := k.(map[string]any); key["purpose"] == purpose {
			change(key)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestKeysOfLists withdraws and ends the keys of a scheme: what they signed before holds as
// long as they are not withdrawn, and whoever loses the key of a list loses the list.
func TestKeysOfLists(t *testing.T) {
	const cti = "0123456789abcdef"
	made := now.Add(-30 * time.Minute)
	withdraw := func(k map[string]any) { k["withdrawn"] = true }
	within := func(from, until time.Time) func(map[string]any) {
		return func(k map[string]any) { k["from"], k["until"] = from.Unix(), until.Unix() }
	}
	for _, tc := range []struct {
		name    string
		purpose string
		change  func(map[string]any)
		outcome verdict.Outcome
		reason  verdict.Reason
	}{
		{"nothing changed", "token", func(map[string]any) {}, verdict.Admit, verdict.Satisfied},
		{"the token key is withdrawn", "token", withdraw, verdict.Refuse, verdict.KeyWithdrawn},
		{"the token key ended before the code was issued", "token", within(time.Unix(1, 0), made), verdict.Refuse, verdict.WrongUse},
		{"the token key ended since", "token", within(time.Unix(1, 0), made.Add(time.Second)), verdict.Admit, verdict.Satisfied},
		{"the status key is withdrawn", "status", withdraw, verdict.Refer, verdict.Undetermined},
		{"the status key began after the list", "status", within(made.Add(time.Second), now), verdict.Refer, verdict.Undetermined},
		{"the status key ended since", "status", within(made, made.Add(time.Second)), verdict.Admit, verdict.Satisfied},
		{"the status key is of another purpose", "status", func(k map[string]any) { k["purpose"] = "token" }, verdict.Refer, verdict.Undetermined},
		{"the revocation key is withdrawn", "revocation", withdraw, verdict.Refer, verdict.Undetermined},
		{"the revocation key began after the list", "revocation", within(made.Add(time.Second), now), verdict.Refer, verdict.Undetermined},
		{"the revocation key ended since", "revocation", within(made, made.Add(time.Second)), verdict.Admit, verdict.Satisfied},
		{"the venue key is withdrawn", "venue", withdraw, verdict.Admit, verdict.Satisfied},
	} {
		w := newWorld(t)
		w.add("policy/open.json", rules("open", ""))
		w.add("status/GZ/7.cwt", w.gz.StatusList("7", 100, nil, made, time.Hour))
		revoke(issuer.Revocation{Issued: made, Expires: now.Add(day)}, "another code")(w)
		w.add("trust/GZ.json", keyChanged(t, w.gz.TrustFile(), tc.purpose, tc.change))
		code := w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: made, Until: now.Add(day), ID: []byte(cti), StatusList: "7"})
		got := w.load(t).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor, Codes: [][]byte{[]byte(code)}})
		if got.Outcome != tc.outcome || got.Reason != tc.reason {
			t.Errorf("%s: %s %s, want %s %s", tc.name, got.Outcome, got.Reason, tc.outcome, tc.reason)
		}
	}
}

// TestReinstated withdraws a code, takes that back, and withdraws it again, by one delta after another.
func TestReinstated(t *testing.T) {
	const cti = "0123456789abcdef"
	made := now.Add(-30 * time.Minute)
	w := newWorld(t)
	w.add("policy/open.json", rules("open", ""))
	h := []uint64{w.gz.WithdrawnHash([]byte(cti))}
	other := []uint64{1, 2, 1 << 63}
	out, back := issuer.RevocationDelta{Withdrawn: h, Reinstated: other}, issuer.RevocationDelta{Withdrawn: other, Reinstated: h}
	for _, tc := range []struct {
		name   string
		base   []uint64
		deltas []issuer.RevocationDelta
		want   verdict.Reason
	}{
		{"withdrawn", h, nil, verdict.Withdrawn},
		{"reinstated", h, []issuer.RevocationDelta{back}, verdict.Satisfied},
		{"and withdrawn again", h, []issuer.RevocationDelta{back, out}, verdict.Withdrawn},
		{"and reinstated again", h, []issuer.RevocationDelta{back, out, {Withdrawn: other}, back}, verdict.Satisfied},
		{"withdrawn by a delta alone", other, []issuer.RevocationDelta{out}, verdict.Withdrawn},
		{"reinstated without having been withdrawn", nil, []issuer.RevocationDelta{back}, verdict.Satisfied},
	} {
		for name, data := range w.gz.Revocation(issuer.Revocation{Base: tc.base, Deltas: tc.deltas, Issued: made, Expires: now.Add(day)}) {
			w.add(name, data)
		}
		code := w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: made, Until: now.Add(day), ID: []byte(cti)})
		got := w.load(t).Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor, Codes: [][]byte{[]byte(code)}})
		if got.Reason != tc.want {
			t.Errorf("%s: %s %s, want %s", tc.name, got.Outcome, got.Reason, tc.want)
		}
	}
}
