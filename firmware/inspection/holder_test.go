package inspection_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// rules is a policy that admits whatever is genuine, with members of the file added.
func rules(name, members string) []byte {
	return fmt.Appendf(nil, `{"v":1,"profile":%q,%s"rules":[{"name":"red","when":"codes.exists(c, c.colour == \"red\")","outcome":"refuse","reason":"high-risk"},
		{"name":"genuine","when":"size(codes) > 0","outcome":"admit","reason":"satisfied"}]}`, name, members)
}

// stage is a world with phones, a site and its key.
type stage struct {
	*world
	site  *issuer.Site
	kiosk *issuer.Device
	s     *inspection.Snapshot
}

func newStage(t testing.TB, members string) *stage {
	st := &stage{newWorld(t), issuer.NewSite("LMC-DEP"), issuer.NewDevice("kiosk-1"), nil}
	st.add("keys.json", issuer.KeysFile([]*issuer.Device{st.kiosk}, []*issuer.Site{st.site}))
	st.add("policy/open.json", rules("open", members))
	st.s = st.load(t).WithKeys(st.keys(t))
	return st
}

// keys opens what is sealed to the site.
func (st *stage) keys(t testing.TB) holder.SiteKeys {
	keys := holder.SiteKeys{}
	if _, err := keys.Add(st.site.Private()); err != nil {
		t.Fatal(err)
	}
	return keys
}

func (st *stage) hold(p *phone.Phone, h issuer.HealthCode) *phone.Phone {
	h.Holder = p.Key()
	if h.Colour == 0 {
		h.Colour = issuer.Green
	}
	if h.From.IsZero() {
		h.From = now.Add(-4 * time.Hour)
	}
	p.Hold(st.hk.HealthCode(h))
	return p
}

var (
	openGate = inspection.Lane{Kind: "border", Direction: "out", Profile: "gate", Policy: "open", Audiences: []string{"LMC-DEP"}}
	openDoor = inspection.Lane{Kind: "venue", VenueClass: "market", Profile: "door", Policy: "open", Audiences: []string{"513887D22674C098"}}
)

