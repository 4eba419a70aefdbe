package inspection_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// inside returns a token as phones carry it.
func inside(by *issuer.Issuer, holder *phone.Phone, change map[int]any) []byte {
	all := map[int]any{}
	if holder != nil {
		all[8] = map[int]any{1: holder.Key()}
	}
	for k, v := range change {
		all[k] = v
	}
	return issuer.Unbase45(token(by, nil, all)[len("HCT1:"):])
}

// gateClaims are those that make a gate token.
func gateClaims() map[int]any { return map[int]any{2: strings.Repeat("A", 22), -70007: 2} }

// TestPresentationRules asks what a phone may show in the open (formats.md, chapter 3).
func TestPresentationRules(t *testing.T) {
	p := newPage(t)
	own, friend, edwards := phone.New(), phone.New(), phone.NewEd25519()
	show := func(by *phone.Phone, s phone.Showing, tokens ...[]byte) string {
		if s.Tokens = tokens; s.Audience == "" {
			s.Audience = "LMC-DEP"
		}
		if s.At.IsZero() {
			s.At = now
		}
		return by.Show(s)
	}
	set := func(key int, v any) func(map[int]any) {
		return func(c map[int]any) {
			if c[key] = v; v == nil {
				delete(c, key)
			}
		}
	}
	door := inside(p.hk, own, nil)
	each := [][]byte{door, inside(p.gd, own, nil), inside(p.mo, own, nil), inside(p.pc, own, nil)}
	ended := map[int]any{4: now.Unix()}
	plain := phone.Showing{}
	const ok, malformed = verdict.Satisfied, verdict.Malformed
	p.ask(t, now, 0, anyGenuine,
		want{"two tokens of two schemes", show(own, plain, each[:2]...), ok},
		want{"four tokens of four schemes", show(own, plain, each...), ok},
		want{"ESP256 as the phone's own name", show(own, phone.Showing{Header: map[int]any{1: -9}}, door), ok},
		want{"EdDSA as the phone's own name", show(edwards, phone.Showing{Header: map[int]any{1: -8}}, inside(p.hk, edwards, nil)), ok},
		want{"Ed25519 of a P-256 phone", show(own, phone.Showing{Header: map[int]any{1: -19}}, door), verdict.BadSignature},
		want{"ES256 of an Ed25519 phone", show(edwards, phone.Showing{Header: map[int]any{1: -7}}, inside(p.hk, edwards, nil)), verdict.BadSignature},
		want{"an algorithm of nobody", show(own, phone.Showing{Header: map[int]any{1: -37}}, door), malformed},
		want{"no kid", show(own, phone.Showing{Header: map[int]any{4: nil}}, door), malformed},
		want{"kid of 7", show(own, phone.Showing{Header: map[int]any{4: make([]byte, 7)}}, door), malformed},
		want{"kid of 32", show(own, phone.Showing{Header: map[int]any{4: make([]byte, 32)}}, door), malformed},
		want{"kid of nobody", show(own, phone.Showing{Header: map[int]any{4: make([]byte, 8)}}, door), verdict.HolderOther},
		want{"an audience in the header", show(own, phone.Showing{Header: map[int]any{3: "x"}}, door), malformed},

		want{"no audience", show(own, phone.Showing{Change: set(3, nil)}, door), malformed},
		want{"audience empty", show(own, phone.Showing{Change: set(3, "")}, door), verdict.OutOfScope},
		want{"audience as bytes", show(own, phone.Showing{Change: set(3, []byte("LMC-DEP"))}, door), malformed},
		want{"several audiences", show(own, phone.Showing{Change: set(3, []string{"LMC-DEP"})}, door), malformed},
		want{"audience with a blank", show(own, phone.Showing{Audience: "LMC-DEP "}, door), verdict.OutOfScope},
		want{"the first of the lane's", show(own, phone.Showing{Audience: "LMC-DEP"}, door), ok},
		want{"the last of the lane's", show(own, phone.Showing{Audience: "513887D22674C098"}, door), ok},
		want{"no iat", show(own, phone.Showing{Change: set(6, nil)}, door), malformed},
		want{"iat as a float", show(own, phone.Showing{Change: set(6, float64(now.Unix()))}, door), malformed},
		want{"an exp of its own", show(own, phone.Showing{Change: set(4, now.Unix())}, door), malformed},
		want{"no nonce", show(own, phone.Showing{Change: set(10, nil)}, door), malformed},
		want{"a nonce of 9", show(own, phone.Showing{Nonce: make([]byte, 9)}, door), malformed},
		want{"a nonce of zeros", show(own, phone.Showing{Nonce: make([]byte, 8)}, door), ok},
		want{"no tokens at all", show(own, phone.Showing{Change: set(-70002, nil)}, door), malformed},
		want{"a token that is not in an array", show(own, phone.Showing{Change: set(-70002, door)}, door), malformed},
		want{"a token as text", show(own, phone.Showing{Change: set(-70002, []any{"HCT1:" + issuer.Base45(door)})}, door), malformed},
		want{"a token as it stands, without a string around", show(own, phone.Showing{Change: set(-70002, []any{raw(door)})}, door), malformed},
		want{"a presentation in a presentation", show(own, plain, own.Plain(phone.Showing{Audience: "LMC-DEP", At: now, Tokens: [][]byte{door}})), malformed},
		want{"an empty token", show(own, plain, []byte{}), malformed},
		want{"a token with a byte behind", show(own, plain, append(bytes.Clone(door), 0)), malformed},

		want{"a token ended", show(own, plain, inside(p.hk, own, ended)), verdict.Expired},
		want{"the second token ended", show(own, plain, door, inside(p.gd, own, ended)), verdict.Expired},
		want{"a token not yet", show(own, plain, inside(p.hk, own, map[int]any{5: now.Unix() + 1})), verdict.NotYet},
		want{"a token out of scope", show(own, plain, door, inside(p.pc, own, map[int]any{-70001: map[int]any{1: 1}})), verdict.OutOfScope},
		want{"a token of nobody", show(own, plain, door, inside(issuer.New("HK", "Asia/Hong_Kong"), own, nil)), verdict.UnknownSigner},
		want{"a friend's ended token beside mine", show(own, plain, door, inside(p.hk, friend, ended)), verdict.Expired},
		want{"a friend's token beside mine", show(own, plain, door, inside(p.hk, friend, nil)), verdict.HolderOther},
		want{"a friend's token before mine", show(own, plain, inside(p.hk, friend, nil), door), verdict.HolderOther},
		want{"a token of paper beside mine", show(own, plain, door, inside(p.hk, nil, nil)), verdict.HolderOther},
		want{"a gate token in the open", show(own, plain, inside(p.hk, own, gateClaims())), verdict.OutOfScope},
		want{"a gate token of paper in the open, beside mine", show(own, plain, door, inside(p.hk, nil, gateClaims())), verdict.OutOfScope},
		want{"withdrawn", show(own, plain, inside(p.gz, own, map[int]any{65535: map[string]any{"status_list": map[string]any{"idx": 1, "uri": "7"}}})), verdict.Withdrawn},
		want{"live status unknown", show(own, plain, inside(p.gz, own, map[int]any{65535: map[string]any{"status_list": map[string]any{"idx": 1, "uri": "9"}}})), verdict.Undetermined},

		// more than one thing wrong: the order of the checks decides
		want{"forged, and in the open, and stale", show(own, phone.Showing{Spoil: issuer.BadSignature, At: now.Add(-time.Hour)}, inside(p.hk, own, gateClaims())), verdict.BadSignature},
		want{"in the open, elsewhere, stale", show(own, phone.Showing{Audience: "X", At: now.Add(-time.Hour)}, inside(p.hk, own, gateClaims())), verdict.OutOfScope},
		want{"elsewhere and stale", show(own, phone.Showing{Audience: "X", At: now.Add(-time.Hour)}, door), verdict.OutOfScope},
		want{"stale, and its token ended", show(own, phone.Showing{At: now.Add(-time.Hour)}, inside(p.hk, own, ended)), verdict.NotFresh},
		want{"a friend's alone, forged", show(own, phone.Showing{Spoil: issuer.BadSignature}, inside(p.hk, friend, nil)), verdict.HolderOther},
		want{"a token of nobody, forged and stale", show(own, phone.Showing{Spoil: issuer.BadSignature, At: now.Add(-time.Hour)}, inside(issuer.New("HK", "UTC"), own, nil)), verdict.UnknownSigner},
	)
}

