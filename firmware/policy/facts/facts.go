package facts

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// MaxCodes bounds the codes of one presentation that rules may see, MaxItems the
// items of one list in one code, as decoders let them through.
const (
	MaxCodes = 8
	MaxItems = 64
)

// Facts are what is known of one presentation. They do not change.
type Facts struct{ values [count]ref.Val }

// Resolve returns the value of a variable. Of one that is absent it is an error.
func (f *Facts) Resolve(name string) (ref.Val, bool) {
	i, ok := places[name]
	if !ok {
		return nil, false
	}
	if v := f.values[i]; v != nil {
		return v, true
	}
	return types.WrapErr(&Missing{name}), true
}

// Now returns the time of the presentation.
func (f *Facts) Now() (time.Time, bool) {
	t, ok := f.values[now].(types.Timestamp)
	return t.Time, ok
}

// Confidence returns how far the clock is believed; empty where nobody says.
func (f *Facts) Confidence() string {
	o, ok := f.values[clock].(*Object)
	if !ok {
		return ""
	}
	return o.Text("confidence")
}

// Codes returns the credentials.
func (f *Facts) Codes() []ref.Val { return items(f.values[codes]) }

// Oversize reports whether there are more facts than costs are counted for.
func (f *Facts) Oversize() bool {
	if len(f.Codes()) > MaxCodes {
		return true
	}
	for _, i := range []int{doses, tests, stays} {
		if len(items(f.values[i])) > MaxItems*MaxCodes {
			return true
		}
	}
	if who, ok := f.values[holder].(*Object); ok {
		for _, name := range []string{"exempt", "endorsements", "cohorts"} {
			if words, _ := who.Get(name).([]string); len(words) > MaxItems {
				return true
			}
		}
	}
	return slices.ContainsFunc(f.Codes(), func(c ref.Val) bool { return len(c.(*Object).Reasons()) > MaxItems })
}

// latestFirst sorts objects by a moment that each of them has; those without come last.
func latestFirst(list []ref.Val, by string) []ref.Val {
	if len(list) > 1 {
		slices.SortStableFunc(list, func(a, b ref.Val) int {
			x, _ := a.(*Object).time(by)
			y, _ := b.(*Object).time(by)
			return y.Compare(x)
		})
	}
	return list
}

// setBy names the scheme of a code, and the first authority among its reasons.
func setBy(code *Object) string {
	for _, r := range code.Reasons() {
		if a := r.(*Object).Text("authority"); a != "" {
			return code.Text("scheme") + ", " + a
		}
	}
	return code.Text("scheme")
}
