package screen

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

const (
	staleAfter = 5 * time.Second // of a status; the page greys itself after as long a silence
	sameMoment = 3 * time.Second // a verdict and the screen it leads to lie closer
	mostEvents = 40
)

// board is the attendant's page in words of one language.
type board struct {
	Tongue  phrases.Tongue
	Spoken  []phrases.Line // the languages to choose from, each in its own name
	Status  Status
	Site    string
	Cards   []card
	Urgent  []urgent
	Tone    string
	Rows    []row
	Wrong   []wrong
	Orders  []ordered
	Lists   []fact // what changed longest ago first
	Acts    bool   // the page may be used for more than to look
	at      func(time.Time) time.Time
	current time.Time
}

// card is one lane.
type card struct {
	ID, Number, State, Figure, Word, Fault string
	Since                                  int64 // milliseconds since 1970; 0: not known
}

// urgent is a lane that needs somebody.
type urgent struct {
	card
	Reason  []phrases.Line // in the language chosen and in a second one
	Facts   []string
	Asked   uint64         // number of the presentation that waits for staff; 0 for none
	Urgent  []string       // the reasons for which they may overrule it
	Given   string         // the one that was given
	Papers  string         // the number of the photograph that was given with it
	Consent []string       // what they have said so far
	Told    []phrases.Line // what the person may read, and nobody else: why, who can change it, where to ask (R19, R80)
	Legal   []notice
}

// notice is what the site's lawyers say, in one language.
type notice struct {
	Lang phrases.Tongue
	legal.Text
}

// choice is one urgent reason, with its words.
type choice struct{ Name, Word string }

func choices(t phrases.Tongue) []choice {
	var all []choice
	for _, name := range slices.Sorted(maps.Keys(phrases.Urgent)) {
		all = append(all, choice{name, phrases.Urgent[name].In(t)})
	}
	return all
}

// row is one event.
type row struct {
	Time, Lane, Figure, Word string
	Reason                   []phrases.Line
	Facts                    []string
}

// wrong is one condition.
type wrong struct {
	Severe        bool
	Title, Action string
}

type fact struct{ Name, Value string }

// newBoard sets a status into words. It names no person: a verdict's counts stay out.
func newBoard(s Status, t phrases.Tongue, o Options) board {
	b := board{Tongue: t, Spoken: phrases.OwnNames, Status: s, Site: s.Site.In(t), at: o.local, current: o.now()}
	for _, l := range s.Lanes {
		state := LaneInfo{}.stage(l.View).State
		if state == "closed" && l.View.Tone == lane.ToneAlarm {
			state = "occupied"
		}
		m := phrases.Working[state]
		c := card{ID: cmp.Or(l.Name, l.Number), Number: l.Number, State: state, Figure: m.Figure, Word: m.Word.In(t)}
		if worst, ok := l.Faults.Worst(); ok {
			title, _ := phrases.Condition(worst)
			c.Fault = title.In(t)
		}
		if c.Fault != "" && (state == "closed" || state == "idle") {
			c.State, c.Figure = "fault", "fault"
		}
		if !l.Since.IsZero() {
			c.Since = l.Since.UnixMilli()
		}
		b.Cards = append(b.Cards, c)
		if slices.Contains([]string{"refer", "alarm", "occupied", "emergency", "staff"}, state) {
			b.Urgent = append(b.Urgent, b.urgent(c, l))
		}
	}
	for _, u := range b.Urgent {
		b.Tone = louder(b.Tone, map[string]string{"alarm": "alarm", "occupied": "alarm", "emergency": "evacuation"}[u.State])
	}
	for _, e := range s.Events[:min(len(s.Events), mostEvents)] {
		b.Rows = append(b.Rows, b.row(e))
	}
	for _, c := range s.Conditions.All() {
		title, action := phrases.Condition(c)
		b.Wrong = append(b.Wrong, wrong{c.Severity == health.OutOfService, title.In(t), action.In(t)})
	}
	b.Orders = b.orders(s.Orders)
	lists := slices.SortedFunc(slices.Values(s.Lists), func(x, y ListStatus) int {
		return cmp.Or(x.Changed.Compare(y.Changed), strings.Compare(x.Name, y.Name))
	})
	for _, l := range lists {
		b.Lists = append(b.Lists, fact{l.Name, b.Age(l.Changed)})
	}
	return b
}

