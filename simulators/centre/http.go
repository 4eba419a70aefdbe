package centre

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"example.org/checkpoint/simulators/centre/fleet"
	"example.org/checkpoint/simulators/centre/orders"
	"example.org/checkpoint/simulators/centre/registry"
	"example.org/checkpoint/simulators/centre/sink"
	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What the administrator's side takes and answers.
type (
	Counts = sink.Counts
	Event  = sink.Event
	Audit  = sink.Audit
	Order  = orders.Order
	Scope  = orders.Scope
	Quota  = orders.Quota
	Lease  = orders.Lease
	Seen   = fleet.Seen
)

// handler is the administrator's side:
//
//	GET  /counts                   Counts
//	GET  /events?device=D&limit=N  the stored events in order, one JSON object a line
//	GET  /quarantine               what was not believed and why, one JSON object a line
//	GET  /keys                     the public keys of the centre and of all enrolled devices, as keys.json
//	POST /publish?dir=DIR          a signed TUF repository goes into the object store, and the hint out
//	GET  /admission?device=D       Admission of an enrolled device, of a Secure centre
//	POST /revoke?device=D          ends it: the line is cut, and does not come back
//	GET  /audit                    Audit: every chain from its first event to the last checkpoint, what is still on its way being a truncation until it comes; with ?domain=D those count too that the hub of that JetStream domain has kept
//	GET  /checkpoints?device=D     the checkpoints of a device as it signed them, in hexadecimal, one a line; with &domain=D those that the hub of that JetStream domain has kept
//	POST /order                    an Order as JSON: it is numbered, signed and sent; the answer is the order
//	GET  /orders                   the target orders/latest.cose: the last order on each kind and scope
//	POST /quota?quota=Q&day=D&tokens=N   how many may pass on that day; GET lists
//	POST /lease?quota=Q&day=D&holder=H&tokens=N   a device's share of it, altogether; H = <device>/<epoch>
//	POST /gap?device=D&epoch=E&seq=N  the administrator gives up what is missing before event N
//	POST /hub?domain=D   makes the buckets of a hall, and the stream of its checkpoints, at the hub of that JetStream domain, over its leaf line
//	GET  /fleet, /fleet.json       every enrolled device; []Seen
func (c *Centre) handler(nc *nats.Conn, js jetstream.JetStream, bucket jetstream.ObjectStore, taking *sink.Sink) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, r *http.Request) { answer(w)(c.store.Counts()) })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.FormValue("limit"))
		if err != nil {
			limit = 1000
		}
		events, err := c.store.Events(r.FormValue("device"), limit)
		lines(w, events, err)
	})
	mux.HandleFunc("GET /quarantine", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.store.Quarantine()
		lines(w, list, err)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { answer(w)(c.publicKeys()) })
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		answer(w)(publish(r.Context(), nc, bucket, r.FormValue("dir")))
	})
	mux.HandleFunc("GET /admission", func(w http.ResponseWriter, r *http.Request) {
		d, ok := c.registry.Lookup(r.FormValue("device"))
		if !ok || c.guard == nil {
			answer(w)(nil, registry.ErrUnknown)
			return
		}
		answer(w)(c.guard.Admit(d, r.FormValue("device")))
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		d, ok := c.registry.Lookup(r.FormValue("device"))
		if !ok || c.guard == nil {
			answer(w)(nil, registry.ErrUnknown)
			return
		}
		answer(w)(struct{}{}, c.guard.Revoke(c.server, d.User))
	})
	mux.HandleFunc("GET /audit", func(w http.ResponseWriter, r *http.Request) {
		if domain := r.FormValue("domain"); domain != "" {
			if err := c.takeIn(r.Context(), nc, taking, domain); err != nil {
				answer(w)(nil, err)
				return
			}
		}
		answer(w)(c.store.Audit(c.registry))
	})
	mux.HandleFunc("GET /checkpoints", func(w http.ResponseWriter, r *http.Request) {
		if domain := r.FormValue("domain"); domain != "" {
			at, err := jetstream.NewWithDomain(nc, domain)
			var list []string
			if err == nil {
				list, err = checkpoints(r.Context(), at, r.FormValue("device"))
			}
			lines(w, list, err)
			return
		}
		list, err := c.store.Checkpoints(r.FormValue("device"))
		lines(w, list, err)
	})
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4<<10))
		var o Order
		if err == nil {
			o, err = orders.Read(body)
		}
		if err == nil {
			o, err = c.orders.Order(r.Context(), nc, js, o)
		}
		answer(w)(o, err)
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.orders.Latest()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(list)
	})
	mux.HandleFunc("GET /quota", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.orders.Quotas()
		lines(w, list, err)
	})
	mux.HandleFunc("POST /quota", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.FormValue("tokens"), 10, 64)
		q := Quota{Quota: r.FormValue("quota"), Day: r.FormValue("day"), Tokens: n}
		if err == nil {
			q, err = c.orders.Open(q)
		}
		answer(w)(q, err)
	})
	mux.HandleFunc("POST /lease", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.FormValue("tokens"), 10, 64)
		l := Lease{Quota: r.FormValue("quota"), Day: r.FormValue("day"), Holder: r.FormValue("holder"), Tokens: n}
		if err == nil {
			l, _, err = c.orders.Lease(r.Context(), nc, js, l)
		}
		answer(w)(l, err)
	})
	mux.HandleFunc("POST /gap", func(w http.ResponseWriter, r *http.Request) {
		epoch, err := strconv.ParseUint(r.FormValue("epoch"), 16, 64)
		seq, err2 := strconv.ParseUint(r.FormValue("seq"), 10, 64)
		if err != nil || err2 != nil || seq == 0 {
			http.Error(w, "want device, epoch (16 hexadecimal digits) and seq", http.StatusBadRequest)
			return
		}
		answer(w)(struct{}{}, c.store.GiveUp(r.FormValue("device"), epoch, seq))
	})
	mux.HandleFunc("POST /hub", func(w http.ResponseWriter, r *http.Request) {
		at, err := jetstream.NewWithDomain(nc, r.FormValue("domain"))
		if err == nil {
			err = streams.ProvisionHub(r.Context(), at)
		}
		answer(w)(struct{}{}, err)
	})
	c.fleet.Pages(mux)
	return mux
}

// takeIn takes in the checkpoints that the hub of a JetStream domain has kept.
func (c *Centre) takeIn(ctx context.Context, nc *nats.Conn, taking *sink.Sink, domain string) error {
	at, err := jetstream.NewWithDomain(nc, domain)
	if err != nil {
		return err
	}
	for device := range c.registry.All() {
		kept, err := streams.Checkpoints(ctx, at, device)
		if err == nil {
			err = taking.TakeIn(device, kept)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func answer(w http.ResponseWriter) func(any, error) {
	return func(v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
}

func lines[T any](w http.ResponseWriter, list []T, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	for _, v := range list {
		enc.Encode(v)
	}
}
