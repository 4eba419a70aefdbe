package hall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// checkpoint runs the product with arguments and returns what it printed.
func (h *Hall) checkpoint(ctx context.Context, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, h.o.Program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("checkpoint %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// enrol has the device make its key and hands the centre its card.
func (h *Hall) enrol(ctx context.Context) error {
	card, err := h.checkpoint(ctx, "enroll", "--state", h.path("device"), "--device", Device, "--site", cast.Site)
	if err != nil {
		return err
	}
	return os.WriteFile(h.path("registry", Device+".json"), card, 0o644)
}

// configure writes the device's configuration, as an integrator would.
func (h *Hall) configure() error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("[device]\nname = %q\nsite = %q\nstate = %q\nsite_keys = %q\n", Device, cast.Site, h.path("device"), h.path("site-keys"))
	say("[centre]\nurl = %q\nroot = %q\nrefresh = \"20s\"\n", "nats://"+h.link.Address(), h.path("repository", "1.root.json"))
	say("[clock]\nwithin = \"2s\"\n")
	if h.hubLink != nil {
		say("[hall]\nurl = %q\n", "nats://"+h.hubLink.Address())
	}
	say("[attendant]\nlisten = \"127.0.0.1:%d\"\ntoken = %q\noverrule = \"keys\"\n", h.o.Port+10, token)
	say("[health]\nlisten = \"127.0.0.1:%d\"\n", h.o.Port+11)
	for _, p := range h.places {
		if p.Printer != "" {
			say("[printer]\ndevice = %q\n", p.Printer)
			break // a device has one
		}
	}
	for i, l := range h.Lanes {
		p := h.places[i]
		say("[[lane]]\nname = %q\nkind = %q\nunattended = true", l.Name, l.Kind)
		if l.Kind == bench.Border {
			say("profile = \"single\"\ndirection = \"out\"\nfacts = \"gate\"\npolicy = \"hk-border-departure\"\naudiences = [%q]", cast.Site)
			say("counter.zh-Hant = \"8 號櫃位\"\ncounter.zh-Hans = \"8 号柜台\"\ncounter.en = \"Counter 8\"")
			say("place.zh-Hant = \"港珠澳大橋 · 離境\"\nplace.zh-Hans = \"港珠澳大桥 · 离境\"\nplace.en = \"HZM Bridge · Departure\"")
		} else {
			say("profile = \"open\"\nvenue_class = \"market\"\nfacts = \"door\"\npolicy = \"venue-market\"\naudiences = [%q]", cast.Site)
			say("place.zh-Hant = \"海濱街市\"\nplace.zh-Hans = \"海滨街市\"\nplace.en = \"Harbour Market\"")
		}
		if h.o.Fast {
			say("timing = { judge = \"2s\", enter = \"1500ms\", leave = \"6s\", show = \"400ms\" }")
		}
		say("camera.device = %q", p.Camera)
		say("gate = { wire = \"modbus\", device = %q, address = 1, door = %v }", p.Board, l.Kind == bench.Border)
		if p.Papers != "" {
			say("document = { device = %q, baud = 9600 }", p.Papers)
		}
		if p.Scanner != "" {
			say("scanner = [{ wire = \"serial\", device = %q, aim = true, good = %q }]", p.Scanner, bench.Acceptance)
		}
		offset := 1 + i
		if l.Kind == bench.Venue {
			offset = 12
		}
		say("screen.listen = \"127.0.0.1:%d\"\n", h.o.Port+offset)
	}
	return h.writeFile("checkpoint.toml", []byte(b.String()))
}

func (h *Hall) startDevice() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	h.device, err = process.Start("checkpoint", h.path("logs", "checkpoint.log"), nil, nil, h.o.Program, "run", "--config", h.path("checkpoint.toml"))
	return err
}

// ready waits until the program serves its pages.
func (h *Hall) ready(ctx context.Context) error {
	client := http.Client{Timeout: time.Second}
	return process.Until(ctx, 15*time.Second, "the attendant's page answers", func() bool {
		r, err := client.Get(h.URL(10))
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
}

// killDevice ends the program as a power cut would, and starts it again.
func (h *Hall) killDevice() error {
	h.mu.Lock()
	h.device.Kill()
	h.mu.Unlock()
	return h.startDevice()
}

// stopDevice ends the program in good order.
func (h *Hall) stopDevice() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.device
	h.device = nil
	return p.Stop(15 * time.Second)
}

// drain waits until the device says that the centre has everything.
func (h *Hall) drain() error {
	return process.Until(context.Background(), 2*time.Minute, "the centre has everything", func() bool {
		client := http.Client{Timeout: time.Second}
		r, err := client.Get(h.URL(11) + "healthz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		answer := struct{ Unsynced *int }{}
		err = json.NewDecoder(r.Body).Decode(&answer)
		return err == nil && answer.Unsynced != nil && *answer.Unsynced == 0
	})
}
