package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/journal"
)

// wait fills the device's journal with events that the centre does not have, written in RAM, where
// a synced write costs nothing, and moved to the disk.
func (s *site) wait(events uint64) {
	s.t.Helper()
	ram, err := os.MkdirTemp("/dev/shm", "checkpoint-start-")
	if err != nil {
		s.t.Fatal(err)
	}
	defer os.RemoveAll(ram)
	j, err := journal.Open(ram, journal.Options{Device: "gate-1", Site: "LMC"})
	if err != nil {
		s.t.Fatal(err)
	}
	lane := j.Lane("12")
	for n := j.Stats().Seq; n < events; n++ {
		if err := lane.Append(event.Event{At: time.Now(), Kind: event.Alarm, Presentation: n}); err != nil {
			s.t.Fatal(n, err)
		}
	}
	if err := j.Close(); err != nil {
		s.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(ram, "*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(s.path("state", filepath.Base(f)), data, 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err != nil || len(files) == 0 {
		s.t.Fatal(err, files)
	}
}

// BenchmarkStart is the start of the program, with a bundle and so many events in its journal that the
// centre does not have, from the start of the process until it says that it is ready (docs/fleet.md).
func BenchmarkStart(b *testing.B) {
	for _, events := range []uint64{1, 50_000, 1_000_000} {
		b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
			s := newSite(b)
			s.publish()
			s.wait(events)
			for b.Loop() {
				device := program(b, "run", "--config", s.path("device.toml"))
				log, err := device.StderrPipe()
				if err == nil {
					err = device.Start()
				}
				if err != nil {
					b.Fatal(err)
				}
				lines, said := bufio.NewScanner(log), ""
				for lines.Scan() && !strings.Contains(lines.Text(), `"msg":"ready"`) {
					said += lines.Text() + "\n"
				}
				b.StopTimer()
				if lines.Err() != nil || !strings.Contains(lines.Text(), `"ready"`) {
					b.Fatalf("%v\n%s", lines.Err(), said)
				}
				if err := device.Process.Signal(syscall.SIGTERM); err != nil {
					b.Fatal(err)
				}
				for lines.Scan() { // so that it can write on
				}
				if err := device.Wait(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