// TestFreshnessOfPresentations walks over the edges: iat ≤ now + u and now − u ≤ iat + 30 s.
func TestFreshnessOfPresentations(t *testing.T) {
	p := newPage(t)
	own := phone.New()
	code := own.Show(phone.Showing{Audience: "LMC-DEP", At: now, Tokens: [][]byte{inside(p.hk, own, nil)}})
	for _, tc := range []struct {
		at   time.Time
		u    time.Duration
		want verdict.Reason
	}{
		{now.Add(-1), 0, verdict.NotYet},
		{now.Add(-5 * time.Second), 5 * time.Second, verdict.Satisfied},
		{now.Add(-5*time.Second - 1), 5 * time.Second, verdict.NotYet},
		{now.Add(30 * time.Second), 0, verdict.Satisfied},
		{now.Add(30*time.Second + 1), 0, verdict.NotFresh},
		{now.Add(35 * time.Second), 5 * time.Second, verdict.Satisfied},
		{now.Add(35*time.Second + 1), 5 * time.Second, verdict.NotFresh},
	} {
		p.ask(t, tc.at, tc.u, anyGenuine, want{tc.at.String() + " ± " + tc.u.String(), code, tc.want})
	}
	lost := inspection.Presentation{At: now, Lane: anyGenuine, Codes: [][]byte{[]byte(code)}}
	if v := p.s.Inspect(lost); v.Outcome != verdict.Refuse || v.Reason != verdict.ClockUnknown {
		t.Errorf("by a clock that nobody believes: %s %s", v.Outcome, v.Reason)
	}
}

