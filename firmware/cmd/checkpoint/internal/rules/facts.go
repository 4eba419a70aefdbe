package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/keys"
	"example.org/checkpoint/firmware/inspection"
)

type factsCmd struct {
	Keys      []string `sep:"none" required:"" placeholder:"FORMAT=FILE" help:"Whom to trust, as of \"checkpoint verify\"."`
	Policy    string   `required:"" type:"existingfile" placeholder:"FILE" help:"The rules of the lane: they say how colours are read and how codes may be shown."`
	Site      string   `help:"Of the lane, as its rules know it."`
	Kind      string   `default:"border" enum:"border,venue" help:"border or venue."`
	Direction string   `default:"none" enum:"in,out,none" help:"in, out or none."`
	Class     string   `placeholder:"CLASS" help:"Of a venue: market, metro and so on."`
	Profile   string   `default:"gate" enum:"door,gate" help:"door or gate: the most that the lane may learn of a person."`
	Audiences []string `name:"audience" placeholder:"NAME" help:"What phones call the lane; without, the sites whose keys are here."`
	At        string   `placeholder:"RFC3339" help:"The time of presentations that name none; without, now."`
	JSONL     string   `arg:"" name:"file" help:"Lines of JSON, {\"text\", \"at\"}, as of \"checkpoint verify --jsonl\"; - for standard input."`
}

// Help is shown by "checkpoint policy facts --help".
func (factsCmd) Help() string {
	return `Writes each presentation as a line of facts, for "policy diff --facts" and "policy explain --facts":

  checkpoint policy facts --keys hct=bundle --policy border.json shown.jsonl > facts.jsonl

What is personal is not written: no payload, pseudonym, name, number, template or birth date (ages are,
in completed years), no place that somebody was in (only whether it is one of risk), and when a code was
issued and ends only to the minute. What tells people apart all the same, such as the second at which a
test was sampled, decides: keep the file as long as you compare, and no longer.

Presentations that no rule decides, for a hard check has failed, are left out and counted.`
}

func (c *factsCmd) Run() error { return c.run(os.Stdin, os.Stdout, os.Stderr) }

func (c *factsCmd) run(stdin io.Reader, stdout, stderr io.Writer) error {
	snapshot, name, sites, err := keys.Load(c.Keys, c.Policy)
	if err != nil {
		return err
	}
	if c.Audiences == nil {
		c.Audiences = sites
	}
	lane := inspection.Lane{Site: c.Site, Kind: c.Kind, Direction: c.Direction, VenueClass: c.Class, Profile: c.Profile, Audiences: c.Audiences, Policy: name}
	in := stdin
	if c.JSONL != "-" {
		f, err := os.Open(c.JSONL)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	lines, out := input.NewLines(in), json.NewEncoder(stdout)
	written, left := 0, 0
	for n := 1; ; n++ {
		line, whole, err := lines.Next()
		if errors.Is(err, io.EOF) {
			fmt.Fprintf(stderr, "%d presentations as facts, %d left out\n", written, left)
			return nil
		}
		if err != nil {
			return err
		}
		if whole && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var q shown
		if !whole || json.Unmarshal(line, &q) != nil || q.Text == nil {
			return fmt.Errorf("%s:%d: want a line of JSON with a text, of at most 64 KiB", c.JSONL, n)
		}
		at, err := c.at(q)
		if err != nil {
			return fmt.Errorf("%s:%d: at: %w", c.JSONL, n, err)
		}
		facts, ok := snapshot.Facts(inspection.Presentation{Number: 1, At: at, Clock: inspection.Clock{Confidence: "trusted"}, Lane: lane, Codes: [][]byte{[]byte(*q.Text)}})
		if !ok {
			left++
			continue
		}
		written++
		facts.Name = fmt.Sprintf("presentation %d", n)
		if err := out.Encode(facts); err != nil {
			return err
		}
	}
}

// shown is one presentation, as in a line of "checkpoint verify --jsonl".
type shown struct {
	Text *string `json:"text"`
	At   string  `json:"at"`
}

func (c *factsCmd) at(q shown) (time.Time, error) {
	for _, at := range []string{q.At, c.At} {
		if at != "" {
			return input.Time(at)
		}
	}
	return time.Now(), nil
}
