package inspection_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// marks are what a device has let pass, as its journal keeps them.
type marks map[string]time.Time

// pass judges p as the claim does after it: what counted before is replayed.
func (m marks) pass(s *inspection.Snapshot, p inspection.Presentation) verdict.Reason {
	v := s.Inspect(p)
	for _, c := range v.Counts {
		if p.At.Before(m[string(c.Identity)]) {
			return verdict.Replayed
		}
	}
	if v.Outcome == verdict.Admit {
		for _, c := range v.Counts {
			m[string(c.Identity)] = c.Until
		}
	}
	return v.Reason
}

// TestCountsOnce shows one code after another at lanes of one device (formats.md, chapter 7).
func TestCountsOnce(t *testing.T) {
	p := newPage(t)
	out, in, door := anyGenuine, anyGenuine, anyGenuine
	in.Direction, door.Profile = "in", "door"
	other := out
	other.Name = "lane 2"
	market := anyGenuine
	market.Kind, market.Profile, market.ReplayWindow = "venue", "door", 10*time.Second
	one, two := phone.New(), phone.New()
	one.Site, two.Site = p.site, p.site
	person := func(holder *phone.Phone, subject, id string) []byte {
		return inside(p.hk, holder, map[int]any{2: strings.Repeat(subject, 22), -70007: 2, 7: []byte(strings.Repeat(id, 16))})
	}
	show := func(by *phone.Phone, nonce string, after time.Duration, tokens ...[]byte) string {
		return by.Show(phone.Showing{Audience: "LMC-DEP", At: now.Add(after), Nonce: []byte(strings.Repeat(nonce, 8)), Tokens: tokens})
	}
	paper := func(id string, spoil issuer.Spoil) string {
		return p.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(-time.Hour), Until: now.Add(3 * day), ID: []byte(strings.Repeat(id, 16)), Spoil: spoil})
	}
	bare := phone.New() // its codes are of doors
	doorOf := inside(p.hk, bare, map[int]any{7: []byte(strings.Repeat("d", 16))})
	doorToo := inside(p.hk, bare, map[int]any{7: []byte(strings.Repeat("e", 16))})
	type step struct {
		lane  inspection.Lane
		after time.Duration
		code  string
		want  verdict.Reason
	}
	const ok, again = verdict.Satisfied, verdict.Replayed
	night := 12 * time.Hour // local midnight, from noon
	for name, steps := range map[string][]step{
		"one code of paper": {{out, 0, paper("a", issuer.Sound), ok}, {out, time.Second, paper("a", issuer.Sound), again},
			{in, time.Second, paper("a", issuer.Sound), again}, // a code without a person counts by itself
			{out, time.Second, paper("b", issuer.Sound), ok}},
		"another spelling of its signature": {{out, 0, paper("a", issuer.Sound), ok}, {out, 1, paper("a", issuer.Twin), again}},
		"over midnight, and the minute that clocks of a hall may differ": {{out, 0, paper("a", issuer.Sound), ok}, {out, night, paper("a", issuer.Sound), again},
			{out, night + time.Minute, paper("a", issuer.Sound), ok}},
		"one person, two phones": {{out, 0, show(one, "1", 0, person(one, "A", "a")), ok}, {other, time.Second, show(two, "2", 0, person(two, "A", "b")), again},
			{in, time.Second, show(two, "3", 0, person(two, "A", "b")), ok}},
		"two people": {{out, 0, show(one, "1", 0, person(one, "A", "a")), ok}, {out, time.Second, show(two, "2", 0, person(two, "Q", "b")), ok}},
		"one person, the next day": {{out, 0, show(one, "1", 0, person(one, "A", "a")), ok},
			{out, night, show(one, "2", night, person(one, "A", "a")), ok}},
		"a screenshot at the next lane": {{out, 0, show(bare, "1", 0, doorOf), ok}, {other, time.Second, show(bare, "1", 0, doorOf), again}},
		"a nonce for another code":      {{out, 0, show(bare, "1", 0, doorOf), ok}, {out, time.Second, show(bare, "1", time.Second, doorToo), again}},
		"a nonce of another phone":      {{out, 0, show(bare, "1", 0, doorOf), ok}, {out, time.Second, show(one, "1", 0, person(one, "A", "a")), ok}},
		"one code, presented twice":     {{out, 0, show(bare, "1", 0, doorOf), ok}, {out, time.Second, show(bare, "2", 0, doorOf), again}},
		"beside another code":           {{out, 0, show(bare, "1", 0, doorOf), ok}, {out, time.Second, show(bare, "2", 0, doorToo, doorOf), again}},
		"a market's window": {{market, 0, paper("a", issuer.Sound), ok}, {market, 10*time.Second - 1, paper("a", issuer.Sound), again},
			{market, 10 * time.Second, paper("a", issuer.Sound), ok}},
		"a photograph within a market's window": {{market, 0, show(bare, "1", 0, doorOf), ok}, {market, 11 * time.Second, show(bare, "1", 0, doorOf), again},
			{market, 11 * time.Second, show(bare, "2", 11*time.Second, doorOf), ok}},
		"a gate token at doors counts by the code": {{door, 0, show(one, "1", 0, person(one, "A", "a")), ok}, {door, 1, show(two, "2", 0, person(two, "A", "b")), ok},
			{door, 2, show(one, "3", 0, person(one, "A", "a")), again}},
		"refused codes leave nothing behind": {{out, 0, show(bare, "1", -time.Minute, doorOf), verdict.NotFresh}, {out, 0, show(bare, "1", 0, doorOf), ok}},
	} {
		m := marks{}
		for i, s := range steps {
			got := m.pass(p.s, inspection.Presentation{Number: uint64(i + 1), At: now.Add(s.after), Clock: sure, Lane: s.lane, Codes: [][]byte{[]byte(s.code)}})
			if got != s.want {
				t.Errorf("%s, %d: %s, want %s", name, i+1, got, s.want)
			}
		}
	}
}