// TestSealRules asks what may be sealed to a site, and how.
func TestSealRules(t *testing.T) {
	p := newPage(t)
	own := phone.New()
	door, gate := inside(p.hk, own, nil), inside(p.hk, own, gateClaims())
	plain := func(s phone.Showing, tokens ...[]byte) []byte {
		s.Audience, s.At, s.Tokens = "LMC-DEP", now, tokens
		return own.Plain(s)
	}
	sound := plain(phone.Showing{}, gate)
	seal := func(b []byte) string { return p.site.Seal(b, nil) }
	parts := func(change func(a []any) any) string {
		code := issuer.Unbase45(seal(sound)[len("HCE1:"):]) // 83 48 kid 58 20 enc 59 …
		a := []any{code[2:10], code[12:44], raw(code[44:])}
		return "HCE1:" + issuer.Base45(issuer.CBOR(change(a)))
	}
	put := func(i int, v any) func([]any) any { return func(a []any) any { a[i] = v; return a } }
	const ok, malformed, closed = verdict.Satisfied, verdict.Malformed, verdict.BadSignature
	p.ask(t, now, 0, anyGenuine,
		want{"a gate token", seal(sound), ok},
		want{"taken apart and put together", parts(func(a []any) any { return a }), ok},
		want{"a door token alone", seal(plain(phone.Showing{}, door)), ok},
		want{"a gate and a door token", seal(plain(phone.Showing{}, gate, door)), ok},
		want{"a gate token of paper beside mine", seal(plain(phone.Showing{}, gate, inside(p.hk, nil, gateClaims()))), verdict.HolderOther},
		want{"forged inside", seal(plain(phone.Showing{Spoil: issuer.BadSignature}, gate)), closed},
		want{"signed as sealed", seal(plain(phone.Showing{Spoil: issuer.OtherKind}, gate)), closed},
		want{"the text of a presentation", seal([]byte("HCP1:" + issuer.Base45(sound))), malformed},
		want{"a byte behind, inside", seal(append(bytes.Clone(sound), 0)), malformed},
		want{"nothing inside", seal(nil), malformed},
		want{"sealed twice", seal(issuer.Unbase45(seal(sound)[len("HCE1:"):])), malformed},
		want{"four parts", parts(func(a []any) any { return append(a, 1) }), malformed},
		want{"two parts", parts(func(a []any) any { return a[:2] }), malformed},
		want{"a map of parts", parts(func(a []any) any { return map[int]any{0: a[0], 1: a[1], 2: a[2]} }), malformed},
		want{"kid of 7", parts(func(a []any) any { a[0] = a[0].([]byte)[:7]; return a }), malformed},
		want{"enc of 33", parts(put(1, make([]byte, 33))), malformed},
		want{"enc of zeros", parts(put(1, make([]byte, 32))), closed},
		want{"no ciphertext", parts(put(2, []byte{})), closed},
		want{"ciphertext of a tag alone", parts(put(2, make([]byte, 16))), closed},
		want{"ciphertext as text", parts(put(2, "x")), malformed},
		want{"tagged", parts(func(a []any) any { return raw(append([]byte{0xd8, 0x60}, issuer.CBOR(a)...)) }), malformed},
		want{"an odd length of length", "HCE1:" + issuer.Base45(append([]byte{0x98, 3}, issuer.Unbase45(seal(sound)[len("HCE1:"):])[1:]...)), malformed},
		want{"nothing", "HCE1:", malformed},
	)
}

