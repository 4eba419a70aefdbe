package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/journal"
)

// TestDoctor examines a device whose program runs and does not say how it is: one JSON
// line for each finding, and the answer is no.
func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{Device: "gate-01", Site: "HZMB-DEP"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	config := filepath.Join(dir, "checkpoint.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `
[device]
name = "gate-01"
site = "HZMB-DEP"
state = %q
[health]
listen = "127.0.0.1:1"
[[lane]]
name = "12"
profile = "open"
kind = "venue"
facts = "door"
policy = "venue-market"
camera.device = "/dev/video0"
gate = { wire = "modbus", device = "/dev/ttyUSB0", address = 1 }
`, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	err = (&doctorCmd{Config: config, JSON: true}).Run()
	os.Stdout = stdout
	if !errors.Is(err, exit.ErrNo) {
		t.Errorf("%v, want no", err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	states, ofProgram := map[string]int{}, ""
	for s := bufio.NewScanner(file); s.Scan(); {
		var f struct{ Area, What, State, Says, Do string }
		if err := json.Unmarshal(s.Bytes(), &f); err != nil || f.Area == "" || f.What == "" || f.Says == "" {
			t.Errorf("%s: %v", s.Bytes(), err)
		}
		states[f.State]++
		if f.What == "program" {
			ofProgram = f.State + ": " + f.Says
		}
		if f.Area == "lane 12" {
			t.Errorf("it tried what the program holds: %s", s.Bytes())
		}
	}
	if !strings.HasPrefix(ofProgram, `note: version "dev" is no release`) {
		t.Errorf("of a build at no tag: %q", ofProgram)
	}
	if states["wrong"] != 1 || states["ok"] == 0 || states["wrong"]+states["ok"]+states["note"] < 6 {
		t.Errorf("states %v", states)
	}
}
