package main

// act is what a person does at a lane.
type act string

const (
	walks     act = "walks"      // holds up a code and, if let, walks through
	withdraws act = "withdraws"  // is let, and goes away without entering
	turnsBack act = "turns-back" // is let, enters, and goes back
	stays     act = "holds-on"   // holds the code still for ten seconds, whatever is shown, and goes away
	tailgates act = "tailgates"  // is let, and somebody else comes in right behind
	reverses  act = "reverses"   // is let, and somebody comes in from the exit
)

// person is one instruction to the bench: who comes to which lane and what they do there.
type person struct {
	ID    int      `json:"id"`
	Lane  string   `json:"lane"`
	Who   string   `json:"who"`   // for the line that the lab prints
	Codes []string `json:"codes"` // held up together; none: a phone that shows no code
	Act   act      `json:"act"`
	Scans bool     `json:"scans"` // holds the code to the scanner, not to the camera
	Again bool     `json:"again"` // comes back if nothing came of it, as one whom a failure interrupted
}

// passage is what the bench reports of one person: only what a bystander sees.
type passage struct {
	ID        int    `json:"id"`
	Lane      string `json:"lane"`
	Who       string `json:"who"`
	Presented int    `json:"presented"` // how often a code was held up to a lane in service
	Unread    int    `json:"unread"`    // how often nothing came of it
	Saw       string `json:"saw"`       // the last lamp that answered: green, amber, blue; empty for none
	End       string `json:"end"`       // passed, went-away, turned-back, sent-away, unread, not-served
	MS        int64  `json:"ms"`        // from holding up to the answer, the last time
}

// boards is what the interface boards counted.
type boards struct {
	Lane       string   `json:"lane"`
	Openings   int      `json:"openings"`
	OnABeam    int      `json:"on_a_beam"`
	Heartbeat  bool     `json:"heartbeat"` // the relay is energised now
	Inside     bool     `json:"inside"`    // somebody breaks a beam now
	Drops      int      `json:"drops"`     // how often it fell
	WatchdogMS int64    `json:"watchdog_ms"`
	Complaints []string `json:"complaints"`
}

// line is one line of the bench's standard output.
type line struct {
	Ready   []place  `json:"ready,omitempty"`
	Passage *passage `json:"passage,omitempty"`
	Boards  []boards `json:"boards,omitempty"`
	Seen    *seen    `json:"seen,omitempty"`
}

// seen is what a bystander sees of one lane now.
type seen struct {
	Lane       string `json:"lane"`
	Leaf       string `json:"leaf"` // shut, opening, open, shutting, ajar
	Lamp       string `json:"lamp"`
	Flashing   string `json:"flashing"`
	Buzzer     bool   `json:"buzzer"`
	WayOutFree bool   `json:"way_out_free"`
	Heartbeat  bool   `json:"heartbeat"`
	Beams      bool   `json:"beams"` // somebody or something is in one
	Fire       bool   `json:"fire"`
}

// order is one line of the bench's standard input.
type order struct {
	Person *person `json:"person,omitempty"`
	Fault  *fault  `json:"fault,omitempty"`
	Count  bool    `json:"count,omitempty"` // asks for the boards' figures
}

// place says where a lane's devices are.
type place struct {
	Lane   string `json:"lane"`
	Camera string `json:"camera"` // http://…
	Board  string `json:"board"`  // a terminal, as are scanner and papers

	Scanner string `json:"scanner,omitempty"` // empty where there is none
	Papers  string `json:"papers,omitempty"`  // reader of documents
	Printer string `json:"printer,omitempty"` // tcp://…
}
