package lane

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

var update = flag.Bool("update", false, "rewrite the scenarios with what the lane does now")

var (
	start  = time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	timing = Timing{Judge: 2 * time.Second, Enter: 6 * time.Second, Leave: 4 * time.Second, Show: 3 * time.Second, Staff: time.Minute}
)

// TestScenarios plays every testdata/*.txt: lines starting with "> " are inputs
// at +seconds, the indented lines under each are what the lane did. They start
// out of service with one barrier and nobody in the zone, unless "power-up" says
// otherwise.
func TestScenarios(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no scenarios")
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func play(t *testing.T, script string) string {
	l := Lane{Timing: timing, Zone: ZoneClear, Normal: true}
	var b strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"), line == "":
			b.WriteString(line + "\n")
		case strings.HasPrefix(line, "> "):
			var at float64
			var word, arg string
			n, _ := fmt.Sscanf(line, "> +%f %s %s", &at, &word, &arg)
			if n < 2 {
				t.Fatalf("bad line %q", line)
			}
			if word == "power-up" {
				l = Lane{Timing: timing, Unattended: strings.Contains(arg, "unattended")}
				if strings.Contains(arg, "open") {
					l.Profile = Open
				}
				for o, name := range overrulings {
					if strings.Contains(arg, name) {
						l = Lane{Timing: timing, Overruling: o, Zone: ZoneClear, Normal: true}
					}
				}
				if strings.Contains(arg, "warns") {
					l = Lane{Timing: timing, Zone: ZoneClear, Normal: true}
					l.Timing.Warn = 2 * time.Second
				}
				fmt.Fprintf(&b, "%s\n  %s\n", line, state(l))
				continue
			}
			var fx []Effect
			l, fx = l.Step(start.Add(time.Duration(math.Round(at*1000))*time.Millisecond), parse(t, word, arg))
			fmt.Fprintf(&b, "%s\n  %s\n", line, state(l))
			for _, e := range fx {
				fmt.Fprintf(&b, "  %s\n", describe(e))
			}
		}
	}
	return b.String()
}

// state is the lane and what is special about it.
func state(l Lane) string {
	s := l.String()
	if l.Faults != 0 {
		s += ", fault " + l.Faults.String()
	}
	if l.State == Passing && l.Held {
		s += ", held"
	}
	if l.Unanswered {
		s += ", claim unanswered"
	}
	if l.Zone == ZoneUnknown && l.Profile == Single {
		s += ", zone unknown"
	}
	return s
}

// plain are the inputs that a scenario gives by their name alone.
var plain = map[string]Input{
	"open": OpenLane{}, "entered": Entered{}, "entry-whole": EntryWhole{}, "reached": Reached{}, "left": Left{}, "clear": Clear{},
	"elapsed": Elapsed{}, "stop": Stop{}, "forced": Forced{},
}

var overrulings = map[Overruling]string{ByKeys: "by-keys", BySignIn: "by-sign-in"}

var roles = map[string]Role{"officer": Officer, "supervisor": Supervisor}

func parse(t *testing.T, word, arg string) Input {
	if in, ok := plain[word]; ok {
		return in
	}
	first, rest, _ := strings.Cut(arg, ":")
	var number uint64
	fmt.Sscan(first, &number)
	switch word {
	case "presented":
		return Presented{[][]byte{[]byte(arg)}}
	case "guided":
		for h := HintNone; h <= HintCovered; h++ {
			if h.String() == arg {
				return Guided{h}
			}
		}
	case "judged":
		words := append(strings.Split(rest, ":"), "", "")
		outcome := words[0]
		v := verdict.Verdict{Reason: verdict.Reason(words[1]), Language: words[2], Scheme: "HK"}
		if len(words) > 5 { // the urgent reasons
			v.Urgent = strings.Split(words[3], ",")
		}
		for _, o := range []verdict.Outcome{verdict.Refuse, verdict.Refer, verdict.Admit} {
			if o.String() == outcome {
				v.Outcome = o
			}
		}
		return Judged{number, v}
	case "recorded":
		switch rest {
		case "pending":
			return Recorded{Number: number, Pending: true}
		case "failed":
			return Recorded{Number: number}
		}
		return Recorded{Number: number, Reason: verdict.Reason(rest)}
	case "moved":
		return Moved{number}
	case "stuck":
		return Stuck{number}
	case "failed", "recovered":
		for f := BoardFault; f <= JournalFault; f <<= 1 {
			if f.String() == arg {
				return map[string]Input{"failed": Failed{f}, "recovered": Recovered{f}}[word]
			}
		}
	case "reset":
		return Reset{roles[arg]}
	case "overruled": // number:role:who:reason
		words := strings.Split(rest, ":")
		return Overruled{number, roles[words[0]], words[1], words[2], ""}
	case "turned":
		return Turned{roles[arg]}
	case "evacuate":
		return Evacuate{number}
	case "alarm-cleared":
		return AlarmCleared{number}
	}
	t.Fatalf("unknown input %q", word)
	return nil
}

func describe(e Effect) string {
	switch e := e.(type) {
	case Record:
		if e.Event.Verdict.Reason != "" || e.Event.Verdict.Outcome != 0 {
			v := e.Event.Verdict
			return strings.TrimSpace(fmt.Sprintf("record %s #%d %s %s %s", e.Event.Kind, e.Event.Presentation, v.Outcome, v.Reason, v.Scheme))
		}
		if e.Event.Presentation == 0 {
			return fmt.Sprintf("record %s", e.Event.Kind)
		}
		return fmt.Sprintf("record %s #%d", e.Event.Kind, e.Event.Presentation)
	case Claim:
		if e.Event.Kind == event.Override {
			n := e.Event.Note
			return fmt.Sprintf("claim override #%d %s %s, for %s by %s and %s", e.Event.Presentation, e.Event.Verdict.Outcome, e.Event.Verdict.Reason,
				n["urgent"], n["officer"], n["supervisor"])
		}
		return fmt.Sprintf("claim #%d", e.Event.Presentation)
	case Settle:
		if e.Used {
			return fmt.Sprintf("settle #%d used, %s", e.Event.Presentation, e.Event.Kind)
		}
		return fmt.Sprintf("settle #%d released, %s", e.Event.Presentation, e.Event.Kind)
	case Inspect:
		return fmt.Sprintf("inspect #%d %s", e.Number, e.Codes[0])
	case Show:
		s := fmt.Sprintf("show %s, lamp %s", e.View.Screen, e.View.Lamp)
		if e.View.Tone != ToneNone {
			s += fmt.Sprintf(", tone %s", e.View.Tone)
		}
		if e.View.Hint != HintNone {
			s += ", hint " + e.View.Hint.String()
		}
		if e.View.Reason != "" {
			s += ", because " + string(e.View.Reason)
		}
		if e.View.Language != "" {
			s += ", in " + e.View.Language
		}
		return s
	case Release:
		return fmt.Sprintf("release %d", e.Number)
	case Secure:
		return fmt.Sprintf("secure %d", e.Number)
	}
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", e), "lane."))
}
