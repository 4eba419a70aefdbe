package facts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Presentation is what somebody presents, as facts that Read takes.
type Presentation struct {
	Name  string
	Facts map[string]json.RawMessage
}

// MadeUp makes presentations of every kind that rules tell apart, as of a moment:
// schemes and colours, reasons, ages, classes, tests, doses, stays, directions and
// kinds of venue. They are facts of nobody.
func MadeUp(now time.Time) []Presentation {
	m := maker{now: now}
	for _, s := range schemes {
		for _, c := range s.colours {
			m.add(fmt.Sprintf("%s %s (%s)", s.name, c.colour, c.meaning), s.code(now, c, 2*time.Hour), nil)
		}
	}
	for class := range 14 {
		for _, c := range schemes[0].colours {
			for _, days := range []int{-1, 0, 13, 14, 20, 21} {
				code := schemes[0].code(now, c, 2*time.Hour)
				reason := map[string]any{"class": class, "authority": "CHP"}
				if days >= 0 {
					reason["since"] = now.AddDate(0, 0, -days)
				}
				code["reasons"] = []any{reason}
				m.add(fmt.Sprintf("HK %s, class %d, %d days ago", c.colour, class, days), code, nil)
			}
		}
	}
	green := schemes[0].colours[0]
	for _, hours := range []int{0, 12, 24, 48, 24 * 180} {
		for _, s := range schemes {
			m.add(fmt.Sprintf("%s, issued %d h ago", s.name, hours), s.code(now, s.colours[0], time.Duration(hours)*time.Hour), nil)
		}
	}
	all := persons(now)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		more := all[what]
		for _, direction := range []string{"in", "out"} {
			more["lane"] = map[string]any{"kind": "border", "direction": direction}
			m.add(what+", "+direction, schemes[0].code(now, green, 2*time.Hour), more)
		}
	}
	for _, one := range schemes[:4] { // two codes of one person
		for _, c := range one.colours {
			m.add(fmt.Sprintf("%s %s beside HK green", one.name, c.colour), schemes[0].code(now, green, 2*time.Hour),
				map[string]any{"codes": []any{schemes[0].code(now, green, 2*time.Hour), one.code(now, c, 2*time.Hour)}})
		}
	}
	for _, authority := range []string{"CHP", "HA", "CDC", "hospital", "community", "nobody"} {
		for _, class := range []int{1, 3, 5, 12} {
			code := schemes[0].code(now, green, 2*time.Hour)
			code["reasons"] = []any{map[string]any{"class": class, "authority": authority, "until": now.AddDate(0, 0, -1)}}
			m.add(fmt.Sprintf("class %d lifted by %s", class, authority), code, nil)
		}
	}
	for _, class := range []string{"market", "metro", "restaurant", "estate", "polling-station"} {
		for _, c := range schemes[0].colours {
			m.add("HK "+c.colour+" at a "+class, schemes[0].code(now, c, 2*time.Hour),
				map[string]any{"lane": map[string]any{"kind": "venue", "venue_class": class}, "resident": true, "temperature": 36.5, "temperature_uncertainty": 0.5})
		}
	}
	return m.cases
}

type maker struct {
	now   time.Time
	cases []Presentation
}

func (m *maker) add(name string, code, more map[string]any) {
	c := Presentation{Name: name, Facts: map[string]json.RawMessage{}}
	all := map[string]any{"now": m.now, "codes": []any{code}, "clock": map[string]any{"confidence": "trusted"}, "holder": map[string]any{"age": 40}}
	for k, v := range more {
		all[k] = v
	}
	for k, v := range all {
		raw, err := json.Marshal(v)
		if err != nil {
			continue // numbers, texts and times always can
		}
		c.Facts[k] = raw
	}
	m.cases = append(m.cases, c)
}

// madeUpScheme is a scheme with what its colours mean.
type madeUpScheme struct {
	name    string
	live    bool // long-lived, with live status
	colours []struct{ colour, meaning string }
}