// TestHolder shows what phones, and those who hold others' phones, may and may not do (FORMATS A2, A3).
func TestHolder(t *testing.T) {
	st := newStage(t, "")
	door := issuer.HealthCode{}
	gate := issuer.HealthCode{Profile: "gate", Name: "CHAN TAI MAN", Birth: "19800229"}
	own := st.hold(phone.New(), door)
	edwards := st.hold(phone.NewEd25519(), door)
	gated := st.hold(phone.New(), gate)
	sealed := st.hold(phone.New(), gate)
	st.hold(sealed, door)
	sealed.Site = st.site
	family := st.hold(st.hold(phone.New(), gate), issuer.HealthCode{Profile: "gate", Name: "CHAN SIU MING", Birth: "20150101"})
	family.Site = st.site
	friend := st.hold(phone.New(), door)
	other := issuer.NewSite("HZMB-DEP")
	lost := st.hold(phone.New(), gate)
	lost.Site = other
	show := func(p *phone.Phone, change func(*phone.Showing)) string {
		s := phone.Showing{Audience: "LMC-DEP", At: now}
		change(&s)
		return p.Show(s)
	}
	plain := func(*phone.Showing) {}
	spoilt := func(how issuer.Spoil) func(*phone.Showing) { return func(s *phone.Showing) { s.Spoil = how } }
	late := func(d time.Duration) func(*phone.Showing) { return func(s *phone.Showing) { s.At = now.Add(-d) } }
	token := func(h issuer.HealthCode) []byte {
		h.From = now.Add(-4 * time.Hour)
		if h.Colour == 0 {
			h.Colour = issuer.Green
		}
		return issuer.Unbase45(st.hk.HealthCode(h)[len("HCT1:"):])
	}
	with := func(more ...issuer.HealthCode) func(*phone.Showing) { // beside the phone's own door token
		return func(s *phone.Showing) {
			s.Tokens = [][]byte{token(issuer.HealthCode{Holder: own.Key()})}
			for _, h := range more {
				s.Tokens = append(s.Tokens, token(h))
			}
		}
	}
	mine := func(h issuer.HealthCode) issuer.HealthCode { h.Holder = own.Key(); return h }
	const admit, refer, refuse = verdict.Admit, verdict.Refer, verdict.Refuse
	for _, tc := range []struct {
		name    string
		lane    inspection.Lane
		u       time.Duration
		code    string
		outcome verdict.Outcome
		reason  verdict.Reason
	}{
		{"a phone", openGate, 0, show(own, plain), admit, verdict.Satisfied},
		{"a phone with Ed25519", openGate, 0, show(edwards, plain), admit, verdict.Satisfied},
		{"two tokens of the same phone", openGate, 0, show(own, with(mine(door))), admit, verdict.Satisfied},
		{"the same token twice", openGate, 0, show(own, func(s *phone.Showing) {
			tok := token(mine(door))
			s.Tokens = [][]byte{tok, tok}
		}), admit, verdict.Satisfied},
		{"a parent's token and a child's", openGate, 0, show(family, plain), refer, verdict.SeveralCodes},
		{"both, where nothing may be learnt of them", openDoor, 0, show(family, func(s *phone.Showing) { s.Audience = "513887D22674C098" }), refer, verdict.SeveralCodes},
		{"a child's door token beside mine, by age alone", openDoor, 0, show(own, func(s *phone.Showing) {
			s.Audience = "513887D22674C098"
			s.Tokens = [][]byte{token(mine(issuer.HealthCode{AgeBand: 3})), token(mine(issuer.HealthCode{AgeBand: 1}))}
		}), refer, verdict.SeveralCodes},
		{"at the venue whose code was scanned", openDoor, 0, show(own, func(s *phone.Showing) { s.Audience = "513887D22674C098" }), admit, verdict.Satisfied},
		{"the venue in lower case", openDoor, 0, show(own, func(s *phone.Showing) { s.Audience = "513887d22674c098" }), refuse, verdict.OutOfScope},
		{"for another site", openGate, 0, show(own, func(s *phone.Showing) { s.Audience = "HZMB-DEP" }), refuse, verdict.OutOfScope},
		{"for everywhere", openGate, 0, show(own, func(s *phone.Showing) { s.Audience = "*" }), refuse, verdict.OutOfScope},
		{"a lane that answers for its site alone", inspection.Lane{Site: "LMC-DEP", Kind: "border", Profile: "gate", Policy: "open"}, 0, show(own, plain), admit, verdict.Satisfied},
		{"the same of another site", inspection.Lane{Site: "LMC-ARR", Kind: "border", Profile: "gate", Policy: "open"}, 0, show(own, plain), refuse, verdict.OutOfScope},
		{"for nowhere, at a lane of nowhere", inspection.Lane{Kind: "border", Profile: "gate", Policy: "open"}, 0, show(own, func(s *phone.Showing) { s.Audience = "" }), refuse, verdict.OutOfScope},
		{"30 s old", openGate, 0, show(own, late(30*time.Second)), admit, verdict.Satisfied},
		{"31 s old", openGate, 0, show(own, late(31*time.Second)), refuse, verdict.NotFresh},
		{"35 s old, the clock off by 5", openGate, 5 * time.Second, show(own, late(35*time.Second)), admit, verdict.Satisfied},
		{"36 s old, the clock off by 5", openGate, 5 * time.Second, show(own, late(36*time.Second)), refuse, verdict.NotFresh},
		{"5 s ahead, the clock off by 5", openGate, 5 * time.Second, show(own, late(-5*time.Second)), admit, verdict.Satisfied},
		{"6 s ahead, the clock off by 5", openGate, 5 * time.Second, show(own, late(-6*time.Second)), refuse, verdict.NotYet},
		{"a friend's token beside mine", openGate, 0, show(own, with(issuer.HealthCode{Holder: friend.Key()})), refer, verdict.HolderOther},
		{"a paper token beside mine", openGate, 0, show(own, with(door)), refer, verdict.HolderOther},
		{"a friend's red token does not count against me", openGate, 0, show(own, with(issuer.HealthCode{Holder: friend.Key(), Colour: issuer.Red})), refer, verdict.HolderOther},
		{"mine is red", openGate, 0, show(own, with(mine(issuer.HealthCode{Colour: issuer.Red}))), refuse, "high-risk"},
		{"only a friend's token", openGate, 0, show(own, func(s *phone.Showing) { s.Tokens = [][]byte{token(issuer.HealthCode{Holder: friend.Key()})} }), refuse, verdict.HolderOther},
		{"only a paper token", openGate, 0, show(own, func(s *phone.Showing) { s.Tokens = [][]byte{token(door)} }), refuse, verdict.HolderOther},
		{"signed by a friend under my key id", openGate, 0, show(own, func(s *phone.Showing) { s.By = friend }), refuse, verdict.BadSignature},
		{"a spoilt token beside mine", openGate, 0, show(own, with(issuer.HealthCode{Holder: own.Key(), Spoil: issuer.BadSignature})), refuse, verdict.BadSignature},
		{"a spoilt token of a friend", openGate, 0, show(own, with(issuer.HealthCode{Holder: friend.Key(), Spoil: issuer.Stranger})), refuse, verdict.UnknownSigner},
		{"an ended token beside mine", openGate, 0, show(own, with(issuer.HealthCode{Holder: own.Key(), Until: now})), refuse, verdict.Expired},
		{"five tokens", openGate, 0, show(own, with(mine(door), mine(door), mine(door), mine(door))), refuse, verdict.Malformed},
		{"no token", openGate, 0, show(own, func(s *phone.Showing) { s.Change = func(c map[int]any) { c[-70002] = [][]byte{} } }), refuse, verdict.Malformed},
		{"a claim too many", openGate, 0, show(own, func(s *phone.Showing) { s.Change = func(c map[int]any) { c[1] = "HK" } }), refuse, verdict.Malformed},
		{"a nonce of 7", openGate, 0, show(own, func(s *phone.Showing) { s.Nonce = make([]byte, 7) }), refuse, verdict.Malformed},
		{"one bit of the phone's signature", openGate, 0, show(own, spoilt(issuer.BadSignature)), refuse, verdict.BadSignature},
		{"signed as another kind", openGate, 0, show(own, spoilt(issuer.OtherKind)), refuse, verdict.BadSignature},
		{"untagged", openGate, 0, show(own, spoilt(issuer.Untagged)), refuse, verdict.Malformed},
		{"trailing byte", openGate, 0, show(own, spoilt(issuer.Trailing)), refuse, verdict.Malformed},
		{"loose CBOR", openGate, 0, show(own, spoilt(issuer.Loose)), refuse, verdict.Malformed},
		{"open header", openGate, 0, show(own, spoilt(issuer.OpenHeader)), refuse, verdict.Malformed},
		{"a gate token in the open", openGate, 0, show(gated, plain), refuse, verdict.OutOfScope},
		{"a gate token of a friend in the open", openGate, 0, show(own, with(issuer.HealthCode{Profile: "gate", Holder: friend.Key()})), refuse, verdict.OutOfScope},
		{"sealed", openGate, 0, show(sealed, plain), admit, verdict.Satisfied},
		{"sealed for another site's audience", openGate, 0, show(sealed, func(s *phone.Showing) { s.Audience = "HZMB-DEP" }), refuse, verdict.OutOfScope},
		{"sealed and stale", openGate, 0, show(sealed, late(time.Minute)), refuse, verdict.NotFresh},
		{"sealed to another site", openGate, 0, show(lost, plain), refuse, verdict.UnknownSigner},
		{"sealed for another purpose", openGate, 0, show(sealed, func(s *phone.Showing) { s.Info = []byte("HCE1:") }), refuse, verdict.BadSignature},
		{"a token taken out of the phone", openGate, 0, st.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Phone: true}), refuse, verdict.HolderProof},
		{"the same at a market", openDoor, 0, st.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Phone: true}), refuse, verdict.HolderProof},
		{"a venue's own code", openGate, 0, st.hk.VenueCode(issuer.VenueCode{From: now}), refuse, verdict.NoPerson},
		{"a venue's own code, ended", openGate, 0, st.hk.VenueCode(issuer.VenueCode{From: now.Add(-time.Hour)}), refuse, verdict.Expired},
		{"a venue code by the token key", openGate, 0, st.hk.VenueCode(issuer.VenueCode{From: now, Spoil: issuer.WrongKey}), refuse, verdict.WrongUse},
		{"a slip", openGate, 0, st.kiosk.Slip(issuer.Slip{Site: "booth", Issued: now}), refer, verdict.Provisional},
		{"a slip in another device's name", openGate, 0, st.kiosk.Slip(issuer.Slip{Site: "booth", Issued: now, Device: "kiosk-2"}), refuse, verdict.WrongUse},
		{"a forged slip", openGate, 0, st.kiosk.Slip(issuer.Slip{Site: "booth", Issued: now, Spoil: issuer.Stranger}), refuse, verdict.UnknownSigner},
		{"LeaveHomeSafe: anybody can make one", openDoor, 0, leaveHomeSafe(t), refuse, verdict.UnknownSigner},
	} {
		got := st.s.Inspect(inspection.Presentation{At: now, Clock: inspection.Clock{Uncertainty: tc.u, Confidence: "trusted"}, Lane: tc.lane, Codes: [][]byte{[]byte(tc.code)}})
		if got.Outcome != tc.outcome || got.Reason != tc.reason {
			t.Errorf("%s: %s %s, want %s %s", tc.name, got.Outcome, got.Reason, tc.outcome, tc.reason)
		}
		if (got.Outcome == admit) != (len(got.Counts) >= 2) {
			t.Errorf("%s: %s, and %d identities count", tc.name, got.Outcome, len(got.Counts))
		}
	}
}

