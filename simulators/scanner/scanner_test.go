package scanner_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/scanner"
)

// TestStrict says what no driver says: too much, too little, what is in no manual.
func TestStrict(t *testing.T) {
	link := filepath.Join(t.TempDir(), "scanner")
	s, err := scanner.NewSerial(link, scanner.Setup{After: "\r", Lock: "\x16L\r", Start: "\x16T\r", Good: "\x06"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unplug()
	driver, err := os.OpenFile(link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	say := func(command string, done func() bool) {
		t.Helper()
		if _, err := io.WriteString(driver, command); err != nil {
			t.Fatal(err)
		}
		for late := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%q: %+v %q", command, s.State(), s.Errors())
			}
		}
	}
	wrong := func(n int, want string) func() bool {
		return func() bool { return len(s.Errors()) == n && strings.Contains(s.Errors()[n-1], want) }
	}
	s.Show("Q1", []byte("unseen")) // it does not look yet
	say("\x16L\r\x16T\r", func() bool { return s.State() == scanner.State{Locked: true, Looks: true} })
	say("\x06", wrong(1, "no code"))
	say("\x16X", wrong(2, "no manual"))
	if s.Program(scanner.Setup{}) {
		t.Error("a locked scanner was set up")
	}
}

// TestUnacknowledged: a code that nobody acknowledged is still owed.
func TestUnacknowledged(t *testing.T) {
	link := filepath.Join(t.TempDir(), "scanner")
	s, err := scanner.NewSerial(link, scanner.Setup{Before: "\x02", After: "\x03", AIM: true, Good: "\x06"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unplug()
	driver, err := os.OpenFile(link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	s.Split(2, time.Millisecond)
	s.Show("Q1", []byte("code"))
	got := make([]byte, 9)
	if _, err := io.ReadFull(driver, got); err != nil || string(got) != "\x02]Q1code\x03" {
		t.Errorf("%q, %v", got, err)
	}
	if s.State().Owed != 1 {
		t.Errorf("%+v", s.State())
	}
}
