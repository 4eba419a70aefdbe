package mrz

import "time"

// Date is one as printed: YYMMDD, with fillers for what is not known.
type Date string

// real reports whether there can be such a day: in a leap year, as the century is not
// said. Fillers stand for what is not known, from the day up (part 3 section 4.8).
func (d Date) real() bool {
	year, month, day := string(d[:2]), string(d[2:4]), string(d[4:])
	unknown := func(s string) bool { return s == "<<" }
	for _, s := range []string{year, month, day} {
		if !unknown(s) && !like(s, isDigit) {
			return false
		}
	}
	switch {
	case unknown(month):
		return unknown(day)
	case number(month) < 1 || number(month) > 12:
		return false
	case unknown(day):
		return true
	}
	n := number(day)
	return n >= 1 && n <= time.Date(2000, time.Month(number(month))+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// number is that of two digits.
func number(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// Born is the date of birth as seen on a day: the last such date that is not later. It is
// false unless the whole date is known.
func (d Date) Born(today time.Time) (time.Time, bool) {
	t, ok := d.in(today.Year() / 100 * 100)
	if ok && t.After(today) {
		return d.in(today.Year()/100*100 - 100)
	}
	return t, ok
}

// Expires is the date of expiry as seen on a day: the one within 50 years. It is false
// unless the whole date is known.
func (d Date) Expires(today time.Time) (time.Time, bool) {
	century := today.Year() / 100 * 100
	for _, c := range []int{century - 100, century, century + 100} {
		if t, ok := d.in(c); ok && t.After(today.AddDate(-50, 0, 0)) && !t.After(today.AddDate(50, 0, 0)) {
			return t, true
		}
	}
	return time.Time{}, false
}

// in is the date in a century, and false if it is no day in it.
func (d Date) in(century int) (time.Time, bool) {
	s := string(d)
	if len(s) != 6 || !like(s, isDigit) {
		return time.Time{}, false
	}
	t := time.Date(century+number(s[:2]), time.Month(number(s[2:4])), number(s[4:]), 0, 0, 0, 0, time.UTC)
	return t, t.Day() == number(s[4:]) && int(t.Month()) == number(s[2:4])
}
