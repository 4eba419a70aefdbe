package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestIssueYourOwn follows docs/issue.md as a stranger would: the program printed
// there, run as it stands, makes a code that is admitted.
func TestIssueYourOwn(t *testing.T) {
	page, err := os.ReadFile("../../../../../docs/issue.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(page), "```go\n")
	program, _, closed := strings.Cut(program, "\n```")
	if !ok || !closed {
		t.Fatal("docs/issue.md has no program")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "issue.go"), []byte(program+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // with a new key, and with the same one again
		issue := exec.Command("go", "run", "issue.go", "demo")
		issue.Dir = dir
		issue.Env = append(os.Environ(), "GOFLAGS=")
		issue.Stderr = os.Stderr
		code, err := issue.Output()
		if err != nil {
			t.Fatal(err)
		}
		said, err := verify(t, Command{Keys: []string{"hct=" + filepath.Join(dir, "demo")}, Explain: true, Codes: []string{strings.TrimSpace(string(code))}}, "")
		if err != nil || !strings.Contains(said, "ADMIT: satisfied") || !strings.Contains(said, "HCT1 code of XX") {
			t.Errorf("%v\n%s", err, said)
		}
	}
}
