package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaults presses what the lab's page has: every device of a running lane is
// pulled and put back, and each time the lane says so, opens for nobody, and lets the
// next person through without a restart (G15, G16, G18).
func TestFaults(t *testing.T) {
	s := open(t)
	page := httptest.NewServer(s.page.handler())
	defer page.Close()
	press := func(text string) {
		t.Helper()
		r, err := http.Post(page.URL+"/press", "application/json", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusNoContent {
			t.Fatalf("press %s: %s", text, r.Status)
		}
	}
	green := roleNamed("green code")
	passes := func(after string) {
		t.Helper()
		before := s.boards(t)["1"]
		got := s.visit(t, person{Lane: "1", Who: green.who, Act: green.act, Again: true, Codes: green.codes(s.cast, laneLink{Name: "1", Kind: "border"}, time.Now())})
		if got.End != "passed" {
			t.Errorf("after %s nobody passes: %+v", after, got)
		}
		if now := s.boards(t)["1"]; now.Openings > before.Openings+tries {
			t.Errorf("after %s: %d openings for one person", after, now.Openings-before.Openings)
		}
	}
	await := func(what string, ok func(seen) bool) {
		t.Helper()
		if err := until(t.Context(), 20*time.Second, what, func() bool { return ok(s.page.now("1")) }); err != nil {
			t.Fatalf("%v; last seen %+v", err, s.page.now("1"))
		}
	}
	passes("the start")
	closed := func(at seen) bool { return at.Lamp == "red" && at.Leaf == "shut" }
	for _, one := range []struct {
		name string
		seen func(seen) bool // what must be seen while it lasts
	}{
		{"board", func(at seen) bool { return at.WayOutFree && !at.Heartbeat && at.Leaf == "shut" }},
		{"camera", closed},
		{"bag", func(at seen) bool { return at.Beams && at.Leaf == "shut" }},
		{"fire", func(at seen) bool { return at.WayOutFree && at.Leaf == "open" }},
	} {
		await("the lane is ready", func(at seen) bool { return at.Lamp == "white" && at.Leaf == "shut" })
		openings := s.boards(t)["1"].Openings
		press(`{"lane":"1","name":"` + one.name + `","on":true}`)
		await(one.name+" is noticed", one.seen)
		if got := s.boards(t)["1"].Openings; got != openings {
			t.Errorf("%s: the lane opened %d times", one.name, got-openings)
		}
		press(`{"lane":"1","name":"` + one.name + `","on":false}`)
		if one.name == "fire" {
			time.Sleep(time.Second) // the contact is normal again; nothing relocks by itself (G3)
			if at := s.page.now("1"); at.Lamp == "white" {
				t.Errorf("the lane came back from an evacuation by itself: %+v", at)
			}
			press(`{"lane":"1","name":"supervisor"}`)
		}
		passes(one.name)
	}

	for _, wrong := range []string{`{"lane":"1","name":"nonsense"}`, `{"lane":"9","name":"fire"}`, `{"name":"fire"}`} {
		r, err := http.Post(page.URL+"/press", "application/json", strings.NewReader(wrong))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusConflict {
			t.Errorf("press %s: %s, want it refused", wrong, r.Status)
		}
	}
	foreign, err := http.NewRequest("POST", page.URL+"/press", strings.NewReader(`{"lane":"1","name":"fire","on":true}`))
	if err != nil {
		t.Fatal(err)
	}
	foreign.Header.Set("Origin", "http://elsewhere.example")
	if r, err := http.DefaultClient.Do(foreign); err != nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("a press from another page: %v %v, want it forbidden", r, err)
	}
	if err := s.stopDevice(); err != nil {
		t.Error(err)
	}
}
