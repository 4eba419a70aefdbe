package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// breaker presses the circuit breaker at the centre: halt stops every lane, open lets those
// open again where a supervisor turns the key (PROTOCOL C5).
func (h *hall) breaker(state string) error {
	text, err := json.Marshal(map[string]any{"kind": "breaker", "state": state, "reason": "pressed in the lab"})
	if err != nil {
		return err
	}
	_, err = h.tell("/order", text)
	return err
}

// tell sends the centre's administrator's side something.
func (h *hall) tell(page string, body []byte) ([]byte, error) {
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

// writeOrders puts the last order on each kind and scope into what is published next, for
// those who were away when it was given.
func (h *hall) writeOrders() error {
	orders, err := h.ask("/orders")
	if err != nil {
		return err
	}
	return h.writeFile("source/orders/latest.cose", orders)
}
