package fleet

import (
	"testing"
	"time"
)

// TestMissing: who was heard, and then no more, is missing.
func TestMissing(t *testing.T) {
	s := Seen{Status: Status{At: time.Now().Unix()}, Heard: time.Now()}
	if s.judge(time.Now()); s.State != "well" {
		t.Errorf("%+v", s)
	}
	if s.judge(time.Now().Add(2 * missingAfter)); s.State != "missing" {
		t.Errorf("%+v", s)
	}
}
