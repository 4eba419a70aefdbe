package hall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/figures"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

func (h *Hall) startCentre(ctx context.Context) (err error) {
	at := h.serversURL()
	if h.nodes == nil && h.o.Cluster == "" { // it has its server in its own process
		_, at, _ = strings.Cut(h.servers[0], ":")
	}
	h.centre, err = process.Start("centre", h.path("logs", "centre.log"), nil, nil, h.o.Lab, "centre",
		"--dir", h.path("centre"), "--registry", h.path("registry"), "--nats", at, "--http", strconv.Itoa(h.centrePort))
	if err != nil {
		return err
	}
	return process.Until(ctx, time.Minute, "the centre answers", func() bool {
		_, err := h.ask("/counts")
		return err == nil
	})
}

// ask reads one page of the centre.
func (h *Hall) ask(page string) ([]byte, error) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", h.centrePort, page))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("centre: %s: %s", r.Status, bytes.TrimSpace(body))
	}
	return body, err
}

// tell sends the centre's administrator's side something.
func (h *Hall) tell(page string, body []byte) ([]byte, error) {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Post(fmt.Sprintf("http://127.0.0.1:%d%s", h.centrePort, page), "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("centre: %s: %s", r.Status, bytes.TrimSpace(text))
	}
	return text, err
}

// breaker presses the circuit breaker at the centre: halt stops every lane, open lets those
// open again where a supervisor turns the key (PROTOCOL C5).
func (h *Hall) breaker(state string) error {
	text, err := json.Marshal(map[string]any{"kind": "breaker", "state": state, "reason": "pressed in the lab"})
	if err != nil {
		return err
	}
	_, err = h.tell("/order", text)
	return err
}

// killCentre ends the centre as a power cut would, and starts it again.
func (h *Hall) killCentre(ctx context.Context) error {
	h.centre.Kill()
	return h.startCentre(ctx)
}

func (h *Hall) counts() (c figures.Counts, err error) {
	page, err := h.ask("/counts")
	if err == nil {
		err = json.Unmarshal(page, &c)
	}
	return c, err
}

// audit has the centre look at every chain, and says how many are not whole.
func (h *Hall) audit() (damaged int, err error) {
	var a struct{ Faults []json.RawMessage }
	page, err := h.ask("/audit")
	if err == nil {
		err = json.Unmarshal(page, &a)
	}
	return len(a.Faults), err
}