// TestVenueAndSlipRules asks what codes of places and slips may say (formats.md, chapter 4).
func TestVenueAndSlipRules(t *testing.T) {
	p := newPage(t)
	venue := func(change func(v map[int]any)) string {
		return p.hk.VenueCode(issuer.VenueCode{From: now, Change: func(c map[int]any) { change(c[-70003].(map[int]any)) }})
	}
	set := func(key int, v any) string {
		return venue(func(m map[int]any) {
			if m[key] = v; v == nil {
				delete(m, key)
			}
		})
	}
	outer := func(change func(c map[int]any)) string {
		return p.hk.VenueCode(issuer.VenueCode{From: now, Change: change})
	}
	slip := func(change func(c map[int]any)) string {
		return p.kiosk.Slip(issuer.Slip{Site: "booth", Issued: now, Change: change})
	}
	where := func(v any) string { return slip(func(c map[int]any) { c[-70006] = v }) }
	const genuine, malformed, led = verdict.NoPerson, verdict.Malformed, verdict.Provisional
	p.ask(t, now, 0, anyGenuine,
		want{"a venue", set(5, "Sham Shui Po"), genuine},
		want{"by EdDSA", p.mo.VenueCode(issuer.VenueCode{From: now}), genuine},
		want{"at the south pole", set(4, []int{-9000000, 18000000}), genuine},
		want{"beyond the pole", set(4, []int{-9000001, 0}), malformed},
		want{"beyond the date line", set(4, []int{0, 18000001}), malformed},
		want{"a latitude alone", set(4, []int{0}), malformed},
		want{"a position as floats", set(4, []float64{22.3, 114.1}), malformed},
		want{"an id of 9", set(1, make([]byte, 9)), malformed},
		want{"an id as text", set(1, "513887D2"), malformed},
		want{"no names", set(2, map[string]string{}), malformed},
		want{"names by number", set(2, map[int]string{1: "x"}), malformed},
		want{"a name that is a number", set(2, map[string]int{"en": 1}), malformed},
		want{"no class", set(3, nil), malformed},
		want{"a sixth member", set(6, 1), malformed},
		want{"no exp", outer(func(c map[int]any) { delete(c, 4) }), malformed},
		want{"an nbf", outer(func(c map[int]any) { c[5] = now.Unix() }), malformed},
		want{"iat in a second", outer(func(c map[int]any) { c[6] = now.Unix() + 1 }), verdict.NotYet},
		want{"exp now", outer(func(c map[int]any) { c[4] = now.Unix() }), verdict.Expired},
		want{"another scheme's name", outer(func(c map[int]any) { c[1] = "MO" }), verdict.WrongUse},
		want{"in a presentation", phone.New().Show(phone.Showing{Audience: "LMC-DEP", At: now, Tokens: [][]byte{issuer.Unbase45(set(5, "x")[5:])}}), malformed},

		want{"a slip", slip(nil), led},
		want{"with an exp", slip(func(c map[int]any) { c[4] = now.Unix() + 60 }), malformed},
		want{"in a second", slip(func(c map[int]any) { c[6] = now.Unix() + 1 }), verdict.NotYet},
		want{"of ten years ago", slip(func(c map[int]any) { c[6] = now.AddDate(-10, 0, 0).Unix() }), led},
		want{"a number of 15", slip(func(c map[int]any) { c[7] = make([]byte, 15) }), malformed},
		want{"without a device", where(map[int]any{1: "booth"}), malformed},
		want{"without a site", where(map[int]any{2: "kiosk-1"}), malformed},
		want{"with more of where", where(map[int]any{1: "booth", 2: "kiosk-1", 3: 1}), malformed},
		want{"of nowhere", where(map[int]any{1: "", 2: "kiosk-1"}), led},
		want{"of another device", where(map[int]any{1: "booth", 2: "kiosk-2"}), verdict.WrongUse},
	)
	zh := p.gz.VenueCode(issuer.VenueCode{From: now}) // a scheme that issues none
	p.gz.Scope = []int{1, 4, 5, 6, 7, -70001, -70007}
	p.add("trust/GZ.json", p.gz.TrustFile())
	p.s = p.load(t)
	p.ask(t, now, 0, anyGenuine, want{"a venue out of scope", zh, verdict.OutOfScope})
	p.add("trust/GZ.json", bytes.Replace(p.gz.TrustFile(), []byte(`"VEN1"`), []byte(`"HCT1"`), 1))
	p.s = p.load(t)
	p.ask(t, now, 0, anyGenuine, want{"a venue of a scheme without", zh, verdict.WrongUse})
}

