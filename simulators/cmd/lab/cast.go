package main

import (
	"time"

	"example.org/checkpoint/simulators/issuer"
	"example.org/checkpoint/simulators/phone"
)

// cast is everybody who may come, and the authorities that signed what they hold.
type cast struct {
	hongKong, guangzhou *issuer.Issuer
	stranger            *issuer.Issuer          // in no trust file
	europe, vaccines    *issuer.DSC             // the second may sign vaccinations only
	site                *issuer.Site            // whose gates open what phones seal
	used                map[string]string       // the last code let in on paper, by lane
	seen                map[string]*phone.Phone // the last phone let in, by lane
	turn                map[string]int
}

func newCast() *cast {
	c := &cast{hongKong: issuer.New("HK", "Asia/Hong_Kong"), guangzhou: issuer.New("GZ", "Asia/Shanghai"), stranger: issuer.New("XX", "UTC"),
		europe: issuer.NewDSC("PT"), vaccines: issuer.NewDSC("PT", "v"),
		site: issuer.NewSite(siteName), used: map[string]string{}, seen: map[string]*phone.Phone{}, turn: map[string]int{}}
	c.guangzhou.Meanings = map[int]string{issuer.Green: "low-risk-proxy", issuer.Amber: "watch", issuer.Red: "high-risk", issuer.Blue: "low-risk-self"}
	return c
}

// role is one kind of person: what they hold up, made when they come.
type role struct {
	who   string
	act   act
	codes func(c *cast, lane laneLink, now time.Time) []string
}

func one(sign func(c *cast, now time.Time) string) func(*cast, laneLink, time.Time) []string {
	return func(c *cast, _ laneLink, now time.Time) []string { return []string{sign(c, now)} }
}

// hk is a code of Hong Kong: for a border the profile that says whose it is, of an adult.
func hk(h issuer.HealthCode) func(*cast, laneLink, time.Time) []string {
	return func(c *cast, lane laneLink, now time.Time) []string {
		if lane.Kind == "border" {
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
func guangzhou(index uint) func(*cast, laneLink, time.Time) []string {
	return one(func(c *cast, now time.Time) string {
		return c.guangzhou.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0), StatusList: "7", StatusAt: index})
	})
}

// handset is a phone with a green code bound to its key: for a border sealed to the
// site and saying whose it is, for a venue in the open.
func (c *cast) handset(lane laneLink, now time.Time) *phone.Phone {
	p, h := phone.New(), issuer.HealthCode{Colour: issuer.Green}
	if lane.Kind == "border" {
		p.Site, h.Profile, h.AgeBand = c.site, "gate", 3
	}
	h.Holder = p.Key()
	p.Hold(c.hongKong.HealthCode(today(h, now)))
	return p
}

// from is what a phone shows at the site, by a way of showing it.
func from(show func(c *cast, p *phone.Phone, now time.Time) string) func(*cast, laneLink, time.Time) []string {
	return func(c *cast, lane laneLink, now time.Time) []string {
		return []string{show(c, c.handset(lane, now), now)}
	}
}

