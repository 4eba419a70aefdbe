package figures

import (
	"bufio"
	"bytes"
	"strings"
)

// Record is what the lab reads of an event.
type Record struct {
	ID   string `json:"id"`
	Type string `json:"type"` // checkpoint.<kind>.v1
	Data struct {
		Lane    string `json:"lane"`
		Verdict struct {
			Outcome string `json:"outcome"`
			Reason  string `json:"reason"`
			Rule    string `json:"rule"`
			Lists   []struct {
				Name string `json:"name"`
			} `json:"lists"`
		} `json:"verdict"`
	} `json:"data"`
}

// Kind is what happened.
func (r Record) Kind() string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Type, "checkpoint."), ".v1")
}

// Counts is what the centre's page says.
type Counts struct {
	Events                                        map[string]int
	Doubles, Conflicts, Broken, Gaps, Quarantined int
}

// Lines yields the lines of a page.
func Lines(page []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		scan := bufio.NewScanner(bytes.NewReader(page))
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			if len(scan.Bytes()) > 0 && !yield(scan.Bytes()) {
				return
			}
		}
	}
}
