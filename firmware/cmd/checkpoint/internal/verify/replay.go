package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/keys"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/reading"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/record"
	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/credential/holder"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
)

var (
	errNoVerdict = errors.New("that event holds no verdict on a code: give one of kind presented, claimed, override or reconciled that judged one")
	errVersions  = errors.New("that event names lists of several versions: no device writes such")
	errNoMoment  = errors.New("that event does not say at which moment it was judged: an older version wrote it, and it cannot be judged again exactly")
)

// ofThen are reasons that the state of the device gave then, and not the code: what was
// marked, ordered or left of a quota. They are taken from the event.
var ofThen = map[verdict.Reason]bool{verdict.Replayed: true, verdict.Halted: true, verdict.Exhausted: true}

// replay judges one presentation again as an event says it was judged.
func (c *Command) replay(ctx context.Context, stdout io.Writer) error {
	if len(c.Codes) == 0 || c.JSONL != "" || c.At != "" || c.Policy != "" || len(c.Keys) > 0 {
		return errors.New("verify --replay: give the codes or pictures of one presentation; time, keys and rules are those of the event")
	}
	r, err := record.Find(c.State, c.Replay)
	if err != nil {
		return fmt.Errorf("verify --replay: %w", err)
	}
	snapshot, at, err := c.past(ctx, r)
	if err != nil {
		return fmt.Errorf("verify --replay: %w", err)
	}
	codes, err := c.presented(ctx)
	if err != nil {
		return fmt.Errorf("verify --replay: %w", err)
	}
	then := r.Verdict
	again := inspection.Presentation{Number: r.Presentation, At: then.At, Codes: codes, Lane: at,
		Clock: inspection.Clock{Time: then.At, Uncertainty: then.Within, Confidence: then.Confidence}}
	now, found := snapshot.Explain(again)
	if made := presentedSince(found, then.At); !made.IsZero() && then.Reason != verdict.NotYet { // the phone has drawn it anew: its proof is of its own moment
		again.Proof = made
		now, found = snapshot.Explain(again)
	}
	a := newAnswer(json.RawMessage("1"), then.At, asThen(now, then), found)
	same := alike(a.verdict, then)
	a.Same = &same
	if c.Explain {
		a.Explain = speak(a)
	}
	if c.JSON {
		err = writeLine(stdout, a)
	} else if err = describe(stdout, a); err == nil {
		words := map[bool]string{true: "the same", false: "ANOTHER: the code, the lane or the device's own keys are not those of then"}
		_, err = fmt.Fprintf(stdout, "then       %s\nnow        %s\nverdict is %s\nThe event is taken as it stands: whether it is part of an unbroken record is for \"checkpoint journal verify\" and the centre to say.\n",
			summary(then), summary(a.verdict), words[same])
	}
	if err == nil && !same {
		err = exit.ErrNo
	}
	return err
}

// presentedSince is when a phone presented what was found, if that is after a time; else zero.
func presentedSince(found []inspection.Finding, then time.Time) time.Time {
	for _, f := range found {
		if f.Presented.After(then) {
			return f.Presented
		}
	}
	return time.Time{}
}

// past loads what the verdict of an event rests on, and the lane it was made at.
func (c *Command) past(ctx context.Context, r event.Record) (*inspection.Snapshot, inspection.Lane, error) {
	then, at := r.Verdict, inspection.Lane{}
	switch {
	case then.Reason == "" || then.Reason == verdict.TooSlow || then.Reason == verdict.Interrupted:
		return nil, at, errNoVerdict
	case then.At.IsZero():
		return nil, at, errNoMoment
	case len(then.Lists) == 0:
		return nil, at, errors.New("that verdict rests on no list: the code was not read, whatever the rules")
	}
	for _, l := range then.Lists {
		if l.Version != then.Lists[0].Version {
			return nil, at, errVersions
		}
	}
	device, err := config.Read(c.Config)
	if err != nil {
		return nil, at, err
	}
	named := false
	for _, l := range device.Lanes {
		if l.Name == r.Lane {
			at, named = l.At(r.Site), true
		}
	}
	if !named || device.Device.Name != r.Device {
		return nil, at, fmt.Errorf("%s is not the configuration of device %s with a lane %s: give --config", c.Config, r.Device, r.Lane)
	}
	if c.Bundle == "" {
		return nil, at, fmt.Errorf("version %s of the lists is needed: give --bundle with a repository that keeps it", then.Lists[0].Version)
	}
	root, err := os.ReadFile(device.Centre.Root)
	if err != nil {
		return nil, at, fmt.Errorf("centre.root of %s: %w", c.Config, err)
	}
	set, err := bundle.Past(ctx, root, bundle.Dir(c.Bundle), then.Lists[0].Version)
	if err != nil {
		return nil, at, err
	}
	vouched := then.At
	if then.Reason == verdict.Stale { // nobody had vouched for the lists for too long
		vouched = time.Unix(1, 0)
	}
	files, _, err := fileset.For(set.FS, r.Device) // as that device saw it
	if err != nil {
		return nil, at, err
	}
	snapshot, err := inspection.Load(files, set.Version, vouched)
	if err != nil {
		return nil, at, err
	}
	private := holder.SiteKeys{}
	if device.Device.SiteKeys != "" {
		if _, err := keys.AddSites(private, device.Device.SiteKeys); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, at, err
		}
	}
	return snapshot.WithKeys(private), at, nil
}

// presented reads the codes of one presentation from texts and pictures.
func (c *Command) presented(ctx context.Context) (codes [][]byte, err error) {
	reader := symbol.Reader{}
	for _, code := range c.Codes {
		if _, err := os.Stat(code); err != nil {
			codes = append(codes, []byte(code))
			continue
		}
		texts, err := reading.Texts(ctx, &reader, code)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
		codes = append(codes, texts...)
	}
	return codes, nil
}

// asThen adds to a verdict what the lane and the state of the device made of it then.
func asThen(now, then verdict.Verdict) verdict.Verdict {
	switch {
	case ofThen[then.Reason] && now.Outcome == verdict.Admit:
		now = now.Because(then.Outcome, then.Reason)
	case then.Outcome == verdict.Refer && lane.Mendable(now) && now.Reason == then.Reason:
		now.Outcome = verdict.Refer // after several tries an officer helps
	}
	return now
}

// alike reports whether two verdicts say the same.
func alike(a, b verdict.Verdict) bool {
	return a.Outcome == b.Outcome && a.Reason == b.Reason && a.Rule == b.Rule && a.Cite == b.Cite && a.Measured == b.Measured &&
		a.Threshold == b.Threshold && a.Ruled == b.Ruled && a.SetBy == b.SetBy && a.Person == b.Person && a.Place == b.Place && a.Format == b.Format && a.Scheme == b.Scheme
}

// summary is one verdict on one line.
func summary(v verdict.Verdict) string {
	s := fmt.Sprintf("%s: %s", strings.ToUpper(v.Outcome.String()), v.Reason)
	if v.Rule != "" {
		s += ", rule " + v.Rule
	}
	if v.Measured != "" {
		s += ", " + v.Measured
	}
	if v.Threshold != "" {
		s += " (needs " + v.Threshold + ")"
	}
	return s
}
