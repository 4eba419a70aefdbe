package inspection_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
)

// raw is written as it stands, whatever CBOR would say.
type raw []byte

func (r raw) MarshalCBOR() ([]byte, error) { return r, nil }

// anyGenuine is a lane whose rules admit whatever passes the hard checks.
var anyGenuine = inspection.Lane{Kind: "border", Direction: "out", Profile: "gate", Policy: "signature-only", Audiences: []string{"LMC-DEP", "513887D22674C098"}}

// page is a stage with a scheme for every algorithm, and one of personal codes.
type page struct {
	*stage
	gd, mo, pc *issuer.Issuer
}

func newPage(t testing.TB) *page {
	p := &page{stage: newStage(t, ""), gd: issuer.New("GD", "Asia/Shanghai"), mo: issuer.New("MO", "Asia/Macau"), pc: issuer.New("PC", "Asia/Hong_Kong")}
	p.gd.SignWith(issuer.ESP256)
	p.mo.SignWith(issuer.EdDSA)
	p.pc.SignWith(issuer.Ed25519)
	p.pc.Scope = []int{1, 2, 4, 5, 6, 7, 8, 169, 65535, -70004, -70005, -70007}
	for _, i := range []*issuer.Issuer{p.gd, p.mo, p.pc} {
		p.add("trust/"+i.Name+".json", i.TrustFile())
	}
	p.add("policy/signature-only.json", []byte(signatureOnly))
	p.s = p.load(t).WithKeys(p.keys(t))
	return p
}

// want is a code and what the page says of it.
type want struct {
	name   string
	code   string
	reason verdict.Reason // satisfied: every hard check holds
}

// ask holds up each code by itself.
func (p *page) ask(t *testing.T, at time.Time, u time.Duration, lane inspection.Lane, all ...want) {
	t.Helper()
	for _, w := range all {
		v := p.s.Inspect(inspection.Presentation{Number: 1, At: at, Clock: inspection.Clock{Uncertainty: u, Confidence: "trusted"}, Lane: lane, Codes: [][]byte{[]byte(w.code)}})
		if v.Reason != w.reason || (v.Outcome == verdict.Admit) != (w.reason == verdict.Satisfied) {
			t.Errorf("%s: %s %s, want %s", w.name, v.Outcome, v.Reason, w.reason)
		}
	}
}