func leaveHomeSafe(t *testing.T) string {
	var cases []struct{ Text string }
	readJSON(t, &cases, "vectors", "hk", "leavehomesafe.json")
	return cases[0].Text
}

// TestWithoutSiteKey shows that a lane without keys opens nothing, and that a key
// which the bundle no longer names opens nothing either.
func TestWithoutSiteKey(t *testing.T) {
	st := newStage(t, "")
	p := st.hold(phone.New(), issuer.HealthCode{Profile: "gate"})
	p.Site = st.site
	ask := func(s *inspection.Snapshot) verdict.Verdict {
		return s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openGate, Codes: [][]byte{[]byte(p.Show(phone.Showing{Audience: "LMC-DEP", At: now}))}})
	}
	if v := ask(st.s); v.Outcome != verdict.Admit || v.Format != "HCE1" {
		t.Errorf("%s %s %s", v.Outcome, v.Reason, v.Format)
	}
	if v := ask(st.s.WithKeys(nil)); v.Outcome != verdict.Refuse || v.Reason != verdict.BadSignature {
		t.Errorf("without keys: %s %s", v.Outcome, v.Reason)
	}
	st.add("keys.json", issuer.KeysFile(nil, []*issuer.Site{issuer.NewSite("LMC-DEP")}))
	keys := holder.SiteKeys{}
	keys.Add(st.site.Private())
	if v := ask(st.load(t).WithKeys(keys)); v.Reason != verdict.UnknownSigner {
		t.Errorf("a key that is no longer in the bundle: %s %s", v.Outcome, v.Reason)
	}
}

