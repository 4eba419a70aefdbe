package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/verdict"
)

// lines answers each line of a file as it comes.
func (v *verifier) lines(ctx context.Context, name string, stdin io.Reader, stdout io.Writer) error {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("verify: --jsonl: %w", err)
		}
		defer f.Close()
		in = f
	}
	questions := input.NewLines(in)
	var no error
	for ctx.Err() == nil {
		line, whole, err := questions.Next()
		if err == io.EOF {
			return no
		}
		if err != nil {
			return fmt.Errorf("verify: --jsonl: %w", err)
		}
		if whole && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		a := v.line(ctx, line, whole)
		if a.verdict.Outcome != verdict.Admit {
			no = exit.ErrNo
		}
		if err := writeLine(stdout, a); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// line answers one line.
func (v *verifier) line(ctx context.Context, line []byte, whole bool) answer {
	nobody := json.RawMessage(`""`)
	if !whole {
		return bad(nobody, verdict.Malformed, "the line is longer than 64 KiB")
	}
	var q question
	err := json.Unmarshal(line, &q)
	if q.ID == nil {
		q.ID = nobody
	}
	if err != nil {
		return bad(q.ID, verdict.Malformed, "the line is not a question: "+err.Error())
	}
	return v.answer(ctx, q)
}