// claims are those of a sound door token.
func claims(scheme string, change map[int]any) map[int]any {
	c := map[int]any{1: scheme, 4: now.Add(day).Unix(), 5: now.Add(-day).Unix(), 6: now.Add(-day).Unix(), 7: make([]byte, 16), -70007: 1}
	for k, v := range change {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// token signs claims as a token, with a header of its own.
func token(by *issuer.Issuer, header, change map[int]any) string {
	return "HCT1:" + issuer.Base45(by.Statement("token", "HCT1:", header, issuer.CBOR(claims(by.Name, change))))
}

// TestCommonRules asks what all kinds of code have in common (formats.md, chapter 1).
func TestCommonRules(t *testing.T) {
	p := newPage(t)
	sound := token(p.hk, nil, nil)
	payload := func(b []byte) string { return "HCT1:" + issuer.Base45(p.hk.Statement("token", "HCT1:", nil, b)) }
	gate := func(identity map[int]any) string {
		return token(p.hk, nil, map[int]any{2: strings.Repeat("A", 22), -70007: 2, 169: identity})
	}
	many := func(n int) (list []any, pairs map[int]any) {
		pairs = map[int]any{}
		for i := range n {
			list, pairs[1000+i] = append(list, i), i
		}
		return list, pairs
	}
	list64, pairs64 := many(64)
	list65, pairs65 := many(65)
	reasons := func(n int) (out []any) {
		for range n {
			out = append(out, []any{12})
		}
		return out
	}
	deep := func(levels int, with []byte) raw { return append(bytes.Repeat(append(with, 0x81), levels-1), 0x80) }
	ordinary := issuer.CBOR(claims("HK", nil))
	outside := func(change func(b []byte) []byte) string {
		return "HCT1:" + issuer.Base45(change(issuer.Unbase45(sound[len("HCT1:"):])))
	}
	const ok, malformed, badSignature = verdict.Satisfied, verdict.Malformed, verdict.BadSignature
	p.ask(t, now, 0, anyGenuine,
		want{"ES256", sound, ok},
		want{"ESP256", token(p.gd, nil, nil), ok},
		want{"EdDSA", token(p.mo, nil, nil), ok},
		want{"Ed25519", token(p.pc, nil, nil), ok},
		want{"ES256 of an ESP256 key", token(p.gd, map[int]any{1: -7}, nil), badSignature},
		want{"ESP256 of an ES256 key", token(p.hk, map[int]any{1: -9}, nil), badSignature},
		want{"Ed25519 of an EdDSA key", token(p.mo, map[int]any{1: -19}, nil), badSignature},
		want{"EdDSA of an Ed25519 key", token(p.pc, map[int]any{1: -8}, nil), badSignature},
		want{"ES256 of an Ed25519 key", token(p.pc, map[int]any{1: -7}, nil), badSignature},
		want{"ES384", token(p.hk, map[int]any{1: -35}, nil), malformed},
		want{"no algorithm", token(p.hk, map[int]any{1: nil}, nil), malformed},
		want{"algorithm in words", token(p.hk, map[int]any{1: "ES256"}, nil), malformed},
		want{"algorithm as a bignum", token(p.hk, map[int]any{1: raw{0xc3, 0x41, 0x06}}, nil), malformed},
		want{"kid of 9", token(p.hk, map[int]any{4: make([]byte, 9)}, nil), malformed},
		want{"kid in words", token(p.hk, map[int]any{4: "12345678"}, nil), malformed},
		want{"kid of nobody", token(p.hk, map[int]any{4: make([]byte, 8)}, nil), verdict.UnknownSigner},
		want{"content type in the header", token(p.hk, map[int]any{3: "application/cwt"}, nil), malformed},
		want{"crit in the header", token(p.hk, map[int]any{2: []any{1}}, nil), malformed},
		want{"a list's type in the header", token(p.hk, map[int]any{16: "application/statuslist+cwt"}, nil), malformed},

		want{"blank behind", sound + " ", malformed},
		want{"line feed behind", sound + "\n", malformed},
		want{"return behind", sound + "\r", malformed},
		want{"tab behind the prefix", strings.Replace(sound, ":", ":\t", 1), malformed},
		want{"nul behind", sound + "\x00", malformed},
		want{"byte order mark before", "\ufeff" + sound, malformed},
		want{"no-break space before", "\u00a0" + sound, malformed},
		want{"nul before", "\x00" + sound, malformed},
		want{"in quotes", `"` + sound + `"`, malformed},
		want{"in an address", "https://example.org/#" + sound, malformed},
		want{"a scanner's symbology before", "]Q1" + sound, malformed},
		want{"prefix twice", "HCT1:" + sound, malformed},
		want{"two codes in one", sound + sound, malformed},
		want{"colon missing", strings.Replace(sound, ":", "", 1), malformed},
		want{"a later version", strings.Replace(sound, "HCT1", "HCT2", 1), malformed},
		want{"empty", "", malformed},
		want{"a blank", " ", malformed},
		want{"a colon", ":", malformed},

		want{"64 in an array", gate(map[int]any{99: list64}), ok},
		want{"65 in an array", gate(map[int]any{99: list65}), malformed},
		want{"64 in a map", gate(map[int]any{99: pairs64}), ok},
		want{"65 in a map", gate(map[int]any{99: pairs65}), malformed},
		want{"64 pairs in claim 169 itself", gate(pairs64), ok},
		want{"65 pairs in claim 169 itself", gate(pairs65), malformed},
		want{"64 reasons", token(p.hk, nil, map[int]any{-70001: map[int]any{1: 3, 2: reasons(64)}}), ok},
		want{"65 reasons", token(p.hk, nil, map[int]any{-70001: map[int]any{1: 3, 2: reasons(65)}}), malformed},
		want{"8 levels", gate(map[int]any{99: deep(6, nil)}), ok},
		want{"9 levels", gate(map[int]any{99: deep(7, nil)}), malformed},
		want{"8 levels with a tag on each", gate(map[int]any{99: deep(6, []byte{0xd8, 0x64})}), ok},
		want{"8 levels in a key", gate(map[int]any{99: append(raw{0xa1}, append(deep(4, nil), 0)...)}), malformed}, // an array is no key to us
		want{"an unknown key that is text", gate(map[int]any{99: map[string]any{"a": nil, "b": true}}), ok},
		want{"an unknown float", gate(map[int]any{99: 1.5}), ok},
		want{"an unknown float, long", gate(map[int]any{99: raw{0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0}}), malformed},
		want{"an unknown bignum", gate(map[int]any{99: raw{0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0}}), ok},
		want{"an unknown bignum that is small", gate(map[int]any{99: raw{0xc2, 0x41, 1}}), malformed},
		want{"an unknown tag", gate(map[int]any{99: raw{0xd8, 0x25, 0x41, 1}}), ok},
		want{"an unknown date", gate(map[int]any{99: raw{0xc1, 0x1a, 0x69, 0, 0, 0}}), malformed}, // formats.md, chapter 10
		want{"an unknown text that is not UTF-8", gate(map[int]any{99: raw{0x61, 0xff}}), malformed},
		want{"an unknown undefined", gate(map[int]any{99: raw{0xf7}}), malformed},
		want{"an unknown simple value", gate(map[int]any{99: raw{0xf0}}), ok},
		want{"the same unknown key twice", gate(map[int]any{99: raw{0xa2, 1, 0, 1, 0}}), malformed},
		want{"unknown keys by their bytes, not by their lengths", gate(map[int]any{99: raw{0xa2, 0x18, 0x18, 0, 0x20, 0}}), ok},
		want{"unknown keys by their lengths", gate(map[int]any{99: raw{0xa2, 0x20, 0, 0x18, 0x18, 0}}), malformed},
		want{"an unknown key that is not UTF-8", gate(map[int]any{99: raw{0xa1, 0x61, 0xff, 0}}), malformed},
		want{"an unknown key of bytes", gate(map[int]any{99: raw{0xa1, 0x41, 0xff, 0}}), ok},
		want{"an unknown NaN", gate(map[int]any{99: raw{0xf9, 0x7e, 0}}), ok},
		want{"another NaN", gate(map[int]any{99: raw{0xf9, 0x7e, 1}}), malformed},
		want{"an unknown -0.0", gate(map[int]any{99: raw{0xf9, 0x80, 0}}), ok},
		want{"unknown keys out of order", gate(map[int]any{99: raw{0xa2, 2, 0, 1, 0}}), malformed},
		want{"an unknown key that is no number", token(p.hk, nil, map[int]any{2: strings.Repeat("A", 22), -70007: 2, 169: map[any]any{"x": 1}}), ok},

		want{"exp 2^40", token(p.hk, nil, map[int]any{4: 1 << 40}), ok},
		want{"exp 2^40 + 1", token(p.hk, nil, map[int]any{4: 1<<40 + 1}), malformed},
		want{"nbf 0", token(p.hk, nil, map[int]any{5: 0}), ok},
		want{"nbf -1", token(p.hk, nil, map[int]any{5: -1}), malformed},
		want{"iat 0", token(p.hk, nil, map[int]any{6: 0}), ok},
		want{"iat tomorrow", token(p.hk, nil, map[int]any{6: now.Add(day).Unix()}), ok},
		want{"iat as a whole float", token(p.hk, nil, map[int]any{6: 0.0}), malformed},
		want{"exp as a tagged date", token(p.hk, nil, map[int]any{4: raw{0xc1, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0}}), malformed},
		want{"exp as a bignum", token(p.hk, nil, map[int]any{4: raw{0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0}}), malformed},
		want{"exp in more bytes than needed", token(p.hk, nil, map[int]any{4: raw{0x1b, 0, 0, 0, 0, 0x7f, 0, 0, 0}}), malformed},
		want{"exp null", token(p.hk, nil, map[int]any{4: raw{0xf6}}), malformed},
		want{"nbf missing", token(p.hk, nil, map[int]any{5: nil}), malformed},
		want{"iat missing", token(p.hk, nil, map[int]any{6: nil}), malformed},
		want{"ends before it begins", token(p.hk, nil, map[int]any{4: now.Add(-day).Unix(), 5: now.Add(-time.Hour).Unix()}), verdict.Expired},

		want{"tag in two bytes", outside(func(b []byte) []byte { return append([]byte{0xd8, 0x12}, b[1:]...) }), malformed},
		want{"tagged twice", outside(func(b []byte) []byte { return append([]byte{0xd2}, b...) }), malformed},
		want{"self-described", outside(func(b []byte) []byte { return append([]byte{0xd9, 0xd9, 0xf7}, b...) }), malformed},
		want{"as a CWT", outside(func(b []byte) []byte { return append([]byte{0xd8, 0x3d}, b...) }), malformed},
		want{"an array without end", outside(func(b []byte) []byte { b[1] = 0x9f; return append(b, 0xff) }), malformed},
		want{"a length of array in two bytes", outside(func(b []byte) []byte { return append([]byte{0xd2, 0x98, 4}, b[2:]...) }), malformed},
		want{"a zero before the integer in the signature", outside(func(b []byte) []byte {
			at := len(b) - 64
			return append(append(bytes.Clone(b[:at-1]), 65, 0), b[at:]...)
		}), badSignature},
		want{"payload empty", payload(nil), malformed},
		want{"payload an empty map", payload([]byte{0xa0}), malformed},
		want{"payload null", payload([]byte{0xf6}), malformed},
		want{"payload with a byte behind", payload(append(bytes.Clone(ordinary), 0)), malformed},
		want{"payload out of order", payload(swapFirst(ordinary)), malformed},
		want{"payload self-described", payload(append([]byte{0xd9, 0xd9, 0xf7}, ordinary...)), malformed},
		want{"issuer in chunks", payload(bytes.Replace(ordinary, []byte("\x62HK"), []byte("\x7f\x62HK\xff"), 1)), malformed},
		want{"issuer empty", token(p.hk, nil, map[int]any{1: ""}), verdict.WrongUse},
		want{"issuer in lower case", token(p.hk, nil, map[int]any{1: "hk"}), verdict.WrongUse},
		want{"issuer of nobody", token(p.hk, nil, map[int]any{1: "HB"}), verdict.WrongUse},
	)
}

// swapFirst puts the second pair of a map of small integer keys before the first: {1: "HK", 4: time …}.
func swapFirst(b []byte) []byte {
	out := bytes.Clone(b[:1])
	out = append(out, b[5:11]...) // 4: a time of four bytes
	out = append(out, b[1:5]...)  // 1: "HK"
	return append(out, b[11:]...)
}

// TestTimes walks over the edges of validity: nbf ≤ now + u and now − u < exp.
func TestTimes(t *testing.T) {
	p := newPage(t)
	from, until := now, now.Add(time.Hour)
	code := token(p.hk, nil, map[int]any{4: until.Unix(), 5: from.Unix()})
	for _, tc := range []struct {
		at   time.Time
		u    time.Duration
		want verdict.Reason
	}{
		{from, 0, verdict.Satisfied},
		{from.Add(-1), 0, verdict.NotYet},
		{from.Add(-time.Second), time.Second, verdict.Satisfied},
		{from.Add(-time.Second - 1), time.Second, verdict.NotYet},
		{until.Add(-1), 0, verdict.Satisfied},
		{until, 0, verdict.Expired},
		{until.Add(time.Second - 1), time.Second, verdict.Satisfied},
		{until.Add(time.Second), time.Second, verdict.Expired},
		{from.Add(-2 * time.Hour), 400 * day, verdict.Satisfied}, // nobody knows better
	} {
		p.ask(t, tc.at, tc.u, anyGenuine, want{tc.at.String() + " ± " + tc.u.String(), code, tc.want})
	}
}

// TestTokenRules asks what a scheme may say (formats.md, chapters 2 and 5).
func TestTokenRules(t *testing.T) {
	p := newPage(t)
	p.gz.Scope = []int{1, 2, 4, 5, 6, 7, 8, 169, 65535, -70001, -70007}
	p.add("trust/GZ.json", p.gz.TrustFile())
	door := issuer.New("DO", "Asia/Hong_Kong")
	p.add("trust/DO.json", bytes.Replace(door.TrustFile(), []byte(`"gate"`), []byte(`"door"`), 1))
	p.s = p.load(t).WithKeys(p.keys(t))
	sub := strings.Repeat("A", 22)
	gate := func(change map[int]any) map[int]any {
		all := map[int]any{2: sub, -70007: 2}
		maps.Copy(all, change)
		return all
	}
	ref := func(idx, uri any) map[int]any {
		return map[int]any{65535: map[string]any{"status_list": map[string]any{"idx": idx, "uri": uri}}}
	}
	venueIn := map[int]any{-70003: map[int]any{1: make([]byte, 8), 2: map[string]string{"en": "x"}, 3: "x"}}
	const ok, malformed, scope = verdict.Satisfied, verdict.Malformed, verdict.OutOfScope
	p.ask(t, now, 0, anyGenuine,
		want{"a personal code", token(p.pc, nil, nil), ok},
		want{"a personal code for gates", token(p.pc, nil, gate(map[int]any{169: map[int]any{4: "CHAN", 8: "19800229"}})), ok},
		want{"a personal code with health", token(p.pc, nil, map[int]any{-70001: map[int]any{1: 1}}), scope},
		want{"health without scope and without sense", token(p.pc, nil, map[int]any{-70001: map[int]any{1: 9}}), malformed},
		want{"an age band without scope", token(p.gz, nil, map[int]any{-70005: 3}), scope},
		want{"preferences without scope", token(p.gz, nil, map[int]any{-70004: map[int]any{1: "en"}}), scope},
		want{"preferences of nothing", token(p.hk, nil, map[int]any{-70004: map[int]any{}}), ok},
		want{"preferences without scope and without sense", token(p.gz, nil, map[int]any{-70004: 1}), malformed},
		want{"a gate token of a scheme of doors", token(door, nil, gate(nil)), scope},
		want{"a venue in a token", token(p.hk, nil, venueIn), malformed},
		want{"a scheme's claim of its own", token(p.hk, nil, map[int]any{-80000: 1}), malformed},
		want{"an audience", token(p.hk, nil, map[int]any{3: "LMC-DEP"}), malformed},
		want{"empty identity", token(p.hk, nil, gate(map[int]any{169: map[int]any{}})), ok},
		want{"empty lists", token(p.hk, nil, gate(map[int]any{-70001: map[int]any{1: 1, 2: []any{}, 4: []any{}, 5: []any{}, 6: []any{}, 7: []any{}, 8: []any{}, 9: []any{}}})), ok},
		want{"red without a reason", token(p.hk, nil, map[int]any{-70001: map[int]any{1: 3}}), ok},
		want{"a reason of a class that nobody knows", token(p.hk, nil, map[int]any{-70001: map[int]any{1: 3, 2: []any{[]any{1 << 40}}}}), ok},
		want{"an index past all lists", token(p.hk, nil, ref(uint64(1)<<63, "7")), verdict.Undetermined},
		want{"an index below 0", token(p.hk, nil, ref(-1, "7")), malformed},
		want{"an index as a float", token(p.hk, nil, ref(1.0, "7")), malformed},
		want{"a list without a name", token(p.hk, nil, ref(1, "")), verdict.Undetermined},
		want{"a list by its address", token(p.hk, nil, ref(1, "https://example.org/7")), verdict.Undetermined},
		want{"another scheme's list", token(p.hk, nil, ref(1, "7")), verdict.Undetermined}, // 7 is of GZ
		want{"its own list", token(p.gz, nil, ref(0, "7")), ok},
		want{"the last of its own list", token(p.gz, nil, ref(999, "7")), ok},
		want{"one past its own list", token(p.gz, nil, ref(1000, "7")), verdict.Undetermined},
	)
}

// TestPrecedence spoils tokens in more than one way: the first check that fails is the reason.
func TestPrecedence(t *testing.T) {
	p := newPage(t)
	forged := func(code string) string {
		b := issuer.Unbase45(code[len("HCT1:"):])
		b[len(b)-1] ^= 1
		return "HCT1:" + issuer.Base45(b)
	}
	status := func(idx int) any { return map[string]any{"status_list": map[string]any{"idx": idx, "uri": "7"}} }
	phone := map[int]any{1: map[int]any{1: 1, -1: 6, -2: make([]byte, 32)}}
	ended := now.Add(-time.Second).Unix()
	stranger := issuer.New("GZ", "Asia/Shanghai")
	venue := "HCT1:" + issuer.Base45(p.gz.Statement("venue", "HCT1:", nil, issuer.CBOR(claims("HK", map[int]any{4: ended}))))
	p.gz.Scope = []int{1, 4, 5, 6, 7, 8, 65535, -70007}
	p.add("trust/GZ.json", p.gz.TrustFile())
	p.s = p.load(t)
	p.ask(t, now, 0, anyGenuine,
		want{"spoilt in form, of nobody, ended", token(stranger, nil, map[int]any{4: ended, -70099: 1}), verdict.Malformed},
		want{"of nobody, out of scope, forged, ended", forged(token(stranger, nil, map[int]any{4: ended, -70005: 1})), verdict.UnknownSigner},
		want{"by the venue key, in another's name, forged, ended", forged(venue), verdict.WrongUse},
		want{"out of scope, forged, ended", forged(token(p.gz, nil, map[int]any{4: ended, -70005: 1})), verdict.OutOfScope},
		want{"forged, ended, withdrawn, of a phone", forged(token(p.gz, nil, map[int]any{4: ended, 8: phone, 65535: status(1)})), verdict.BadSignature},
		want{"ended, withdrawn, of a phone", token(p.gz, nil, map[int]any{4: ended, 8: phone, 65535: status(1)}), verdict.Expired},
		want{"withdrawn, of a phone", token(p.gz, nil, map[int]any{8: phone, 65535: status(1)}), verdict.Withdrawn},
		want{"of a phone, live status unknown", token(p.gz, nil, map[int]any{8: phone, 65535: status(5000)}), verdict.HolderProof},
		want{"of a phone, live status red", token(p.gz, nil, map[int]any{8: phone, 65535: status(3)}), verdict.HolderProof},
		want{"live status unknown", token(p.gz, nil, map[int]any{65535: status(5000)}), verdict.Undetermined},
	)
}
