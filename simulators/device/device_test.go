package device

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/simulators/centre"
)

// TestDevice: a pretended device is taken for one by the centre, and obeys only it.
func TestDevice(t *testing.T) {
	dir := t.TempDir()
	c, err := centre.New(centre.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }() // ended below
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	ask := func(method, page, body string) []byte {
		t.Helper()
		q, err := http.NewRequest(method, c.HTTPURL()+page, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s %v", page, r.Status, text, err)
		}
		return text
	}

	d, err := New("sim-1", "LW")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "registry", "sim-1.json"), d.Card(), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys(ask("GET", "/keys", ""))
	if err != nil {
		t.Fatal(err)
	}
	orders := make(chan Order, 4)
	if err := d.Connect(c.NATSURL(), keys, func(o Order) { orders <- o }); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Record(450, time.Now())
	if err := d.Send(ctx, 5*time.Second); err != nil || d.Waiting() != 0 || d.Sent() == 0 {
		t.Fatalf("%v, %d events wait, %d bytes sent", err, d.Waiting(), d.Sent())
	}
	if err := d.Checkpoint(ctx, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	var audit centre.Audit
	if err := json.Unmarshal(ask("GET", "/audit", ""), &audit); err != nil || audit.Events != 450 || len(audit.Faults) != 0 {
		t.Errorf("%+v %v", audit, err)
	}

	// Nobody else may order: a line says what no device may.
	line, err := Dial(c.NATSURL(), "stranger")
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	if err := line.Say("cmd.all", d.key.sign("order", map[string]any{"v": 1, "number": 99, "kind": "breaker", "state": "open"})); err != nil {
		t.Fatal(err)
	}
	ask("POST", "/order", `{"kind":"breaker","state":"halt","reason":"test"}`)
	if o := <-orders; o.Number != 1 || o.State != "halt" || o.Heard.IsZero() {
		t.Errorf("heard %+v", o)
	}
}