// louder gives the tone that matters more; whatever needs somebody sounds at least
// like a referral.
func louder(a, b string) string {
	order := []string{"", "refer", "alarm", "evacuation"}
	return order[max(slices.Index(order, a), slices.Index(order, b), 1)]
}

// urgent gives the reason of the presentation that led to this state: as the lane still
// says it, or by its event, if that has come: an older one's reason would be another person's.
func (b board) urgent(c card, l LaneStatus) urgent {
	u := urgent{card: c}
	said := l.Said.Reason != "" && (c.State == "refer" || c.State == "staff")
	if said {
		u.Told, u.Legal = b.told(l.Said)
		u.Reason, u.Facts = b.why(l.Said)
	}
	if l.Waits != nil {
		u.Asked, u.Urgent, u.Given, u.Consent = l.Waits.Number, l.Said.Urgent, l.Waits.Consent.Reason, b.consent(l.Waits.Consent)
		u.Papers = l.Waits.Consent.Papers
	}
	i := slices.IndexFunc(b.Status.Events, func(e EventLine) bool { return e.Lane == c.Number || e.Lane == c.ID })
	if i < 0 || said {
		return u
	}
	if e := b.Status.Events[i]; e.Kind == event.Presented && e.At.After(l.Since.Add(-sameMoment)) && (c.State == "refer" || c.State == "staff") {
		u.Reason, u.Facts = b.why(e.Verdict)
	}
	return u
}

// told is what an officer shows to the person: a verdict in their own language, or for
// everybody while that is not known, and what the law has them told.
func (b board) told(v verdict.Verdict) (lines []phrases.Line, notices []notice) {
	tongues := []phrases.Tongue{phrases.TongueOf(v.Language)}
	if tongues[0] == phrases.Unknown {
		tongues = phrases.Everybody
	}
	for _, t := range tongues {
		l := t.Language()
		lines = append(lines, phrases.Line{Lang: t, Text: words.Holder(v, l)})
		text, ok := b.Status.Legal[l]
		if !ok {
			text = legal.Draft(l)
		}
		notices = append(notices, notice{t, text})
	}
	return lines, notices
}

// consent says what staff have said so far, and what is missing.
func (b board) consent(c lane.Consent) []string {
	reason := phrases.Urgent[c.Reason].In(b.Tongue)
	said := []string{b.T("given", "n", cmp.Or(reason, b.T("missing"))), b.T("officer", "n", b.who(c.Officer)), b.T("supervisor", "n", b.who(c.Supervisor))}
	if c.Papers != "" {
		said = append(said, b.T("papers", "n", c.Papers))
	}
	return said
}

func (b board) who(name string) string {
	switch name {
	case "":
		return b.T("missing")
	case lane.OfficerKey, lane.SupervisorKey:
		return b.T("key")
	}
	return name
}