var schemes = []madeUpScheme{
	{"HK", false, []struct{ colour, meaning string }{{"green", "may-cross"}, {"amber", "watch"}, {"red", "high-risk"}, {"blue", ""}}},
	{"MO", false, []struct{ colour, meaning string }{{"green", "may-cross"}, {"amber", "watch"}, {"red", "high-risk"}}},
	{"GD", true, []struct{ colour, meaning string }{{"green", "may-cross"}, {"amber", "watch"}, {"red", "high-risk"}}},
	{"GZ", true, []struct{ colour, meaning string }{{"blue", "low-risk-self"}, {"green", "low-risk-proxy"}, {"red", "high-risk"}}},
	{"HB", true, []struct{ colour, meaning string }{{"green", "low-risk-self"}, {"red", "high-risk"}}},
	{"FJ", true, []struct{ colour, meaning string }{{"green", ""}, {"red", ""}}},
}

func (s madeUpScheme) code(now time.Time, c struct{ colour, meaning string }, ago time.Duration) map[string]any {
	code := map[string]any{"format": "HCT1", "profile": "gate", "scheme": s.name, "colour": c.colour, "issued": now.Add(-ago), "converts_to": []string{"GD", "MO"}}
	if c.meaning != "" {
		code["meaning"] = c.meaning
	}
	if s.live {
		code["status_age"] = "1h"
	}
	return code
}

// persons are facts beside a good code.
func persons(now time.Time) map[string]map[string]any {
	pcr := func(hours int, negative bool) []any {
		return []any{map[string]any{"sampled": now.Add(-time.Duration(hours) * time.Hour), "kind": "PCR", "negative": negative}}
	}
	out := map[string]map[string]any{
		"nothing else": {}, "nothing, not even an age": {"holder": map[string]any{}},
		"PCR negative": {"tests": pcr(2, true)}, "PCR positive": {"tests": pcr(2, false)}, "PCR of 48 h": {"tests": pcr(48, true)}, "PCR of 72 h": {"tests": pcr(72, true)},
		"a risk stay 20 days ago": {"stays": []any{map[string]any{"place": "X", "last": now.AddDate(0, 0, -20)}}, "tests": pcr(2, true)},
		"a risk stay 13 days ago": {"stays": []any{map[string]any{"place": "X", "last": now.AddDate(0, 0, -13)}}, "tests": pcr(2, true)},
	}
	for _, days := range []int{1, 13, 14} {
		out[fmt.Sprintf("second dose %d days ago", days)] = map[string]any{"tests": pcr(2, true),
			"doses": []any{map[string]any{"day": now.AddDate(0, 0, -days), "product": "A", "number": 2, "of": 2}}}
	}
	for _, age := range []int{5, 10, 11, 12, 17, 18, 64, 65} {
		for _, consent := range []bool{false, true} {
			out[fmt.Sprintf("age %d, consent %t", age, consent)] = map[string]any{"tests": pcr(2, true),
				"holder": map[string]any{"age": age, "guardian_consent": consent}}
		}
	}
	adult := map[string]any{"age": 40}
	for name, more := range map[string]map[string]any{
		"a card that matches":     {"document": map[string]any{"type": "HKID", "match": true}, "holder": adult},
		"a card that does not":    {"document": map[string]any{"type": "HKID", "match": false}, "holder": adult},
		"a business endorsement":  {"holder": map[string]any{"age": 40, "endorsements": []string{"business"}}},
		"of a cohort":             {"holder": map[string]any{"age": 40, "cohorts": []string{"first"}}},
		"of no cohort":            {"holder": map[string]any{"age": 40, "cohorts": []string{}}},
		"aircrew by a list":       {"holder": map[string]any{"age": 40, "exempt": []string{"aircrew"}, "exemptions": []any{map[string]any{"class": "aircrew", "source": "lists/aircrew.bin"}}}},
		"a stay in no risk place": {"stays": []any{map[string]any{"place": "X", "last": now.AddDate(0, 0, -1), "risk": false}}, "tests": pcr(2, true)},
		"a face that is no match": {"face": map[string]any{"checked": true, "similarity": 0.1, "liveness": "failed"}, "tests": pcr(2, true)},
		"hot":                     {"temperature": 38.5, "temperature_uncertainty": 0.5, "tests": pcr(2, true)},
	} {
		out[name] = more
	}
	for _, class := range []string{"return2hk", "aircrew", "diplomat", "medical-staff", "business", "medical-exemption"} {
		out["class "+class] = map[string]any{"holder": map[string]any{"exempt": []string{class}, "age": 40}}
		out["class "+class+", tested"] = map[string]any{"holder": map[string]any{"exempt": []string{class}, "age": 40}, "tests": pcr(2, true)}
	}
	return out
}