// TestCompanions has one phone carry others' codes as pictures: a child's of paper, which is good
// by itself, and what only its own phone can show.
func TestCompanions(t *testing.T) {
	p := newPage(t)
	own, friend := phone.New(), phone.New()
	own.Site, friend.Site = p.site, p.site
	gate := func(name, birth string, holder map[int]any) string {
		return p.hk.HealthCode(issuer.HealthCode{Profile: "gate", Colour: issuer.Green, From: now.Add(-time.Hour), Name: name, Birth: birth, Holder: holder})
	}
	own.Hold(gate("CHAN TAI MAN", "19800229", own.Key()))
	friend.Hold(gate("WONG SIU LING", "19810301", friend.Key()))
	own.Carry(gate("CHAN SIU MING", "20150101", nil))
	own.Carry(gate("WONG SIU LING", "19810301", friend.Key()))
	own.Carry(friend.Screen("LMC-DEP", now))
	own.Carry(friend.Screen("HZMB-DEP", now))
	mine := own.Screen("LMC-DEP", now)
	for i, want := range []struct{ alone, later, beside verdict.Reason }{
		{verdict.Satisfied, verdict.Satisfied, verdict.SeveralCodes},
		{verdict.HolderProof, verdict.HolderProof, verdict.HolderProof},
		{verdict.Satisfied, verdict.NotFresh, verdict.SeveralCodes}, // so fresh that the friend may stand there: it counts once
		{verdict.OutOfScope, verdict.OutOfScope, verdict.OutOfScope},
	} {
		carried := own.Carried()[i]
		for what, tc := range map[string]struct {
			at    time.Time
			codes []string
			want  verdict.Reason
		}{
			"by itself":          {now, []string{carried}, want.alone},
			"half a minute on":   {now.Add(31 * time.Second), []string{carried}, want.later},
			"beside the owner's": {now, []string{mine, carried}, want.beside},
			"before the owner's": {now, []string{carried, mine}, want.beside},
		} {
			shown := inspection.Presentation{At: tc.at, Clock: sure, Lane: anyGenuine}
			for _, c := range tc.codes {
				shown.Codes = append(shown.Codes, []byte(c))
			}
			if v := p.s.Inspect(shown); v.Reason != tc.want || (v.Outcome == verdict.Admit) != (tc.want == verdict.Satisfied) {
				t.Errorf("picture %d %s: %s %s, want %s", i, what, v.Outcome, v.Reason, tc.want)
			}
		}
	}
}
