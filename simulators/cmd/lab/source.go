package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.org/checkpoint/simulators/issuer"
)

// writeSource writes what the centre publishes, as plain files: whom to trust and
// the rules that come with the program.
func (h *hall) writeSource(ctx context.Context) error {
	h.cast = newCast()
	for name, text := range map[string][]byte{
		"trust/HK.json":   h.cast.hongKong.TrustFile(),
		"trust/GZ.json":   h.cast.guangzhou.TrustFile(),
		"status/GZ/7.cwt": h.cast.guangzhou.StatusList("7", 1000, map[uint]byte{withdrawn: issuer.StatusWithdrawn}, time.Now(), 24*time.Hour),
		"trust/dsc.json":  issuer.DSCList(h.cast.europe, h.cast.vaccines),
	} {
		if err := h.writeFile(filepath.Join("source", name), text); err != nil {
			return err
		}
	}
	if err := h.writeFile("site-keys/site-key.json", h.cast.site.PrivateFile()); err != nil {
		return err
	}
	_, err := h.checkpoint(ctx, "bundle", "profiles", "-o", h.path("source", "policy"))
	return err
}

func (h *hall) writeFile(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(h.path(name), text, 0o600)
}

// configure writes the device's configuration, as an integrator would.
func (h *hall) configure() error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("[device]\nname = %q\nsite = %q\nstate = %q\nsite_keys = %q\n", deviceName, siteName, h.path("device"), h.path("site-keys"))
	say("[centre]\nurl = %q\nroot = %q\nrefresh = \"20s\"\n", "nats://"+h.link.address(), h.path("repository", "1.root.json"))
	say("[clock]\nwithin = \"2s\"\n")
	say("[attendant]\nlisten = \"127.0.0.1:%d\"\n", h.port+10)
	say("[health]\nlisten = \"127.0.0.1:%d\"\n", h.port+11)
	for _, p := range h.places {
		if p.Printer != "" {
			say("[printer]\ndevice = %q\n", p.Printer)
			break // a device has one
		}
	}
	for i, l := range h.lanes {
		p := h.places[i]
		say("[[lane]]\nname = %q\nkind = %q\nunattended = true", l.Name, l.Kind)
		if l.Kind == "border" {
			say("profile = \"single\"\ndirection = \"out\"\nfacts = \"gate\"\npolicy = \"hk-border-departure\"\naudiences = [%q]", siteName)
			say("counter.zh-Hant = \"8 號櫃位\"\ncounter.zh-Hans = \"8 号柜台\"\ncounter.en = \"Counter 8\"")
			say("place.zh-Hant = \"港珠澳大橋 · 離境\"\nplace.zh-Hans = \"港珠澳大桥 · 离境\"\nplace.en = \"HZM Bridge · Departure\"")
		} else {
			say("profile = \"open\"\nvenue_class = \"market\"\nfacts = \"door\"\npolicy = \"venue-market\"\naudiences = [%q]", siteName)
			say("place.zh-Hant = \"海濱街市\"\nplace.zh-Hans = \"海滨街市\"\nplace.en = \"Harbour Market\"")
		}
		if h.fast {
			say("timing = { judge = \"2s\", enter = \"1500ms\", leave = \"6s\", show = \"400ms\" }")
		}
		say("camera.device = %q", p.Camera)
		say("gate = { wire = \"modbus\", device = %q, address = 1, door = %v }", p.Board, l.Kind == "border")
		if p.Papers != "" {
			say("document = { device = %q, baud = 9600 }", p.Papers)
		}
		if p.Scanner != "" {
			say("scanner = [{ wire = \"serial\", device = %q, aim = true, good = %q }]", p.Scanner, acceptance)
		}
		offset := 1 + i
		if l.Kind == "venue" {
			offset = 12
		}
		say("screen.listen = \"127.0.0.1:%d\"\n", h.port+offset)
	}
	return h.writeFile("checkpoint.toml", []byte(b.String()))
}
