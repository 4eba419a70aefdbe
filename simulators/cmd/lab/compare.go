package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// record is what the lab reads of an event.
type record struct {
	Type string `json:"type"` // checkpoint.<kind>.v1
	Data struct {
		Lane    string `json:"lane"`
		Verdict struct {
			Outcome string `json:"outcome"`
			Reason  string `json:"reason"`
		} `json:"verdict"`
	} `json:"data"`
}

func (r record) kind() string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Type, "checkpoint."), ".v1")
}

// drain waits until the device says that the centre has everything.
func (s *session) drain() error {
	return until(context.Background(), 2*time.Minute, "the centre has everything", func() bool {
		client := http.Client{Timeout: time.Second}
		r, err := client.Get(s.url(11) + "healthz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		answer := struct{ Unsynced *int }{}
		err = json.NewDecoder(r.Body).Decode(&answer)
		return err == nil && answer.Unsynced != nil && *answer.Unsynced == 0
	})
}

// counts is what the centre's page says.
type counts struct {
	Events                                        map[string]int
	Doubles, Conflicts, Broken, Gaps, Quarantined int
}

func (s *session) counts() (c counts, err error) {
	page, err := s.ask("/counts")
	if err == nil {
		err = json.Unmarshal(page, &c)
	}
	return c, err
}

// audit has the centre look at every chain, and says how many are not whole.
func (h *hall) audit() (damaged int, err error) {
	var a struct{ Faults []json.RawMessage }
	page, err := h.ask("/audit")
	if err == nil {
		err = json.Unmarshal(page, &a)
	}
	return len(a.Faults), err
}

// stopDevice ends the program in good order.
func (s *session) stopDevice() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.device
	s.device = nil
	return p.stop(15 * time.Second)
}

// compare reads what the centre and the journal hold.
func (s *session) compare() error {
	c, err := s.counts()
	if err != nil {
		return err
	}
	t := &s.tally
	t.Doubles, t.Conflicts, t.Poison = c.Doubles, c.Conflicts+c.Broken, c.Quarantined
	page, err := s.ask("/events?device=" + deviceName + "&limit=1000000000")
	if err != nil {
		return err
	}
	if t.Damage, err = s.audit(); err != nil {
		return err
	}
	t.Centre, t.Outcome, t.AtBorder = map[string]int{}, map[string]int{}, 0
	for text := range lines(page) {
		var e struct{ Event record }
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("centre's event: %w", err)
		}
		t.Centre[e.Event.kind()]++
		switch e.Event.kind() {
		case "presented":
			t.Outcome[e.Event.Data.Verdict.Outcome]++
		case "claimed":
			if e.Event.Data.Lane == s.border() {
				t.AtBorder++
			}
		}
	}
	journal, err := s.checkpoint(context.Background(), "journal", "list", "--state", s.path("device"), "-n", "0", "--json")
	if err != nil {
		return err
	}
	t.Journal = map[string]int{}
	for text := range lines(journal) {
		var e record
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("journal's event: %w", err)
		}
		t.Journal[e.kind()]++
	}
	if _, err := s.checkpoint(context.Background(), "journal", "verify", "--state", s.path("device")); err != nil {
		return errors.Join(errors.New("the journal's chain is broken"), err)
	}
	return nil
}

func (s *session) border() string {
	for _, l := range s.lanes {
		if l.Kind == "border" {
			return l.Name
		}
	}
	return ""
}

// lines yields the lines of a page.
func lines(page []byte) func(func([]byte) bool) {
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
