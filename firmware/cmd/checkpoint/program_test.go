package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asProgram, in the environment, has the binary of these tests be the program.
const asProgram = "CHECKPOINT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is the program, about to be run with arguments.
func program(t testing.TB, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.CommandContext(t.Context(), self, args...)
	p.Env = append(os.Environ(), asProgram+"=1")
	return p
}

// says runs the program and returns what it printed, standard error after standard output.
func says(t testing.TB, wantCode int, args ...string) string {
	t.Helper()
	p := program(t, args...)
	var stdout, stderr bytes.Buffer
	p.Stdout, p.Stderr = &stdout, &stderr
	err := p.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || p.ProcessState.ExitCode() != wantCode {
		t.Fatalf("checkpoint %s: %v, want exit code %d\n%s%s", strings.Join(args, " "), err, wantCode, stdout.String(), stderr.String())
	}
	return stdout.String() + stderr.String()
}

// TestExitCodes: it ran, its answer is no, it could not run, it was not understood.
func TestExitCodes(t *testing.T) {
	if said := says(t, 0, "version"); !strings.HasPrefix(said, "checkpoint dev (") || !strings.Contains(said, "a development build") {
		t.Errorf("%q", said)
	}
	says(t, 2, "verify", "HCT1:nothing")
	if said := says(t, 1, "verify", "--jsonl", "/nowhere"); !strings.HasPrefix(said, "checkpoint: ") || strings.Count(said, "\n") != 1 {
		t.Errorf("%q", said)
	}
	says(t, 1, "verify", "--no-such-flag")
}