// TestScreens follows one phone: it refreshes, it is photographed, it sleeps.
func TestScreens(t *testing.T) {
	st := newStage(t, "")
	p := st.hold(phone.New(), issuer.HealthCode{Profile: "gate"})
	p.Site = st.site
	marks := map[string]time.Time{}
	scan := func(code string, at time.Time) verdict.Reason {
		v := st.s.Inspect(inspection.Presentation{At: at, Clock: sure, Lane: inspection.Lane{Kind: "venue", Profile: "gate", Policy: "open",
			Audiences: []string{"LMC-DEP"}, ReplayWindow: time.Second}, Codes: [][]byte{[]byte(code)}})
		for _, c := range v.Counts {
			if at.Before(marks[string(c.Identity)]) {
				return verdict.Replayed
			}
		}
		for _, c := range v.Counts {
			marks[string(c.Identity)] = c.Until
		}
		return v.Reason
	}
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	first := p.Screen("LMC-DEP", at(0))
	if got := scan(first, at(1)); got != verdict.Satisfied {
		t.Fatal(got)
	}
	shot := p.Screenshot()
	if got := scan(shot, at(10)); got != verdict.Replayed {
		t.Errorf("a photograph of the screen 10 s later: %s", got)
	}
	if got := scan(p.Screen("LMC-DEP", at(14)), at(14)); got != verdict.Replayed {
		t.Errorf("not refreshed yet: %s", got)
	}
	if got := scan(p.Screen("LMC-DEP", at(16)), at(16)); got != verdict.Satisfied {
		t.Errorf("refreshed: %s", got)
	}
	if got := scan(shot, at(31)); got != verdict.NotFresh {
		t.Errorf("the photograph after half a minute: %s", got)
	}
	p.Screen("LMC-DEP", at(40))
	p.Sleep()
	if got := scan(p.Screen("LMC-DEP", at(100)), at(100)); got != verdict.NotFresh {
		t.Errorf("the app was left: %s", got)
	}
	p.Wake()
	p.Slow = 40 * time.Second
	if got := scan(p.Screen("LMC-DEP", at(200)), at(200)); got != verdict.NotFresh {
		t.Errorf("the phone's clock is 40 s behind: %s", got)
	}
}

