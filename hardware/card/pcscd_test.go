//go:build pcscd

package card_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"example.org/checkpoint/hardware/card"
	sim "example.org/checkpoint/simulators/card"
)

// virtual is the virtual reader of vsmartcard, which listens at this port and the next.
const virtual = "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x8C7B\n"

// TestPCSCD reads cards through a real pcscd and a virtual reader. It wants root, Debian's
// packages pcscd and vsmartcard-vpcd, no other pcscd, and a network of its own, as the
// virtual reader listens everywhere:
//
//	unshare --net sh -c 'ip link set lo up && go test -tags pcscd -run PCSCD ./hardware/card'
func TestPCSCD(t *testing.T) {
	binary, err := exec.LookPath("pcscd")
	if err != nil {
		t.Fatalf("%v: apt-get install pcscd vsmartcard-vpcd", err)
	}
	if all, err := net.Interfaces(); err != nil || len(all) != 1 {
		t.Fatalf("%d network interfaces, %v: run it in a network of its own, under unshare --net", len(all), err)
	}
	config := filepath.Join(t.TempDir(), "reader.conf")
	if err := os.WriteFile(config, []byte(virtual), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() func() {
		var log bytes.Buffer
		cmd := exec.Command(binary, "--foreground", "--config", config)
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() {
			cmd.Process.Signal(os.Interrupt)
			if cmd.Wait(); t.Failed() {
				t.Log(log.String())
			}
		}
	}
	stop := start()
	defer func() { stop() }()

	events := make(chan card.Event, 100)
	r := card.New(card.Options{Reader: "Virtual PCD 00 00"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, func(e card.Event) { events <- e }) }() // ends with cancel
	b := &bench{Reader: r, events: events}
	insert := func(c *sim.Card) (remove func()) {
		var conn net.Conn
		for late := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			var err error
			if conn, err = net.Dial("tcp", "127.0.0.1:35963"); err == nil {
				break
			}
			if time.Now().After(late) {
				t.Fatal(err)
			}
		}
		go c.ServeVPCD(conn) // ends with remove
		return func() { conn.Close() }
	}
	for i, n := range []int{1, 300, 4096} {
		c := ours(token(n))
		c.Most = []int{0, 100, 0}[i]
		remove := insert(c)
		if e := b.expect(t, card.Inserted); !bytes.Equal(e.ATR, atr) {
			t.Errorf("ATR % x", e.ATR)
		}
		if e := b.expect(t, card.Read); !bytes.Equal(e.Token, token(n)) {
			t.Errorf("%d bytes: %x", n, e.Token)
		}
		time.Sleep(time.Second) // nothing is reported twice
		remove()
		b.expect(t, card.Removed)
		for _, e := range c.Errors() {
			t.Error(e)
		}
	}
	foreign := ours(token(10))
	foreign.Application = []byte("another")
	remove := insert(foreign)
	b.expect(t, card.Inserted, card.Unread)
	remove()
	b.expect(t, card.Removed)

	stop()
	b.fault(t, "start it")
	stop = start()
	remove = insert(ours(token(500)))
	b.expect(t, card.Inserted, card.Read)
	remove()
	b.expect(t, card.Removed)
	b.fault(t, "")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