func (b board) row(e EventLine) row {
	m, ok := phrases.Happened[e.Kind]
	if !ok {
		m = phrases.Mark{Figure: "note", Word: Words{Hant: string(e.Kind)}}
	}
	if e.Kind == event.Presented && e.Verdict.Outcome == verdict.Refuse {
		m = phrases.Refused
	}
	r := row{Lane: e.Lane, Figure: m.Figure, Word: m.Word.In(b.Tongue), Time: b.when(e.At)}
	switch {
	case e.Kind == event.Reconciled && e.Note["found"] == "double": // by the hall, afterwards
		r.Figure, r.Word, r.Facts = "alarm", b.T("twice"), []string{b.T("also", "n", e.Note["also"])}
		if at, err := time.Parse(time.RFC3339, e.Note["claimed"]); err == nil {
			r.Facts = append(r.Facts, b.T("claimed", "n", b.when(at)))
		}
	case e.Kind == event.Claimed && e.Note["hall"] == "alone":
		r.Facts = []string{b.T("alone")}
	case e.Kind == event.Override:
		r.Reason = phrases.Urgent[e.Note["urgent"]].Pair(b.Tongue)
		r.Facts = []string{b.T("officer", "n", b.who(e.Note["officer"])), b.T("supervisor", "n", b.who(e.Note["supervisor"]))}
		if n := e.Note["papers"]; n != "" {
			r.Facts = append(r.Facts, b.T("papers", "n", n))
		}
	case e.Verdict.Reason != "" && e.Verdict.Outcome != verdict.Admit:
		r.Reason, r.Facts = b.why(e.Verdict)
	case e.Kind == event.Condition || e.Kind == event.BundleRejected || e.Kind == event.BundleActivated:
		for _, k := range slices.Sorted(maps.Keys(e.Note)) {
			r.Facts = append(r.Facts, b.named(e.Note[k]))
		}
	}
	return r
}

// named gives the words of a condition by its name; any other text stays.
func (b board) named(s string) string {
	for _, c := range health.All() {
		if c.Name == s {
			title, _ := phrases.Condition(c)
			return title.In(b.Tongue)
		}
	}
	return s
}

// why says a verdict's reason, what was measured, which code it was, what its colour means
// there and who applied for it (R06, R74), who made it red (R80), and what the rules alone
// would have said.
func (b board) why(v verdict.Verdict) ([]phrases.Line, []string) {
	var facts []string
	var ruled, means, applied string
	if v.Ruled != "" {
		ruled = phrases.Reason(v.Ruled).In(b.Tongue)
	}
	if v.Meaning != "" {
		means = Words(words.Meaning(v.Meaning)).In(b.Tongue)
	}
	if v.Provenance != "" {
		applied = Words(words.Provenance(v.Provenance)).In(b.Tongue)
	}
	for _, f := range []fact{{"measured", v.Measured}, {"threshold", v.Threshold}, {"rule", v.Rule}, {"ruled", ruled}, {"setby", v.SetBy},
		{"read", strings.TrimSpace(v.Scheme + " " + v.Format)}, {"means", means}, {"applied", applied}} {
		if f.Value != "" {
			facts = append(facts, b.T(f.Name, "n", f.Value))
		}
	}
	return phrases.Reason(v.Reason).Pair(b.Tongue), facts
}

// T gives a label, its placeholder filled: T "lane" "n" "12".
func (b board) T(key string, fill ...string) string {
	s := phrases.Labels[key].In(b.Tongue)
	for i := 0; i+1 < len(fill); i += 2 {
		s = strings.ReplaceAll(s, "{"+fill[i]+"}", fill[i+1])
	}
	return s
}

// Draft marks, in a language, a text that nobody has approved.
func (b board) Draft(t phrases.Tongue) string { return phrases.Labels["draft"].In(t) }

// N is T with a number for n.
func (b board) N(key string, n int) string { return b.T(key, "n", strconv.Itoa(n)) }

// Age says how long ago something was, as coarsely as people say it.
func (b board) Age(t time.Time) string {
	d := b.current.Sub(t)
	switch {
	case t.IsZero():
		return b.T("never")
	case d < time.Minute:
		return b.T("now")
	case d < time.Hour:
		return b.N("minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return b.N("hours", int(d.Hours()))
	}
	return b.N("days", int(d.Hours()/24))
}

// when gives the time of day, and the date too if it is another day.
func (b board) when(t time.Time) string {
	t, now := b.at(t), b.at(b.current)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("01-02 15:04")
}
