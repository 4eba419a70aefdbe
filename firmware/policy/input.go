package policy

import (
	"slices"
	"time"

	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/trust"
)

// Input is what one decision rests on. Only a verified credential gives facts.
type Input struct {
	Now        time.Time
	Confidence string // of the clock
	Lane       Lane
	Codes      []Code // most specific first
	Resident   *bool  // whether the holder is on the site's list; nil where there is none
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
}

// facts says it in the words of the rules.
func (in Input) facts() map[string]any {
	holder := map[string]any{}
	codes, doses, tests, stays := []any{}, []any{}, []any{}, []any{}
	for _, c := range in.Codes {
		zone := c.Verified.Zone()
		today := credential.DayOf(in.Now.In(zone))
		codes = append(codes, c.object(today))
		for _, d := range c.Facts.Doses {
			dose := map[string]any{"day": d.Day.In(zone), "product": d.Product, "days": int64(today - d.Day)}
			put(dose, "number", int64(d.Number))
			put(dose, "of", int64(d.Of))
			doses = append(doses, object{doseType, dose})
		}
		for _, t := range c.Facts.Tests {
			days := int64(today - credential.DayOf(t.Sampled.In(zone)))
			tests = append(tests, object{testType, map[string]any{"sampled": t.Sampled, "kind": t.Kind, "negative": t.Negative, "days": days}})
		}
		for _, s := range c.Facts.Stays {
			stays = append(stays, object{stayType, map[string]any{"place": s.Place, "last": s.Last.In(zone), "days": int64(today - s.Last)}})
		}
		for name, value := range c.holder(today) {
			if _, known := holder[name]; !known {
				holder[name] = value
			}
		}
	}
	lane := map[string]any{"site": in.Lane.Site, "kind": in.Lane.Kind, "direction": in.Lane.Direction, "venue_class": in.Lane.VenueClass}
	facts := map[string]any{
		"now":    in.Now,
		"clock":  object{clockType, map[string]any{"confidence": in.Confidence}},
		"lane":   object{laneType, lane},
		"codes":  codes,
		"holder": object{holderType, holder},
		"doses":  latestFirst(doses, "day"),
		"tests":  latestFirst(tests, "sampled"),
		"stays":  latestFirst(stays, "last"),
		"venue":  object{venueType, nil},
		"face":   object{faceType, nil},
	}
	if in.Resident != nil {
		facts["resident"] = *in.Resident
	}
	return facts
}

// latestFirst sorts objects by a moment that each of them has; those without come last.
func latestFirst(list []any, by string) []any {
	slices.SortStableFunc(list, func(a, b any) int {
		x, _ := a.(object).values[by].(time.Time)
		y, _ := b.(object).values[by].(time.Time)
		return y.Compare(x)
	})
	return list
}

func (c Code) object(today credential.Day) object {
	cred, zone := c.Verified.Credential(), c.Verified.Zone()
	colour := c.Colour
	if colour == "" {
		colour = "none"
	}
	m := make(map[string]any, 20)
	m["format"], m["scheme"], m["colour"] = string(cred.Signed.Format), c.Verified.Scheme(), colour
	m["holder_bound"], m["fresh"], m["trust_age"], m["reasons"] = c.Bound, c.Bound, c.TrustAge, c.reasons(today)
	put(m, "profile", c.Facts.Profile)
	put(m, "kind", c.Facts.Kind)
	put(m, "provenance", c.Facts.Provenance)
	put(m, "meaning", c.Meaning)
	if issued := cred.Signed.Issued; !issued.IsZero() {
		m["issued"], m["local_day"] = issued, issued.In(zone).Format(time.DateOnly)
		m["days"] = int64(today - credential.DayOf(issued.In(zone)))
	}
	if !cred.NotAfter.IsZero() {
		m["expires"] = cred.NotAfter
	}
	if c.StatusAge != nil {
		m["status_age"] = *c.StatusAge
	}
	if c.RevokedAge != nil {
		m["revocation_age"] = *c.RevokedAge
	}
	m["set_by"] = setBy(m)
	if c.Facts.ConvertsTo != nil {
		m["converts_to"] = c.Facts.ConvertsTo
	}
	return object{codeType, m}
}

func (c Code) reasons(today credential.Day) []any {
	zone := c.Verified.Zone()
	out := []any{}
	for _, r := range c.Facts.Reasons {
		m := map[string]any{"class": int64(min(r.Class, 1<<62))}
		put(m, "authority", r.Authority)
		if r.Since != nil {
			m["since"], m["days"] = r.Since.In(zone), int64(today-*r.Since)
		}
		if r.Until != nil {
			m["until"], m["left"] = r.Until.In(zone), int64(*r.Until-today)
		}
		out = append(out, object{reasonType, m})
	}
	return out
}

// setBy names the scheme of a code, and the first authority among its reasons.
func setBy(code map[string]any) string {
	scheme, _ := code["scheme"].(string)
	reasons, _ := code["reasons"].([]any)
	for _, r := range reasons {
		if a, ok := r.(object).values["authority"].(string); ok {
			return clip(scheme+", "+a, maxMeasured)
		}
	}
	return scheme
}

// holder returns what c says about the person. Consent ends with the day it
// names, at the latest on the eighteenth birthday.
func (c Code) holder(today credential.Day) map[string]any {
	zone := c.Verified.Zone()
	m := map[string]any{}
	put(m, "age_band", int64(c.Facts.AgeBand))
	if c.Facts.Exempt != nil {
		m["exempt"] = c.Facts.Exempt
	}
	minor := true
	if b := c.Facts.Birth; b != nil {
		age := today.Age(*b)
		m["birth"], m["age"] = b.In(zone), int64(age)
		minor = age < 18
	}
	if until := c.Facts.Consent; until != nil {
		m["guardian_consent"] = minor && today <= *until
	}
	return m
}

// put sets a member unless its value is the zero of its type, which means absent.
func put[T comparable](m map[string]any, name string, value T) {
	var zero T
	if value != zero {
		m[name] = value
	}
}
