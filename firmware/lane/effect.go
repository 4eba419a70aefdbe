package lane

import (
	"time"

	"example.org/checkpoint/firmware/event"
)

// Effect is something to do. Effects for the same device are carried out in the
// order given.
type Effect interface{ effect() }

// For the journal. Only a Claim's verdict carries Counts.
type (
	Record struct{ Event event.Event } // write
	Claim  struct{ Event event.Event } // write and mark the code as pending, once per code; answer Recorded
	Settle struct {                    // write and end the claim of that presentation, if there is one
		Event event.Event
		Used  bool // the code is used; else it is free again
	}
)

// For the gate. An open lane has none of these.
type (
	Release struct{ Number uint64 } // open the barrier; answer Moved or Stuck
	Secure  struct{ Number uint64 } // shut the barrier; answer Moved or Stuck
	Hold    struct{}                // the zone is not known to be clear: a Secure not yet carried out is withdrawn
)

// For the rest.
type (
	Inspect struct { // judge; answer Judged
		Number uint64
		At     time.Time
		Codes  [][]byte
	}
	Show struct{ View View } // change display, lamp and tone
)

func (Record) effect()  {}
func (Claim) effect()   {}
func (Settle) effect()  {}
func (Release) effect() {}
func (Secure) effect()  {}
func (Hold) effect()    {}
func (Inspect) effect() {}
func (Show) effect()    {}
