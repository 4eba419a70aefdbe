package screen

import (
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/verdict"
)

// Status is all that the attendant's page shows, at one time.
type Status struct {
	Site       Words
	Device     string
	At         time.Time // when it was put together
	Lanes      []LaneStatus
	Events     []EventLine // newest first
	Conditions health.Set  // what is wrong now
	Bundle     BundleStatus
	Lists      []ListStatus
	Orders     []OrderLine // of the centre, in force or waiting for a supervisor
	Sync       SyncStatus
	Legal      map[string]legal.Text // by language, as words.Languages names them; else the drafts that come with the program
}

// LaneStatus is one lane.
type LaneStatus struct {
	Number string
	Name   string // as events name it; empty is the number
	View   lane.View
	Said   verdict.Verdict // on the last presentation, as long as its answer is shown
	Since  time.Time       // of this view
	Faults health.Set      // of this lane alone
	Waits  *Referral       // somebody waits for staff; nil for nobody
}

// Referral is somebody who waits for staff, who may overrule what the rules say (R29).
type Referral struct {
	Number  uint64 // of the presentation
	Consent lane.Consent
}

// EventLine is one event and the lane it happened at, by its number; empty for
// the whole device.
type EventLine struct {
	Lane string
	event.Event
}

// BundleStatus is the set of lists and rules in force.
type BundleStatus struct {
	Version              string
	Cohort               string    // that the device belongs to; empty: to none
	Activated, LastTried time.Time // zero: never
}

// ListStatus is one list of the bundle.
type ListStatus struct {
	Name    string
	Changed time.Time // when its content last changed
}

// SyncStatus is the way to the centre.
type SyncStatus struct {
	Online       bool
	Unsynced     int       // events the centre does not have yet
	Oldest       time.Time // of them; zero: none
	LastAccepted time.Time // when the centre last took one; zero: never
}