// TestNonceOutlivesItsPresentation tries a presentation again at every moment at which it is
// fresh by some clock of a doubtful device: it never counts twice.
func TestNonceOutlivesItsPresentation(t *testing.T) {
	p := newPage(t)
	own := phone.New()
	market := anyGenuine
	market.Kind, market.Profile, market.ReplayWindow = "venue", "door", time.Second
	code := own.Show(phone.Showing{Audience: "LMC-DEP", At: now, Tokens: [][]byte{inside(p.hk, own, nil)}})
	for _, u := range []time.Duration{0, 2 * time.Second, 40 * time.Second} {
		for first := -u; first <= 30*time.Second+u; first += 7 * time.Second {
			m := marks{}
			for after := first; after <= 31*time.Second+u; after += time.Second {
				got := m.pass(p.s, inspection.Presentation{Number: 1, At: now.Add(after), Clock: inspection.Clock{Uncertainty: u, Confidence: "drifting"}, Lane: market, Codes: [][]byte{[]byte(code)}})
				if want := (after == first); (got == verdict.Satisfied) != want || !want && got != verdict.Replayed && got != verdict.NotFresh {
					t.Fatalf("± %s, first after %s, again after %s: %s", u, first, after, got)
				}
			}
		}
	}
}

// TestStatusRules asks lists of every width, and lists that are wrong (formats.md, chapter 6).
func TestStatusRules(t *testing.T) {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	const typ = "application/statuslist+cwt"
	list := func(by *issuer.Issuer, header map[int]any, change map[int]any) []byte {
		c := map[int]any{2: "7", 4: now.Add(time.Hour).Unix(), 6: now.Add(-time.Hour).Unix(), 65533: map[string]any{"bits": 2, "lst": pack([]byte{0b11_10_01_00})}}
		for k, v := range change {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		if header == nil {
			header = map[int]any{16: typ}
		}
		return by.Statement("status", "status:", header, issuer.CBOR(c))
	}
	entries := func(bits int, b ...byte) map[int]any {
		return map[int]any{65533: map[string]any{"bits": bits, "lst": pack(b)}}
	}
	const (
		good, withdrawn, nobody = "satisfied", "withdrawn", "status-undetermined"
		amber, red              = "amber", "high-risk"
		loads                   = "" // the set does not load
	)
	for _, tc := range []struct {
		name string
		list func(w *world) []byte
		want string // of codes 0, 1, 2 … in turn
	}{
		{"two bits", func(w *world) []byte { return list(w.gz, nil, nil) }, "satisfied withdrawn amber high-risk status-undetermined"},
		{"one bit", func(w *world) []byte { return list(w.gz, nil, entries(1, 0b10100010)) }, "satisfied withdrawn satisfied satisfied satisfied withdrawn satisfied withdrawn status-undetermined"},
		{"four bits", func(w *world) []byte { return list(w.gz, nil, entries(4, 0x10, 0x32, 0xf4)) }, "satisfied withdrawn amber high-risk status-undetermined status-undetermined status-undetermined"},
		{"eight bits", func(w *world) []byte { return list(w.gz, nil, entries(8, 0, 1, 2, 3, 4, 255)) }, "satisfied withdrawn amber high-risk status-undetermined status-undetermined status-undetermined"},
		{"no entries", func(w *world) []byte { return list(w.gz, nil, entries(2)) }, nobody},
		{"for ever", func(w *world) []byte { return list(w.gz, nil, map[int]any{4: nil}) }, good},
		{"ends now", func(w *world) []byte { return list(w.gz, nil, map[int]any{4: now.Unix()}) }, nobody},
		{"ends in a second", func(w *world) []byte { return list(w.gz, nil, map[int]any{4: now.Unix() + 1}) }, good},
		{"its time to live is over", func(w *world) []byte { return list(w.gz, nil, map[int]any{65534: 3600}) }, nobody},
		{"its time to live is over in a second", func(w *world) []byte { return list(w.gz, nil, map[int]any{65534: 3601}) }, good},
		{"made now", func(w *world) []byte { return list(w.gz, nil, map[int]any{6: now.Unix()}) }, good},
		{"made in a second", func(w *world) []byte { return list(w.gz, nil, map[int]any{6: now.Unix() + 1}) }, nobody},
		{"of another name", func(w *world) []byte { return list(w.gz, nil, map[int]any{2: "8"}) }, nobody},
		{"by another scheme", func(w *world) []byte { return list(w.hk, nil, nil) }, nobody},
		{"signed as another kind", func(w *world) []byte {
			return w.gz.Statement("status", "HCT1:", map[int]any{16: typ}, issuer.CBOR(map[int]any{2: "7", 6: 0, 65533: entries(2, 0)[65533]}))
		}, nobody},
		{"by the token key", func(w *world) []byte {
			return w.gz.Statement("token", "status:", map[int]any{16: typ}, issuer.CBOR(map[int]any{2: "7", 6: 0, 65533: entries(2, 0)[65533]}))
		}, nobody},
		{"without a type", func(w *world) []byte { return list(w.gz, map[int]any{}, nil) }, loads},
		{"of another type", func(w *world) []byte { return list(w.gz, map[int]any{16: "application/statuslist+jwt"}, nil) }, loads},
		{"three bits", func(w *world) []byte { return list(w.gz, nil, entries(3, 0)) }, loads},
		{"no bits", func(w *world) []byte { return list(w.gz, nil, entries(0, 0)) }, loads},
		{"not packed", func(w *world) []byte {
			return list(w.gz, nil, map[int]any{65533: map[string]any{"bits": 2, "lst": []byte{0}}})
		}, loads},
		{"a byte behind what is packed", func(w *world) []byte {
			return list(w.gz, nil, map[int]any{65533: map[string]any{"bits": 2, "lst": append(pack([]byte{0}), 0)}})
		}, loads},
		{"never made", func(w *world) []byte { return list(w.gz, nil, map[int]any{6: nil}) }, loads},
		{"no name", func(w *world) []byte { return list(w.gz, nil, map[int]any{2: nil}) }, loads},
		{"no time to live", func(w *world) []byte { return list(w.gz, nil, map[int]any{65534: 0}) }, loads},
		{"a claim too many", func(w *world) []byte { return list(w.gz, nil, map[int]any{1: "GZ"}) }, loads},
		{"a byte behind", func(w *world) []byte { return append(list(w.gz, nil, nil), 0) }, loads},
	} {
		w := newWorld(t)
		w.add("policy/open.json", []byte(colours))
		w.add("status/GZ/7.cwt", tc.list(w))
		s, err := inspection.Load(w.files, "7", now)
		if (err != nil) != (tc.want == loads) {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		for index, want := range strings.Fields(tc.want) {
			code := w.gz.HealthCode(issuer.HealthCode{Colour: issuer.Blue, From: now.Add(-day), Until: now.Add(day), StatusList: "7", StatusAt: uint(index)})
			v := s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openDoor, Codes: [][]byte{[]byte(code)}})
			if string(v.Reason) != want || (v.Outcome == verdict.Admit) != (want == good) {
				t.Errorf("%s: code %d: %s %s, want %s", tc.name, index, v.Outcome, v.Reason, want)
			}
		}
	}
}

// colours is a policy of what codes are after their live status.
var colours = fmt.Sprintf(`{"v":1,"profile":"open","rules":[%s,%s,{"name":"low","when":"size(codes) > 0","outcome":"admit","reason":"satisfied"}]}`,
	`{"name":"red","when":"codes.exists(c, c.colour == \"red\")","outcome":"refuse","reason":"high-risk"}`,
	`{"name":"amber","when":"codes.exists(c, c.colour == \"amber\")","outcome":"refer","reason":"amber"}`)
