package bench

// Kinds of lanes: with a barrier, and without.
const (
	Border = "border"
	Venue  = "venue"
)

// Lane is one lane of a hall; Camera and Screen are addresses for a browser.
type Lane struct{ Name, Kind, Camera, Screen string }

// Act is what a person does at a lane.
type Act string

const (
	Walks     Act = "walks"      // holds up a code and, if let, Walks through
	Hesitates Act = "hesitates"  // as Walks, but looks at the open gate for a while first
	Withdraws Act = "withdraws"  // is let, and goes away without entering
	TurnsBack Act = "turns-back" // is let, enters, and goes back
	Stays     Act = "holds-on"   // holds the code still for ten seconds, whatever is shown, and goes away
	Tailgates Act = "tailgates"  // is let, and somebody else comes in right behind
	Reverses  Act = "reverses"   // is let, and somebody comes in from the exit
)

// Person is one instruction to the bench: who comes to which lane and what they do there.
type Person struct {
	ID    int      `json:"id"`
	Lane  string   `json:"lane"`
	Who   string   `json:"who"`   // for the line that the lab prints
	Codes []string `json:"codes"` // held up together; none: a phone that shows no code
	Act   Act      `json:"act"`
	Scans bool     `json:"scans"` // holds the code to the scanner, not to the camera
	Again bool     `json:"again"` // comes back if nothing came of it, as one whom a failure interrupted
}

// Passage is what the bench reports of one person: only what a bystander sees.
type Passage struct {
	ID        int    `json:"id"`
	Lane      string `json:"lane"`
	Who       string `json:"who"`
	Presented int    `json:"presented"` // how often a code was held up to a lane in service
	Unread    int    `json:"unread"`    // how often nothing came of it
	Saw       string `json:"saw"`       // the last lamp that answered: green, amber, blue; empty for none
	End       string `json:"end"`       // passed, went-away, turned-back, sent-away, unread, not-served, interrupted
	MS        int64  `json:"ms"`        // from holding up to the answer, the last time
}

// Boards is what the interface boards counted.
type Boards struct {
	Lane       string   `json:"lane"`
	Openings   int      `json:"openings"`
	OnABeam    int      `json:"on_a_beam"`
	Heartbeat  bool     `json:"heartbeat"` // the relay is energised now
	Inside     bool     `json:"inside"`    // somebody breaks a beam now
	Drops      int      `json:"drops"`     // how often it fell
	WatchdogMS int64    `json:"watchdog_ms"`
	Complaints []string `json:"complaints"`
}

// Line is one line of the bench's standard output.
type Line struct {
	Ready   []Place  `json:"ready,omitempty"`
	Passage *Passage `json:"passage,omitempty"`
	Boards  []Boards `json:"boards,omitempty"`
	Seen    *Seen    `json:"seen,omitempty"`
}

// Seen is what a bystander sees of one lane now.
type Seen struct {
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

// Order is one line of the bench's standard input.
type Order struct {
	Person *Person `json:"person,omitempty"`
	Fault  *Fault  `json:"fault,omitempty"`
	Count  bool    `json:"count,omitempty"` // asks for the boards' figures
}

// Place says where a lane's devices are.
type Place struct {
	Lane   string `json:"lane"`
	Camera string `json:"camera"` // http://…
	Board  string `json:"board"`  // a terminal, as are scanner and papers

	Scanner string `json:"scanner,omitempty"` // empty where there is none
	Papers  string `json:"papers,omitempty"`  // reader of documents
	Printer string `json:"printer,omitempty"` // tcp://…
}
