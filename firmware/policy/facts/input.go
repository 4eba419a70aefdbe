package facts

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/trust"
)

// Input is what one decision rests on. Only verified credentials, signed lists and
// the lane's own devices give facts.
type Input struct {
	Now        time.Time
	Confidence string // of the clock
	Lane       Lane
	Codes      []Code // most specific first
	Resident   *bool  // whether the holder is on the site's list; nil where there is none
	Listed     []Listed
	Cohorts    []string // groups by signed lists (R27, R92); nil where no list knows any
	Devices    Devices
	Exempting  []string // schemes whose codes may themselves state exempt classes
}

// Lane is what rules may know of the lane.
type Lane struct{ Site, Kind, Direction, VenueClass string }

// Code is one verified credential, with what this lane may learn of it.
type Code struct {
	Verified   trust.Verified
	Facts      credential.Facts // already without what the lane's profile does not name
	Colour     string           // after live status; empty for none
	Meaning    string           // of the colour, to this lane; empty for none
	Bound      bool             // shown inside a fresh presentation of the phone it is bound to
	TrustAge   time.Duration    // since the trust list last changed
	StatusAge  *time.Duration   // since the status list was made; nil if none was asked
	RevokedAge *time.Duration   // since the revocation list was made; nil if none was asked
	Risk       []*bool          // of each stay of Facts: whether it is on the list of risk places; nil where nobody knows
}

// Listed is what a signed list in force says of the holder: one of the first two.
type Listed struct {
	Exempt      string // a class (R97)
	Endorsement string // of Endorsements
	List        string // the file, "lists/aircrew.bin"
}

// Devices is what the lane's other devices give. What none gave is nil.
type Devices struct {
	Document    *Document
	Temperature *Temperature
	Face        *Face
	Venue       *Venue
}

// Document is a card or a travel document read at the lane. No number reaches a rule.
type Document struct {
	Type         string   // HKID, HRP, PASSPORT or EEP (FORMATS A1)
	Match        *bool    // whether it is one that the code names; nil where that could not be compared
	Endorsements []string // of Endorsements, valid today and in this direction

	Digests map[string][16]byte // of its number, by scheme, under the document keys that the lane has; no rule sees them
}

// compare says of a document whether the codes name it: all of those that name documents
// at all, of schemes under whose key its number is known here.
func (d *Document) compare(codes []Code) *bool {
	if d.Match != nil {
		return d.Match
	}
	var match *bool
	for i := range codes {
		digest, known := d.Digests[codes[i].Verified.Scheme()]
		if named := codes[i].Facts.Documents; known && len(named) > 0 {
			is := slices.Contains(named, credential.Document{Type: d.Type, Digest: digest}) && (match == nil || *match)
			match = &is
		}
	}
	return match
}

// Temperature is a reading of the skin.
type Temperature struct {
	Celsius     float64
	Uncertainty float64 // kelvin; the true value is at most so far off
}

// Face is the comparison of the person with the template in the code.
type Face struct {
	Similarity float64
	Liveness   string // passed, failed, not-checked
}

// Venue is how many people are inside, and how many may be.
type Venue struct{ Inside, Capacity int }

// Endorsements is the closed list of what a permit to travel between Hong Kong, Macau
// and the mainland is endorsed for (R30). A code that names one among its classes
// states an endorsement, never an exemption.
var Endorsements = []string{"business", "talent", "family", "individual", "group", "stay", "other"}

// Facts says it in the words of the rules.
func (in Input) Facts() *Facts {
	f := &Facts{}
	who := holderType.New()
	var shown, dosed, tested, stayed []ref.Val
	aged := slices.ContainsFunc(in.Codes, func(c Code) bool { return c.Facts.Birth != nil })
	for i := range in.Codes {
		c := &in.Codes[i]
		zone := c.Verified.Zone()
		today := credential.DayOf(in.Now.In(zone))
		shown = append(shown, c.object(today))
		for _, d := range c.Facts.Doses {
			o := doseType.New()
			o.moment("day", d.Day.In(zone))
			o.set("product", types.String(d.Product))
			o.number("days", int64(today-d.Day))
			o.positive("number", d.Number)
			o.positive("of", d.Of)
			dosed = append(dosed, o)
		}
		for _, t := range c.Facts.Tests {
			o := testType.New()
			o.moment("sampled", t.Sampled)
			o.set("kind", types.String(t.Kind))
			o.set("negative", types.Bool(t.Negative))
			o.number("days", int64(today-credential.DayOf(t.Sampled.In(zone))))
			tested = append(tested, o)
		}
		for j, s := range c.Facts.Stays {
			o := stayType.New()
			o.set("place", types.String(s.Place))
			o.moment("last", s.Last.In(zone))
			o.number("days", int64(today-s.Last))
			if j < len(c.Risk) && c.Risk[j] != nil {
				o.set("risk", types.Bool(*c.Risk[j]))
			}
			stayed = append(stayed, o)
		}
		c.holder(who, today, aged)
	}
	in.classes(who)
	f.values = [count]ref.Val{now: types.Timestamp{Time: in.Now}, clock: in.clock(), lane: in.Lane.object(), codes: list(shown),
		holder: who, doses: list(latestFirst(dosed, "day")), tests: list(latestFirst(tested, "sampled")), stays: list(latestFirst(stayed, "last"))}
	in.Devices.facts(f, in.Codes)
	if in.Resident != nil {
		f.values[resident] = types.Bool(*in.Resident)
	}
	return f
}

func (in Input) clock() *Object {
	o := clockType.New()
	o.set("confidence", types.String(in.Confidence))
	return o
}

