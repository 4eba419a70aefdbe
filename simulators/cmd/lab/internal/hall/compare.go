package hall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
)

// compare reads what the centre and the journal hold.
func (s *session) compare() error {
	c, err := s.counts()
	if err != nil {
		return err
	}
	t := &s.tally
	t.Doubles, t.Conflicts, t.Poison = c.Doubles, c.Conflicts+c.Broken, c.Quarantined
	page, err := s.ask("/events?device=" + Device + "&limit=1000000000")
	if err != nil {
		return err
	}
	if t.Damage, err = s.audit(); err != nil {
		return err
	}
	t.Centre, t.Outcome, t.AtBorder = map[string]int{}, map[string]int{}, 0
	for text := range figures.Lines(page) {
		var e struct{ Event figures.Record }
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("centre's event: %w", err)
		}
		t.Centre[e.Event.Kind()]++
		switch e.Event.Kind() {
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
	for text := range figures.Lines(journal) {
		var e figures.Record
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("journal's event: %w", err)
		}
		t.Journal[e.Kind()]++
	}
	if _, err := s.checkpoint(context.Background(), "journal", "verify", "--state", s.path("device")); err != nil {
		return errors.Join(errors.New("the journal's chain is broken"), err)
	}
	return nil
}

func (s *session) border() string {
	for _, l := range s.Lanes {
		if l.Kind == bench.Border {
			return l.Name
		}
	}
	return ""
}
