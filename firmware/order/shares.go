package order

import "time"

// Shares returns what an admission at a place may cost, whatever scheme it rests on.
func (q Quotas) Shares(p Place, now time.Time) []Share {
	any := Quotas{zone: q.zone}
	for _, one := range q.list {
		one.Scope.Scheme = ""
		any.list = append(any.list, one)
	}
	return any.Due(now, p)
}