func (l Lane) object() *Object {
	o := laneType.New()
	o.set("site", types.String(l.Site))
	o.set("kind", types.String(l.Kind))
	o.set("direction", types.String(l.Direction))
	o.set("venue_class", types.String(l.VenueClass))
	return o
}

func (d Devices) facts(f *Facts, shown []Code) {
	paper, place, seen := documentType.New(), venueType.New(), faceType.New()
	if d.Document != nil {
		paper.text("type", d.Document.Type)
		if match := d.Document.compare(shown); match != nil {
			paper.set("match", types.Bool(*match))
		}
	}
	if d.Venue != nil {
		place.number("inside", int64(d.Venue.Inside))
		place.number("capacity", int64(d.Venue.Capacity))
	}
	if d.Face != nil {
		seen.set("checked", types.True)
		seen.set("similarity", types.Double(d.Face.Similarity))
		seen.text("liveness", d.Face.Liveness)
	}
	f.values[document], f.values[venue], f.values[face] = paper, place, seen
	if d.Temperature != nil {
		f.values[temperature], f.values[uncertainty] = types.Double(d.Temperature.Celsius), types.Double(d.Temperature.Uncertainty)
	}
}

func (c *Code) object(today credential.Day) *Object {
	cred, zone := c.Verified.Credential(), c.Verified.Zone()
	o := codeType.New()
	o.set("format", types.String(cred.Signed.Format))
	o.set("scheme", types.String(c.Verified.Scheme()))
	o.set("colour", types.String("none"))
	o.text("colour", c.Colour)
	o.set("holder_bound", types.Bool(c.Bound))
	o.set("fresh", types.Bool(c.Bound))
	o.set("trust_age", types.Duration{Duration: c.TrustAge})
	o.set("reasons", list(c.reasons(today)))
	o.text("profile", c.Facts.Profile)
	o.text("kind", c.Facts.Kind)
	o.text("provenance", c.Facts.Provenance)
	o.text("meaning", c.Meaning)
	if issued := cred.Signed.Issued; !issued.IsZero() {
		o.moment("issued", issued)
		o.set("local_day", types.String(issued.In(zone).Format(time.DateOnly)))
		o.number("days", int64(today-credential.DayOf(issued.In(zone))))
	}
	if !cred.NotAfter.IsZero() {
		o.moment("expires", cred.NotAfter)
	}
	if c.StatusAge != nil {
		o.set("status_age", types.Duration{Duration: *c.StatusAge})
	}
	if c.RevokedAge != nil {
		o.set("revocation_age", types.Duration{Duration: *c.RevokedAge})
	}
	o.set("set_by", types.String(setBy(o)))
	if c.Facts.ConvertsTo != nil {
		o.Set("converts_to", c.Facts.ConvertsTo)
	}
	return o
}

func (c *Code) reasons(today credential.Day) []ref.Val {
	zone := c.Verified.Zone()
	var out []ref.Val
	for _, r := range c.Facts.Reasons {
		o := reasonType.New()
		o.number("class", int64(min(r.Class, 1<<62)))
		o.text("authority", r.Authority)
		if r.Since != nil {
			o.moment("since", r.Since.In(zone))
			o.number("days", int64(today-*r.Since))
		}
		if r.Until != nil {
			o.moment("until", r.Until.In(zone))
			o.number("left", int64(*r.Until-today))
		}
		out = append(out, o)
	}
	return out
}

// holder adds what c says about the person and no code before it did. Consent ends
// with the day it names, at the latest on the eighteenth birthday; where any code states
// when the holder was born (aged), a code that does not may be another child's on the same
// phone, and its consent does not count.
func (c *Code) holder(who *Object, today credential.Day, aged bool) {
	if !who.has("age_band") {
		who.positive("age_band", c.Facts.AgeBand)
	}
	minor := true
	if b := c.Facts.Birth; b != nil {
		age := today.Age(*b)
		minor = age < 18
		if !who.has("birth") {
			who.moment("birth", b.In(c.Verified.Zone()))
			who.number("age", int64(age))
		}
	}
	if until := c.Facts.Consent; until != nil && (c.Facts.Birth != nil || !aged) && !who.has("guardian_consent") {
		who.set("guardian_consent", types.Bool(minor && today <= *until))
	}
}

// classes adds exempt classes, endorsements and cohorts, each with who stated it.
// A code states exempt classes only where the rules let its scheme do so.
func (in Input) classes(who *Object) {
	var exempt, endorsed []string
	var by []ref.Val
	add := func(class, source string) {
		o := exemptionType.New()
		o.set("class", types.String(class))
		o.set("source", types.String(source))
		o.set("said", types.String(class+", "+source))
		exempt, by = append(exempt, class), append(by, o)
	}
	for _, l := range in.Listed {
		switch {
		case l.Exempt != "":
			add(l.Exempt, l.List)
		case l.Endorsement != "":
			endorsed = append(endorsed, l.Endorsement)
		}
	}
	for i := range in.Codes {
		c := &in.Codes[i]
		for _, class := range c.Facts.Exempt {
			switch {
			case slices.Contains(Endorsements, class):
				endorsed = append(endorsed, class)
			case slices.Contains(in.Exempting, c.Verified.Scheme()):
				add(class, c.Verified.Scheme())
			}
		}
	}
	if d := in.Devices.Document; d != nil {
		endorsed = append(endorsed, d.Endorsements...)
	}
	who.words("exempt", exempt)
	who.words("endorsements", endorsed)
	who.words("cohorts", in.Cohorts)
	if by != nil {
		who.set("exemptions", list(by))
	}
}

func (o *Object) words(name string, words []string) {
	if words != nil {
		o.Set(name, words)
	}
}

// positive sets a number unless it is 0, which means absent.
func (o *Object) positive(name string, n int) {
	if n != 0 {
		o.number(name, int64(n))
	}
}
