package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/chain"
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

const childDir = "CHECKPOINT_JOURNAL_CHILD"

// TestMain is the child of TestKill or of TestFullDisk when it is told a directory.
func TestMain(m *testing.M) {
	for name, work := range map[string]func(string) error{childDir: child, diskDir: onAFullDisk} {
		if dir := os.Getenv(name); dir != "" {
			if err := work(dir); err != nil {
				fmt.Println("failed", err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// far is when the identities of TestKill count again.
var far = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// child works until it is killed, and says what is done: "event <seq>",
// "claimed <identity>", "passed <identity>", "free <identity>".
func child(dir string) error {
	j, err := Open(dir, Options{Device: "gate-07", Site: "LMC", Keep: 1 << 20})
	if err != nil {
		return err
	}
	fmt.Println("event", j.Stats().Seq)
	seed := j.Stats().Boot
	// Two lanes that do not know of each other.
	errs := make(chan error)
	for lane := range 2 {
		go func() { errs <- work(j, j.Lane(strconv.Itoa(lane)), fmt.Sprint(seed, "-", lane, "-")) }() // ends with the process
	}
	return <-errs
}

func work(j *Journal, l *Lane, prefix string) error {
	for n := uint64(1); ; n++ {
		id := prefix + strconv.FormatUint(n, 10)
		if r, err := l.Claim(claimed(time.Now(), n, far, id)); err != nil || r != "" {
			return fmt.Errorf("claim %s: %q %w", id, r, err)
		}
		fmt.Println("claimed", id)
		if n%3 == 0 {
			if err := l.Append(event.Event{At: time.Now(), Kind: event.Alarm}); err != nil {
				return err
			}
			fmt.Println("event", 0)
		}
		if n%16 == 0 {
			e, err := j.Entries(8, 1<<20)
			if err != nil {
				return err
			}
			last := e[len(e)-1]
			if err := j.Mark(last.Epoch, last.Seq, chain.Hash(last.Bytes)); err != nil {
				return err
			}
		}
		if n%4 == 0 {
			continue // left open, for the next start to find
		}
		passed := n%4 != 1
		e := event.Event{At: time.Now(), Kind: event.Withdrew, Presentation: n}
		if passed {
			e.Kind = event.Passed
		}
		if err := l.Settle(e, passed); err != nil {
			return err
		}
		fmt.Println(map[bool]string{true: "passed", false: "free"}[passed], id)
	}
}

// TestKill pulls the plug of a working program again and again.
func TestKill(t *testing.T) {
	b := newBench(t)
	b.options.Now, b.options.Keep = time.Now, 1<<20 // else confirmed events go
	const rounds = 32
	state := map[string]string{} // of each identity, as acknowledged
	events := map[string]int{}   // acknowledged, by kind
	epoch := uint64(0)
	for round := range rounds {
		after, lines := time.Duration(5+rand.IntN(120))*time.Millisecond, 1<<20 // also while it starts
		if round%2 == 1 {
			after, lines = 20*time.Second, 1+rand.IntN(60) // however slow the machine is
		}
		done := runAndKill(t, b.dir, after, lines)
		for _, line := range done {
			what, arg, _ := strings.Cut(line, " ")
			switch what {
			case "failed":
				t.Fatalf("round %d: %s", round, line)
			case "claimed", "passed", "free":
				state[arg] = what
			}
			events[what]++
		}
		if len(done) > 0 { // else it may not have come to write its witness
			b.intact(b.dir) // as the kill left it
		}
		j, err := Open(b.dir, b.options)
		b.must(err)
		if s := j.Stats(); s.Origin != Continued && s.Origin != First || epoch != 0 && s.Epoch != epoch {
			t.Fatalf("round %d: %+v", round, s)
		} else {
			epoch = s.Epoch
		}
		if n := count(t, j, "claims"); n != 0 {
			t.Fatalf("round %d: %d claims of earlier boots", round, n)
		}
		all, err := j.Recent(1 << 20)
		b.must(err)
		kinds := map[event.Kind]int{}
		for _, r := range all {
			kinds[r.Kind]++
		}
		if kinds[event.Claimed] < events["claimed"] || kinds[event.Passed] < events["passed"] || kinds[event.Withdrew] < events["free"] {
			t.Fatalf("round %d: acknowledged %v, there are %v", round, events, kinds)
		}
		b.again(j.Lane("again"), state)
		b.must(j.Close())
	}
	passed, free := 0, 0
	for _, s := range state {
		if s == "passed" {
			passed++
		} else {
			free++
		}
	}
	t.Logf("%d kills, %d codes passed, %d free or interrupted", rounds, passed, free)
	if passed == 0 || free == 0 {
		t.Error("the children did nothing")
	}
}

// again claims codes as their holders would: a code that passed is replayed; any
// other can be claimed again, once. A code may have passed between the last
// acknowledgement and the kill only if its claim was the last thing acknowledged.
func (b *bench) again(l *Lane, state map[string]string) {
	b.Helper()
	n := uint64(0)
	for id, s := range state {
		if n++; n > 40 { // of each round; the order of a map is random
			break
		}
		r, err := l.Claim(claimed(time.Now(), n, far, id))
		b.must(err)
		switch {
		case s == "passed" && r != verdict.Replayed:
			b.Fatalf("%s passed, and can be claimed again", id)
		case s == "free" && r != "":
			b.Fatalf("%s was given back: %q", id, r)
		case s == "claimed" && r == verdict.Replayed:
			state[id] = "passed" // settled, but not acknowledged
			continue
		}
		if r != "" {
			continue
		}
		twice, err := l.Claim(claimed(time.Now(), n+1000, far, id))
		b.must(err)
		if twice != verdict.Replayed {
			b.Fatalf("%s was claimed twice", id)
		}
		b.must(l.Settle(event.Event{At: time.Now(), Kind: event.Passed, Presentation: n}, true))
		state[id] = "passed"
	}
}

// runAndKill kills the child after a time, or when it has written so many lines. It gives those
// that the child could write.
func runAndKill(t *testing.T, dir string, after time.Duration, most int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer kill.Stop()
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == most {
			_ = cmd.Process.Kill() // as above
		}
	}
	_ = cmd.Wait() // killed
	return lines
}