// roles is who comes, over and over: most of them travel as one should.
var roles = []role{
	{"green code", walks, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"green code for doors only", walks, one(func(c *cast, now time.Time) string {
		return c.hongKong.HealthCode(today(issuer.HealthCode{Colour: issuer.Green, Language: "en"}, now))
	})},
	{"the code of one let in before", walks, func(c *cast, l laneLink, _ time.Time) []string { return []string{c.used[l.Name]} }},
	{"expired code", walks, one(func(c *cast, now time.Time) string {
		return c.hongKong.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(-30 * time.Hour), Until: now.Add(-6 * time.Hour)})
	})},
	{"phone", walks, func(c *cast, l laneLink, now time.Time) []string {
		c.seen[l.Name] = c.handset(l, now)
		return []string{c.seen[l.Name].Screen(siteName, now)}
	}},
	{"screenshot of that phone", walks, func(c *cast, l laneLink, _ time.Time) []string { return []string{c.seen[l.Name].Screenshot()} }},
	{"green code, holds on", stays, hk(issuer.HealthCode{Colour: issuer.Green, Language: "zh-Hans"})},
	{"forged code", walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.BadSignature})},
	{"EU certificate", walks, one(func(c *cast, now time.Time) string {
		return c.europe.Certificate(issuer.Certificate{From: now.AddDate(0, -1, 0), Until: now.AddDate(0, 6, 0)})
	})},
	{"green code, changes their mind", withdraws, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"phone out of date", walks, from(func(_ *cast, p *phone.Phone, now time.Time) string {
		return p.Show(phone.Showing{Audience: siteName, At: now.Add(-2 * time.Minute)})
	})},
	{"red code", walks, hk(issuer.HealthCode{Colour: issuer.Red, Reasons: []int{3}})},
	{"green code", walks, hk(issuer.HealthCode{Colour: issuer.Green, Language: "en"})},
	{"two codes at once", walks, func(c *cast, _ laneLink, now time.Time) []string {
		h := today(issuer.HealthCode{Colour: issuer.Green}, now)
		return []string{c.hongKong.HealthCode(h), c.hongKong.HealthCode(h)}
	}},
	{"amber code", walks, hk(issuer.HealthCode{Colour: issuer.Amber, Reasons: []int{8}})},
	{"green code, turns back", turnsBack, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"somebody else's phone token", walks, func(c *cast, l laneLink, now time.Time) []string {
		p, thief := c.handset(l, now), phone.New()
		thief.Site = p.Site
		return []string{thief.Show(phone.Showing{Audience: siteName, At: now, Tokens: p.Tokens()})}
	}},
	{"phone meant for another place", walks, from(func(_ *cast, p *phone.Phone, now time.Time) string {
		return p.Show(phone.Showing{Audience: "SZB-DEP", At: now})
	})},
	{"phone's token without the phone", walks, func(c *cast, l laneLink, now time.Time) []string {
		h := issuer.HealthCode{Colour: issuer.Green, Phone: true}
		return []string{c.hongKong.HealthCode(today(h, now))}
	}},
	{"code for tomorrow", walks, one(func(c *cast, now time.Time) string {
		return c.hongKong.HealthCode(issuer.HealthCode{Colour: issuer.Green, From: now.Add(20 * time.Hour), Until: now.Add(40 * time.Hour)})
	})},
	{"proxy's code of Guangzhou", walks, guangzhou(asPrinted)},
	{"one withdrawn since", walks, guangzhou(withdrawn)},
	{"signed by a stranger", walks, one(func(c *cast, now time.Time) string {
		return c.stranger.HealthCode(today(issuer.HealthCode{Colour: issuer.Green}, now))
	})},
	{"phone without a code", walks, func(*cast, laneLink, time.Time) []string { return nil }},
	{"green code", walks, hk(issuer.HealthCode{Colour: issuer.Green})},
	{"signed with a venue's key", walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.WrongKey})},
	{"spoilt code", walks, hk(issuer.HealthCode{Colour: issuer.Green, Spoil: issuer.Malformed})},
	{"test signed by vaccinators", walks, one(func(c *cast, now time.Time) string {
		return c.vaccines.Certificate(issuer.Certificate{Kind: "t", From: now.Add(-time.Hour), Until: now.AddDate(0, 0, 2), Sampled: now.Add(-20 * time.Hour)})
	})},
	{"a web address", walks, func(*cast, laneLink, time.Time) []string { return []string{"https://example.org/menu"} }},
	{"green code", walks, hk(issuer.HealthCode{Colour: issuer.Green, Language: "zh-Hant"})},
}

// next makes the next person for a lane.
func (c *cast) next(id int, l laneLink) *person {
	r := roles[c.turn[l.Name]%len(roles)]
	c.turn[l.Name]++
	p := &person{ID: id, Lane: l.Name, Who: r.who, Act: r.act, Codes: r.codes(c, l, time.Now())}
	p.Again = len(p.Codes) > 0
	p.Scans = l.Kind == "venue" && r.act == walks && len(p.Codes) == 1 && id%3 == 0
	if r.act == walks && r.who == "green code" {
		c.used[l.Name] = p.Codes[0]
	}
	return p
}