// TestPresenting shows what a policy may say of how codes are shown.
func TestPresenting(t *testing.T) {
	p := phone.New()
	for _, tc := range []struct {
		members string
		lane    inspection.Lane
		showing phone.Showing
		reason  verdict.Reason
	}{
		{`"windows":{"fresh_s":10},`, openGate, phone.Showing{Audience: "LMC-DEP", At: now.Add(-10 * time.Second)}, verdict.Satisfied},
		{`"windows":{"fresh_s":10},`, openGate, phone.Showing{Audience: "LMC-DEP", At: now.Add(-11 * time.Second)}, verdict.NotFresh},
		{`"windows":{"fresh_s":60},`, openGate, phone.Showing{Audience: "LMC-DEP", At: now.Add(-60 * time.Second)}, verdict.Satisfied},
		{`"any_place":true,`, openGate, phone.Showing{Audience: "*", At: now}, verdict.Satisfied},
		{`"any_place":true,`, openGate, phone.Showing{Audience: "HZMB-DEP", At: now}, verdict.OutOfScope},
	} {
		st := newStage(t, tc.members)
		tc.showing.Tokens = [][]byte{issuer.Unbase45(st.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Holder: p.Key()})[len("HCT1:"):])}
		got := st.s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: tc.lane, Codes: [][]byte{[]byte(p.Show(tc.showing))}})
		if got.Reason != tc.reason {
			t.Errorf("%s %+v: %s %s, want %s", tc.members, tc.showing.Audience, got.Outcome, got.Reason, tc.reason)
		}
	}
	st := newStage(t, `"unproven_classes":["park"],`)
	bare := st.hk.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now, Phone: true})
	for class, want := range map[string]verdict.Reason{"park": verdict.Satisfied, "market": verdict.HolderProof} {
		for kind, want := range map[string]verdict.Reason{"venue": want, "border": verdict.HolderProof} {
			lane := openDoor
			lane.Kind, lane.VenueClass = kind, class
			got := st.s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: lane, Codes: [][]byte{[]byte(bare)}})
			if got.Reason != want {
				t.Errorf("%s %s: %s, want %s", kind, class, got.Reason, want)
			}
		}
	}
}

// TestJoin holds up two codes of paper at once (FORMATS A2).
func TestJoin(t *testing.T) {
	st := newStage(t, "")
	st.add("policy/open.json", rules("open", `"joins_codes":true,`))
	joins := st.load(t)
	paper := func(name, birth string, colour int) string {
		return st.hk.HealthCode(issuer.HealthCode{Profile: "gate", Colour: colour, From: now, Name: name, Birth: birth})
	}
	cert := st.dsc.Certificate(issuer.Certificate{From: now.Add(-day), Until: now.Add(day), Birth: "1980-02-29"}) // MUSTER MARIA
	for _, tc := range []struct {
		name   string
		lane   inspection.Lane
		a, b   string
		plain  verdict.Reason
		joined verdict.Reason
	}{
		{"one person", openGate, paper("Maria Muster", "19800229", issuer.Green), cert, verdict.SeveralCodes, verdict.Satisfied},
		{"Latin beside Chinese", openGate, paper("MUSTER, Maria 瑪", "19800229", issuer.Green), cert, verdict.SeveralCodes, verdict.Satisfied},
		{"another birth date", openGate, paper("Maria Muster", "19800228", issuer.Green), cert, verdict.SeveralCodes, verdict.SeveralCodes},
		{"another name", openGate, paper("Maria Mustermann", "19800229", issuer.Green), cert, verdict.SeveralCodes, verdict.SeveralCodes},
		{"no name", openGate, paper("", "19800229", issuer.Green), cert, verdict.SeveralCodes, verdict.SeveralCodes},
		{"a door learns no names", inspection.Lane{Kind: "venue", Profile: "door", Policy: "open"}, paper("Maria Muster", "19800229", issuer.Green), cert, verdict.SeveralCodes, verdict.SeveralCodes},
		{"one is red", openGate, paper("Maria Muster", "19800229", issuer.Red), cert, "high-risk", "high-risk"},
		{"one is spoilt", openGate, paper("Maria Muster", "19800229", issuer.Green)[:200], cert, verdict.Malformed, verdict.Malformed},
	} {
		for s, want := range map[*inspection.Snapshot]verdict.Reason{st.s: tc.plain, joins: tc.joined} {
			for _, codes := range [][][]byte{{[]byte(tc.a), []byte(tc.b)}, {[]byte(tc.b), []byte(tc.a)}} {
				got := s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: tc.lane, Codes: codes})
				if got.Reason != want || (got.Outcome == verdict.Admit) != (want == verdict.Satisfied) {
					t.Errorf("%s: %s %s, want %s", tc.name, got.Outcome, got.Reason, want)
				}
				if got.Outcome == verdict.Admit && len(got.Counts) != 2 {
					t.Errorf("%s: %d identities count", tc.name, len(got.Counts))
				}
			}
		}
	}
}

