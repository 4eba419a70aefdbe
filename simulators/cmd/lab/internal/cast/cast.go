// Package cast is who comes to a hall: people, what they hold up, and the authorities that
// signed it.
package cast

import (
	"slices"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// Site is where they come to.
const Site = "HZMB-DEP"

// Cast is everybody who may come, and the authorities that signed what they hold.
type Cast struct {
	hongKong, guangzhou *issuer.Issuer
	stranger            *issuer.Issuer          // in no trust file
	europe, vaccines    *issuer.DSC             // the second may sign vaccinations only
	gates               *issuer.Site            // whose gates open what phones seal
	used                map[string]string       // the last code let in on paper, by lane
	seen                map[string]*phone.Phone // the last phone let in, by lane
	turn                map[string]int
}

// New makes them, with new keys.
func New() *Cast {
	c := &Cast{hongKong: issuer.New("HK", "Asia/Hong_Kong"), guangzhou: issuer.New("GZ", "Asia/Shanghai"), stranger: issuer.New("XX", "UTC"),
		europe: issuer.NewDSC("PT"), vaccines: issuer.NewDSC("PT", "v"),
		gates: issuer.NewSite(Site), used: map[string]string{}, seen: map[string]*phone.Phone{}, turn: map[string]int{}}
	c.guangzhou.Meanings = map[int]string{issuer.Green: "low-risk-proxy", issuer.Amber: "watch", issuer.Red: "high-risk", issuer.Blue: "low-risk-self"}
	return c
}

// Published is what the authorities publish of themselves, by file of the bundle's source.
func (c *Cast) Published() map[string][]byte {
	return map[string][]byte{
		"trust/HK.json":   c.hongKong.TrustFile(),
		"trust/GZ.json":   c.guangzhou.TrustFile(),
		"status/GZ/7.cwt": c.guangzhou.StatusList("7", 1000, map[uint]byte{withdrawn: issuer.StatusWithdrawn}, time.Now(), 24*time.Hour),
		"trust/dsc.json":  issuer.DSCList(c.europe, c.vaccines),
	}
}

// SiteKey is the file by which gates of the site open what phones seal for it; Keys is the
// public part, as the bundle has it.
func (c *Cast) SiteKey() []byte { return c.gates.PrivateFile() }
func (c *Cast) Keys() []byte    { return issuer.KeysFile(nil, []*issuer.Site{c.gates}) }

// Named is the role of somebody.
func Named(who string) Role {
	return Roles[slices.IndexFunc(Roles, func(r Role) bool { return r.Who == who })]
}

// Role is one kind of person: what they hold up, made when they come.
type Role struct {
	Who   string
	Act   bench.Act
	Codes func(c *Cast, lane bench.Lane, now time.Time) []string
}

func one(sign func(c *Cast, now time.Time) string) func(*Cast, bench.Lane, time.Time) []string {
	return func(c *Cast, _ bench.Lane, now time.Time) []string { return []string{sign(c, now)} }
}

// hk is a code of Hong Kong: for a border the profile that says whose it is, of an adult.
func hk(h issuer.HealthCode) func(*Cast, bench.Lane, time.Time) []string {
	return func(c *Cast, lane bench.Lane, now time.Time) []string {
		if lane.Kind == bench.Border {
			h.Profile, h.AgeBand = "gate", 3
		}
		return []string{c.hongKong.HealthCode(today(h, now))}
	}
}

// today makes a code valid from an hour ago until the scheme's midnight, unless it says when.
func today(h issuer.HealthCode, now time.Time) issuer.HealthCode {
	if h.From.IsZero() {
		h.From = now.Add(-time.Minute)
	}
	return h
}

// Places in the status list of Guangzhou.
const (
	asPrinted = 1
	withdrawn = 2
)

// guangzhou is a long-lived green code of which a status list says what became of it.
func guangzhou(index uint) func(*Cast, bench.Lane, time.Time) []string {
	return one(func(c *Cast, now time.Time) string {
		return c.guangzhou.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0), StatusList: "7", StatusAt: index})
	})
}

// Handset is a phone with a green code bound to its key: for a border sealed to the
// site and saying whose it is, for a venue in the open.
func (c *Cast) Handset(lane bench.Lane, now time.Time) *phone.Phone {
	p, h := phone.New(), issuer.HealthCode{Colour: issuer.Green}
	if lane.Kind == bench.Border {
		p.Site, h.Profile, h.AgeBand = c.gates, "gate", 3
	}
	h.Holder = p.Key()
	p.Hold(c.hongKong.HealthCode(today(h, now)))
	return p
}

// from is what a phone shows at the site, by a way of showing it.
func from(show func(c *Cast, p *phone.Phone, now time.Time) string) func(*Cast, bench.Lane, time.Time) []string {
	return func(c *Cast, lane bench.Lane, now time.Time) []string {
		return []string{show(c, c.Handset(lane, now), now)}
	}
}

