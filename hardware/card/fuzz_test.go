package card

import (
	"bytes"
	"errors"
	"testing"

	sim "example.org/checkpoint/simulators/card"
)

// FuzzAnswers has a card answer with any bytes: reading ends, within bounds, with a token
// of a size that may be, or with an error of ours.
func FuzzAnswers(f *testing.F) {
	ours := &sim.Card{Application: application, ID: file, Content: []byte("\x00\x05token")}
	var recorded []byte
	if token, err := readToken(func(command []byte) ([]byte, error) {
		answer := ours.Answer(command)
		recorded = append(append(recorded, byte(len(answer))), answer...)
		return answer, nil
	}); err != nil || string(token) != "token" {
		f.Fatalf("%q, %v", token, err)
	}
	f.Add(recorded)
	f.Add([]byte("\x02\x90\x00\x02\x90\x00\x02\x6c\x02\x04\x01\x00\x90\x00\x02\x61\x10\x12aaaaaaaaaaaaaaaa\x90\x00"))
	f.Add([]byte("\x02\x6a\x82"))
	f.Add(bytes.Repeat([]byte("\x02\x61\xff"), 100))
	f.Fuzz(func(t *testing.T, answers []byte) {
		commands := 0
		token, err := readToken(func(command []byte) ([]byte, error) {
			if commands++; commands > 40*mostAnswers {
				t.Fatal("no end")
			}
			if len(command) < 5 || len(command) > 5+len(application) {
				t.Fatalf("% x", command)
			}
			if len(answers) == 0 {
				return nil, ErrHeld
			}
			n := min(int(answers[0]), len(answers)-1)
			answer := answers[1 : 1+n]
			answers = answers[1+n:]
			return answer, nil
		})
		if err == nil && (len(token) == 0 || len(token) > largest) {
			t.Fatalf("%d bytes", len(token))
		}
		if err != nil && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrHeld) {
			t.Fatal(err)
		}
	})
}