// TestReadsAs has a policy read another scheme's colours by that scheme's mapping.
func TestReadsAs(t *testing.T) {
	w := newWorld(t)
	w.hk.MapsTo = map[string]map[int]string{"GZ": {issuer.Green: "low-risk-proxy"}}
	w.add("trust/HK.json", w.hk.TrustFile())
	w.add("policy/open.json", rules("open", `"reads_as":"GZ",`))
	s := w.load(t)
	for _, tc := range []struct {
		by      *issuer.Issuer
		colour  int
		meaning string
		reason  verdict.Reason
	}{
		{w.hk, issuer.Green, "low-risk-proxy", verdict.Satisfied},
		{w.hk, issuer.Amber, "", verdict.NoRule}, // without mapping it means nothing here
		{w.gz, issuer.Blue, "low-risk-self", verdict.Satisfied},
	} {
		v, found := s.Explain(inspection.Presentation{At: now, Clock: sure, Lane: openGate,
			Codes: [][]byte{[]byte(tc.by.HealthCode(today(tc.colour)))}})
		if v.Reason != tc.reason || found[0].Meaning != tc.meaning {
			t.Errorf("%s %d: %s %q", tc.by.Name, tc.colour, v.Reason, found[0].Meaning)
		}
	}
}

// TestRotation has two keys of one purpose overlap: which may sign depends on the time of issue.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	old := *w.hk
	old.Until(now.Add(time.Hour))
	w.hk.Renew(now)
	w.add("trust/HK.json", w.hk.TrustFile(&old))
	s := w.load(t)
	for _, tc := range []struct {
		name   string
		by     *issuer.Issuer
		issued time.Time
		reason verdict.Reason
	}{
		{"the old key before the change", &old, now.Add(-time.Hour), verdict.Satisfied},
		{"the old key while both hold", &old, now.Add(time.Minute), verdict.Satisfied},
		{"the old key after its end", &old, now.Add(time.Hour), verdict.WrongUse},
		{"the new key before its time", w.hk, now.Add(-time.Second), verdict.WrongUse},
		{"the new key", w.hk, now, verdict.Satisfied},
	} {
		code := tc.by.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(-time.Hour), Until: now.Add(day), Issued: tc.issued})
		v := s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: market, Codes: [][]byte{[]byte(code)}})
		if v.Reason != tc.reason {
			t.Errorf("%s: %s, want %s", tc.name, v.Reason, tc.reason)
		}
	}
}

// TestCountsOfOnePerson has one person use two phones (R12).
func TestCountsOfOnePerson(t *testing.T) {
	st := newStage(t, "")
	person := "AAAAAAAAAAAAAAAAAAAAAA"
	var seen [][]byte
	for range 2 { // two phones of one person
		p := st.hold(phone.New(), issuer.HealthCode{Profile: "gate", Subject: person})
		p.Site = st.site
		v := st.s.Inspect(inspection.Presentation{At: now, Clock: sure, Lane: openGate, Codes: [][]byte{[]byte(p.Show(phone.Showing{Audience: "LMC-DEP", At: now}))}})
		if len(v.Counts) != 2 {
			t.Fatalf("%s %s: %d identities", v.Outcome, v.Reason, len(v.Counts))
		}
		seen = append(seen, v.Counts[0].Identity, v.Counts[1].Identity)
		if want := now.Add(35 * time.Second); !v.Counts[1].Until.Equal(want) {
			t.Errorf("the nonce is kept until %s, want %s", v.Counts[1].Until, want)
		}
	}
	if !slices.Equal(seen[0], seen[2]) || slices.Equal(seen[1], seen[3]) {
		t.Error("one person with two phones is one person, and each phone has its own nonce")
	}
}
