// Package verify is "checkpoint verify": it judges codes and signed bytes by hand, explains the verdict, and
// judges again what a device decided.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/keys"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/reading"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/symbol"
	"example.org/checkpoint/firmware/verdict"
)

// Command is "checkpoint verify".
type Command struct {
	Keys    []string `sep:"none" placeholder:"FORMAT=FILE" help:"Whom to trust: dcc=LIST or hct=DIR; may be given more than once."`
	Policy  string   `placeholder:"FILE" help:"Rules to judge by; without, a code that is genuine and valid now is admitted."`
	At      string   `placeholder:"RFC3339" help:"The time to judge at; without, now."`
	JSON    bool     `name:"json" help:"Print one line of JSON for each code."`
	Explain bool     `help:"Say it also to the holder, to an officer and to an auditor, each in their words."`
	Replay  string   `placeholder:"EVENT" help:"Judge again as that event did: its id or number in the journal, or a file with it."`
	State   string   `default:"/var/lib/checkpoint" help:"With --replay: state directory of the journal, or a copy of its journal.db."`
	Config  string   `default:"/etc/checkpoint/checkpoint.toml" placeholder:"FILE" help:"With --replay: the device's configuration, for what the lane is."`
	Bundle  string   `placeholder:"REPOSITORY" help:"With --replay: the repository of bundles, which keeps the version of then."`
	JSONL   string   `name:"jsonl" placeholder:"FILE" help:"Read codes from lines of JSON, - for standard input."`
	Codes   []string `arg:"" optional:"" name:"code" help:"Texts of codes, pictures of them (PNG, JPEG, GIF), files of signed bytes, or hex:BYTES."`
}

// Help is shown by `checkpoint verify --help`.
func (Command) Help() string {
	return `Reads codes and says who signed them, whether they hold, and what the rules make of them:

  checkpoint verify --keys dcc=dsc.json photo.png
  checkpoint verify --keys hct=trustdir --policy venue-market.json 'HCT1:…'

dcc=LIST is the publishers' list of signers of EU certificates, {"<hex kid>": "<base64 certificate>"}.
hct=DIR is a directory of trust files, or one with trust/, status/ and keys.json as in a bundle;
site-key*.json in it ({"kid", "private", "site"}) opens codes that are sealed to that site.

What nobody holds up is read from bytes: orders, leases and marks of the centre, status lists,
their deltas, revocation lists:

  checkpoint verify --explain --keys hct=bundle bundle/status/GZ/7.cwt

--jsonl reads lines {"id", "text" or "file" or "hex", "kind", "at", "lane": {"profile", "audiences",
"u"}, "after"}, of which kind, lane and after may be left out, and writes for each one line {"id",
"format", "signature", "signer", "validity", "outcome", "reason", "detail"}. after names lines
before this one that the same lane has admitted or obeyed. A line that cannot be read is answered
as malformed.

--replay judges a code that somebody brings again as the device did then: by the lists and rules of
the versions that the event names, at its time, with its doubt about the clock, at its lane:

  checkpoint verify --replay 412 --bundle repository/ --config device.toml photo.png

A phone's proof that it shows its own code is judged at the moment at which the phone drew it. What other
devices of the lane measured (a face, a temperature, a document) is not in the event.
It prints both verdicts and says whether they are the same (exit 0) or not (exit 2).

Exit code: 0 all are admitted, 2 not all, 1 it could not run.`
}

// question is one code to be judged; its JSON is a line of --jsonl.
type question struct {
	ID   json.RawMessage `json:"id"`
	Text *string         `json:"text"`
	File string          `json:"file"`
	Hex  string          `json:"hex"`
	Kind string          `json:"kind"` // of hex, one of kindsOfBytes; found out where it is empty
	At   string          `json:"at"`
	Lane struct {
		Profile   string   `json:"profile"`
		Audiences []string `json:"audiences"`
		U         float64  `json:"u"` // seconds
	} `json:"lane"`
	After []json.RawMessage `json:"after"`
}

// answer is what is found of one code.
type answer struct {
	ID        json.RawMessage `json:"id"`
	Format    string          `json:"format"`
	Signature string          `json:"signature"`
	Signer    string          `json:"signer"`
	Validity  string          `json:"validity"`
	Outcome   string          `json:"outcome"`
	Reason    verdict.Reason  `json:"reason"`
	Detail    string          `json:"detail"`
	Explain   *voices         `json:"explain,omitempty"`
	Same      *bool           `json:"same,omitempty"` // as then, of a replay

	verdict verdict.Verdict
	found   []inspection.Finding
	at      time.Time
	stated  *statement // of the centre or a scheme, where it is no code
}

