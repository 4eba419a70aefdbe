package hall

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
)

// writeSource writes what the centre publishes, as plain files: whom to trust and
// the rules that come with the program.
func (h *Hall) writeSource(ctx context.Context) error {
	h.cast = cast.New()
	for name, text := range h.cast.Published() {
		if err := h.writeFile(filepath.Join("source", name), text); err != nil {
			return err
		}
	}
	if err := h.writeFile("site-keys/site-key.json", h.cast.SiteKey()); err != nil {
		return err
	}
	_, err := h.checkpoint(ctx, "bundle", "profiles", "-o", h.path("source", "policy"))
	return err
}

func (h *Hall) writeFile(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(h.path(name), text, 0o600)
}

// publish checks and signs what lies in the source folder and hands it to the centre.
func (h *Hall) publish(ctx context.Context) error {
	keys, err := h.ask("/keys")
	if err != nil {
		return err
	}
	if keys, err = joined(keys, h.cast.Keys()); err != nil {
		return err
	}
	if err := os.WriteFile(h.path("source", "keys.json"), keys, 0o644); err != nil {
		return err
	}
	if err := h.writeOrders(); err != nil {
		return err
	}
	if err := os.RemoveAll(h.path("targets")); err != nil {
		return err
	}
	if _, err := h.checkpoint(ctx, "bundle", "build", h.path("source"), "-o", h.path("targets")); err != nil {
		return err
	}
	sign := []string{"bundle", "sign", "--keys", h.path("keys"), h.path("targets"), "-o", h.path("repository")}
	if _, err := os.Stat(h.path("repository", "timestamp.json")); errors.Is(err, os.ErrNotExist) {
		sign = append(sign, "--init")
	}
	if _, err := h.checkpoint(ctx, sign...); err != nil {
		return err
	}
	return h.send()
}

// writeOrders puts the last order on each kind and scope into what is published next, for
// those who were away when it was given.
func (h *Hall) writeOrders() error {
	orders, err := h.ask("/orders")
	if err != nil {
		return err
	}
	return h.writeFile("source/orders/latest.cose", orders)
}

// joined is several files of public keys in one.
func joined(first []byte, others ...[]byte) ([]byte, error) {
	var one map[string]any
	if err := json.Unmarshal(first, &one); err != nil {
		return nil, err
	}
	for _, text := range others {
		var other map[string]any
		if err := json.Unmarshal(text, &other); err != nil {
			return nil, err
		}
		for name, more := range other {
			if list, ok := more.([]any); ok {
				had, _ := one[name].([]any)
				one[name] = append(had, list...)
			}
		}
	}
	return json.Marshal(one)
}

// send hands the signed repository to the centre as it is.
func (h *Hall) send() error {
	client := http.Client{Timeout: 30 * time.Second}
	r, err := client.PostForm(fmt.Sprintf("http://127.0.0.1:%d/publish", h.centrePort), map[string][]string{"dir": {h.path("repository")}})
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode/100 != 2 {
		why, _ := io.ReadAll(r.Body)
		return fmt.Errorf("the centre refuses the bundle: %s", bytes.TrimSpace(why))
	}
	return nil
}