// Roles is who comes, over and over: most of them travel as one should.
var Roles = []Role{
	{"green code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"green code for doors only", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.hongKong.HealthCode(today(issuer.HealthCode{Colour: issuer.Green, Language: "en"}, now))
	})},
	{"the code of one let in before", bench.Walks, func(c *Cast, l bench.Lane, _ time.Time) []string { return []string{c.used[l.Name]} }},
	{"expired code", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.hongKong.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(-30 * time.Hour), Until: now.Add(-6 * time.Hour)})
	})},
	{"phone", bench.Walks, func(c *Cast, l bench.Lane, now time.Time) []string {
		c.seen[l.Name] = c.Handset(l, now)
		return []string{c.seen[l.Name].Screen(Site, now)}
	}},
	{"screenshot of that phone", bench.Walks, func(c *Cast, l bench.Lane, _ time.Time) []string { return []string{c.seen[l.Name].Screenshot()} }},
	{"green code, holds on", bench.Stays, hk(issuer.HealthCode{Colour: issuer.Green, Language: "zh-Hans"})},
	{"forged code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.BadSignature})},
	{"EU certificate", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.europe.Certificate(issuer.Certificate{From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0)})
	})},
	{"green code, changes their mind", bench.Withdraws, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"phone out of date", bench.Walks, from(func(_ *Cast, p *phone.Phone, now time.Time) string {
		return p.Show(phone.Showing{Audience: Site, At: now.Add(-2 * time.Minute)})
	})},
	{"red code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Red, Reasons: []int{3}})},
	{"green code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green, Language: "en"})},
	{"two codes at once", bench.Walks, func(c *Cast, _ bench.Lane, now time.Time) []string {
		h := today(issuer.HealthCode{Colour: issuer.Green}, now)
		return []string{c.hongKong.HealthCode(h), c.hongKong.HealthCode(h)}
	}},
	{"amber code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Amber, Reasons: []int{8}})},
	{"green code, turns back", bench.TurnsBack, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"somebody else's phone token", bench.Walks, func(c *Cast, l bench.Lane, now time.Time) []string {
		p, thief := c.Handset(l, now), phone.New()
		thief.Site = p.Site
		return []string{thief.Show(phone.Showing{Audience: Site, At: now, Tokens: p.Tokens()})}
	}},
	{"phone meant for another place", bench.Walks, from(func(_ *Cast, p *phone.Phone, now time.Time) string {
		return p.Show(phone.Showing{Audience: "SZB-DEP", At: now})
	})},
	{"phone's token without the phone", bench.Walks, func(c *Cast, l bench.Lane, now time.Time) []string {
		h := issuer.HealthCode{Colour: issuer.Green, Phone: true}
		return []string{c.hongKong.HealthCode(today(h, now))}
	}},
	{"code for tomorrow", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.hongKong.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(20 * time.Hour), Until: now.Add(40 * time.Hour)})
	})},
	{"proxy's code of Guangzhou", bench.Walks, guangzhou(asPrinted)},
	{"one withdrawn since", bench.Walks, guangzhou(withdrawn)},
	{"signed by a stranger", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.stranger.HealthCode(today(issuer.HealthCode{Colour: issuer.Green}, now))
	})},
	{"phone without a code", bench.Walks, func(*Cast, bench.Lane, time.Time) []string { return nil }},
	{"green code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"signed with a venue's key", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.WrongKey})},
	{"spoilt code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.Malformed})},
	{"test signed by vaccinators", bench.Walks, one(func(c *Cast, now time.Time) string {
		return c.vaccines.Certificate(issuer.Certificate{Kind: "t", From: now.Add(-time.Hour), Until: now.AddDate(0, 0, 2), Sampled: now.Add(-20 * time.Hour)})
	})},
	{"a web address", bench.Walks, func(*Cast, bench.Lane, time.Time) []string { return []string{"https://example.org/menu"} }},
	{"green code", bench.Walks, hk(issuer.HealthCode{Colour: issuer.Green, Language: "zh-Hant"})},
}

// Next makes the next person for a lane.
func (c *Cast) Next(id int, l bench.Lane) *bench.Person {
	r := Roles[c.turn[l.Name]%len(Roles)]
	c.turn[l.Name]++
	p := &bench.Person{ID: id, Lane: l.Name, Who: r.Who, Act: r.Act, Codes: r.Codes(c, l, time.Now())}
	p.Again = len(p.Codes) > 0
	p.Scans = l.Kind == bench.Venue && r.Act == bench.Walks && len(p.Codes) == 1 && id%3 == 0
	if r.Act == bench.Walks && r.Who == "green code" {
		c.used[l.Name] = p.Codes[0]
	}
	return p
}