// verifier judges questions, one after the other.
type verifier struct {
	snapshot *inspection.Snapshot
	policy   string
	genuine  bool     // no rules were given: whatever is genuine is admitted
	sites    []string // whose keys are here; the audiences of a question that names none
	explain  bool
	kept     memory
	at       string // for questions without a time of their own; empty for now
	reader   symbol.Reader
}

func (c *Command) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return c.run(ctx, os.Stdin, os.Stdout)
}

func (c *Command) run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	if c.Replay != "" {
		return c.replay(ctx, stdout)
	}
	if (c.JSONL == "") == (len(c.Codes) == 0) {
		return errors.New("verify: give codes or pictures, or --jsonl FILE, one of the two")
	}
	if c.At != "" {
		if _, err := input.Time(c.At); err != nil {
			return fmt.Errorf("verify: --at: %w", err)
		}
	}
	snapshot, policy, sites, err := keys.Load(c.Keys, c.Policy)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	v := &verifier{snapshot: snapshot, policy: policy, genuine: c.Policy == "", sites: sites, explain: c.Explain, at: c.At}
	if c.JSONL != "" {
		return v.lines(ctx, c.JSONL, stdin, stdout)
	}
	var no error
	for i, code := range c.Codes {
		q := question{ID: json.RawMessage(fmt.Sprint(i + 1)), Text: &code}
		if bytes, ok := strings.CutPrefix(code, "hex:"); ok {
			q.Text, q.Hex = nil, bytes
		} else if _, err := os.Stat(code); err == nil {
			signed, err := signedBytes(code)
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			if q.Text, q.Hex = nil, signed; signed == "" {
				if _, err := reading.Gray(code); err != nil {
					return fmt.Errorf("verify: %w", err)
				}
				q.File = code
			}
		}
		a := v.answer(ctx, q)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if a.verdict.Outcome != verdict.Admit {
			no = exit.ErrNo
		}
		if c.JSON {
			err = writeLine(stdout, a)
		} else {
			err = describe(stdout, a)
		}
		if err != nil {
			return err
		}
	}
	return no
}

// bad answers a question that could not be put.
func bad(id json.RawMessage, why verdict.Reason, detail string) answer {
	return answer{ID: id, Signature: "none", Signer: "none", Validity: "unknown",
		Outcome: verdict.Refuse.String(), Reason: why, Detail: detail}
}

// answer judges one question, and remembers what the lane would.
func (v *verifier) answer(ctx context.Context, q question) answer {
	a, err := v.judge(ctx, q)
	if err != nil {
		return bad(q.ID, verdict.Malformed, err.Error())
	}
	v.kept.add(q.ID, a)
	if v.explain {
		a.Explain = speak(a)
	}
	return a
}

func (v *verifier) judge(ctx context.Context, q question) (answer, error) {
	if q.At == "" {
		q.At = v.at
	}
	at := time.Now()
	if q.At != "" {
		var err error
		if at, err = input.Time(q.At); err != nil {
			return answer{}, err
		}
	}
	if q.Lane.U < 0 || q.Lane.U > maxUncertainty {
		return answer{}, errors.New("u is not a number of seconds up to a year")
	}
	past, err := v.kept.past(q.After)
	if err != nil {
		return answer{}, err
	}
	clock := inspection.Clock{Uncertainty: time.Duration(q.Lane.U * float64(time.Second)), Confidence: "trusted"}
	if q.Hex != "" || q.Kind != "" && q.Text == nil && q.File == "" {
		return v.bytes(q, at, clock, past), nil
	}
	var codes [][]byte
	switch {
	case q.File != "":
		texts, err := reading.Texts(ctx, &v.reader, q.File)
		if err != nil {
			return bad(q.ID, verdict.Unreadable, err.Error()), nil
		}
		codes = texts
	case q.Text != nil:
		codes = [][]byte{[]byte(*q.Text)}
	default:
		codes = [][]byte{{}}
	}
	profile := q.Lane.Profile
	if profile == "" {
		profile = "gate"
	}
	audiences := q.Lane.Audiences
	if audiences == nil {
		audiences = v.sites
	}
	said, found := v.snapshot.Explain(inspection.Presentation{Number: 1, At: at, Codes: codes, Clock: clock,
		Lane: inspection.Lane{Kind: "border", Direction: "none", Profile: profile, Audiences: audiences, Policy: v.policy}})
	if said.Reason == verdict.NoPerson && v.genuine {
		said.Outcome, said.Reason = verdict.Admit, verdict.Satisfied // genuine, though nobody's own
	}
	if said.Outcome == verdict.Admit && past.counted(said.Counts, at) {
		said = verdict.Verdict{Reason: verdict.Replayed, Format: said.Format, Scheme: said.Scheme}
	}
	return newAnswer(q.ID, at, said, found), nil
}

// maxUncertainty bounds the uncertainty of a clock in seconds: a year.
const maxUncertainty = 366 * 86400
