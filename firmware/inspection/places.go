package inspection

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/firmware/credential"
)

// placesFile lists the places of risk (R03): {"v":1,"source":"…","places":[{"place":
// "CN-5301*","from":"2026-11-01"}]}. A star stands for all that begins so. Who was in a
// place on or after the day it became one of risk was in a place of risk; an entry is
// taken away when nobody can be coloured by it any more.
const placesFile = "lists/places.json"

// maxPlaces bounds the places of one set, maxPlace one name in bytes.
const (
	maxPlaces = 1 << 16
	maxPlace  = 64
)

var errPlaces = errors.New("not a list of places")

// places are the days from which places are of risk, by name and by how names begin.
type places struct{ whole, begin map[string]credential.Day }

func parsePlaces(raw []byte) (*places, error) {
	var f struct {
		V      int `json:"v"`
		Places []struct{ Place, From string }
	}
	if err := json.Unmarshal(raw, &f); err != nil || f.V != 1 || len(f.Places) > maxPlaces {
		return nil, fmt.Errorf("%w: want \"v\": 1 and at most %d places: %v", errPlaces, maxPlaces, err)
	}
	out := &places{map[string]credential.Day{}, map[string]credential.Day{}}
	for _, e := range f.Places {
		from := credential.MinDay
		if e.From != "" {
			day, err := time.Parse(time.DateOnly, e.From)
			if err != nil {
				return nil, fmt.Errorf("%w: %.64q: from: want a day such as 2026-11-01", errPlaces, e.Place)
			}
			from = credential.DayOf(day)
		}
		name, begins := strings.CutSuffix(e.Place, "*")
		if name == "" || len(name) > maxPlace || strings.Contains(name, "*") {
			return nil, fmt.Errorf("%w: %.64q: want a name of at most %d bytes, or how names begin and a star", errPlaces, e.Place, maxPlace)
		}
		into := out.whole
		if begins {
			into = out.begin
		}
		if before, ok := into[name]; !ok || from < before {
			into[name] = from
		}
	}
	return out, nil
}

// risks says of each stay whether it was in a place of risk; nil where nobody knows.
func (p *places) risks(stays []credential.Stay) []*bool {
	if p == nil || len(stays) == 0 {
		return nil
	}
	out := make([]*bool, len(stays))
	for i, s := range stays {
		risk := p.risk(s)
		out[i] = &risk
	}
	return out
}

func (p *places) risk(s credential.Stay) bool {
	if from, ok := p.whole[s.Place]; ok && s.Last >= from {
		return true
	}
	for n := 1; n <= len(s.Place) && n <= maxPlace; n++ {
		if from, ok := p.begin[s.Place[:n]]; ok && s.Last >= from {
			return true
		}
	}
	return false
}
