package centre

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	bolt "go.etcd.io/bbolt"
)

// Counts is the answer of GET /counts.
type Counts struct {
	Events      map[string]uint64            `json:"events"`      // by kind
	Devices     map[string]map[string]uint64 `json:"devices"`     // by device and kind
	Doubles     uint64                       `json:"doubles"`     // events that came again
	Conflicts   uint64                       `json:"conflicts"`   // alarm: another event under a number already taken
	Broken      uint64                       `json:"broken"`      // alarm: an event that does not follow the one before
	Gaps        uint64                       `json:"gaps"`        // alarm: batches that came while earlier events are missing
	Tampered    uint64                       `json:"tampered"`    // alarm: an event that is not the one that its device's checkpoint named
	Quarantined uint64                       `json:"quarantined"` // poison events and messages that were not believed
}

// Event is one line of GET /events.
type Event struct {
	Device   string          `json:"device"`
	Epoch    string          `json:"epoch"` // 16 hexadecimal digits
	Seq      uint64          `json:"seq"`
	Received time.Time       `json:"received"` // by the centre; the event says when it happened
	Event    json.RawMessage `json:"event"`    // null = in quarantine
}

// handler is the administrator's side:
//
//	GET  /counts                   Counts
//	GET  /events?device=D&limit=N  the stored events in order, one JSON object a line
//	GET  /quarantine               what was not believed and why, one JSON object a line
//	GET  /keys                     the public keys as keys.json
//	POST /publish?dir=DIR          a signed TUF repository goes into the object store, and the hint out
//	GET  /admission?device=D       Admission of an enrolled device, of a Secure centre
//	POST /revoke?device=D          ends it: the line is cut, and does not come back
//	GET  /audit                    Audit: every chain from its first event to the last checkpoint
//	GET  /checkpoints?device=D     the checkpoints of a device as it signed them, in hexadecimal, one a line
//	POST /order                    an Order as JSON: it is numbered, signed and sent; the answer is the order
//	GET  /orders                   the target orders/latest.cose: the last order on each kind and scope
//	POST /quota?quota=Q&day=D&tokens=N   how many may pass on that day; GET lists
//	POST /lease?quota=Q&day=D&holder=H&tokens=N   a device's share of it, altogether; H = <device>/<epoch>
//	POST /gap?device=D&epoch=E&seq=N  the administrator gives up what is missing before event N
func (c *Centre) handler(nc *nats.Conn, js jetstream.JetStream, bucket jetstream.ObjectStore) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, r *http.Request) { answer(w)(c.store.counts()) })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.FormValue("limit"))
		if err != nil {
			limit = 1000
		}
		events, err := c.store.events(r.FormValue("device"), limit)
		lines(w, events, err)
	})
	mux.HandleFunc("GET /quarantine", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.store.quarantine()
		lines(w, list, err)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { w.Write(KeysFile(c.key, c.orders, c.replies)) })
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		answer(w)(publish(r.Context(), nc, bucket, r.FormValue("dir")))
	})
	mux.HandleFunc("GET /admission", func(w http.ResponseWriter, r *http.Request) {
		d, ok := c.registry.lookup(r.FormValue("device"))
		if !ok || c.guard == nil {
			answer(w)(nil, errUnknownDevice)
			return
		}
		answer(w)(c.guard.admit(d, r.FormValue("device")))
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		d, ok := c.registry.lookup(r.FormValue("device"))
		if !ok || c.guard == nil {
			answer(w)(nil, errUnknownDevice)
			return
		}
		answer(w)(struct{}{}, c.guard.revoke(c.server, d.user))
	})
	mux.HandleFunc("GET /audit", func(w http.ResponseWriter, r *http.Request) { answer(w)(c.store.audit()) })
	mux.HandleFunc("GET /checkpoints", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.store.checkpoints(r.FormValue("device"))
		lines(w, list, err)
	})
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4<<10))
		var o Order
		if err == nil {
			o, err = readOrder(body)
		}
		if err == nil {
			o, err = c.order(r.Context(), nc, js, o)
		}
		answer(w)(o, err)
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.store.latest()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(list)
	})
	mux.HandleFunc("GET /quota", func(w http.ResponseWriter, r *http.Request) {
		list, err := c.store.quotas()
		lines(w, list, err)
	})
	mux.HandleFunc("POST /quota", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.FormValue("tokens"), 10, 64)
		q := Quota{Quota: r.FormValue("quota"), Day: r.FormValue("day"), Tokens: n}
		if err == nil {
			q, err = c.store.open(q)
		}
		answer(w)(q, err)
	})
	mux.HandleFunc("POST /lease", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.FormValue("tokens"), 10, 64)
		l := Lease{Quota: r.FormValue("quota"), Day: r.FormValue("day"), Holder: r.FormValue("holder"), Tokens: n}
		if err == nil {
			l, err = c.lease(r.Context(), nc, js, l)
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
		answer(w)(struct{}{}, c.store.giveUp(r.FormValue("device"), epoch, seq))
	})
	c.fleetPages(mux)
	c.hubPages(mux, nc)
	return mux
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

func (s *store) counts() (Counts, error) {
	c := Counts{Events: map[string]uint64{}, Devices: map[string]map[string]uint64{}}
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bCounts).ForEach(func(k, v []byte) error {
			name, n := string(k), number(v)
			switch part := strings.Split(name, "/"); {
			case part[0] == "kind" && len(part) == 2:
				c.Events[part[1]] = n
			case part[0] == "device" && len(part) == 3:
				if c.Devices[part[1]] == nil {
					c.Devices[part[1]] = map[string]uint64{}
				}
				c.Devices[part[1]][part[2]] = n
			case name == "doubles":
				c.Doubles = n
			case name == "conflicts":
				c.Conflicts = n
			case name == "broken":
				c.Broken = n
			case name == "gaps":
				c.Gaps = n
			case name == "tampered":
				c.Tampered = n
			case name == "quarantined":
				c.Quarantined = n
			}
			return nil
		})
	})
	return c, err
}

// events lists a device's events, or everybody's for "", at most limit of them.
func (s *store) events(device string, limit int) ([]Event, error) {
	var list []Event
	err := s.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bEvents).Cursor()
		prefix := ""
		if device != "" {
			prefix = device + "\x00"
		}
		for k, v := c.Seek([]byte(prefix)); k != nil && strings.HasPrefix(string(k), prefix) && len(list) < limit; k, v = c.Next() {
			tail := len(k) - 17
			e := Event{Device: string(k[:tail]), Epoch: hex.EncodeToString(k[tail+1 : tail+9]), Seq: binary.BigEndian.Uint64(k[tail+9:])}
			e.Received = time.Unix(0, int64(number(tx.Bucket(bReceived).Get(k)))).UTC()
			if len(v) > 32 {
				e.Event = append(json.RawMessage(nil), v[32:]...)
			}
			list = append(list, e)
		}
		return nil
	})
	return list, err
}

func (s *store) quarantine() ([]quarantined, error) {
	var list []quarantined
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bQuarantine).ForEach(func(k, v []byte) error {
			var q quarantined
			if err := json.Unmarshal(v, &q); err != nil {
				return err
			}
			list = append(list, q)
			return nil
		})
	})
	return list, err
}

// giveUp moves the mark over a gap that will never be filled.
func (s *store) giveUp(device string, epoch, seq uint64) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bHigh).Put(chain(device, epoch), binary.BigEndian.AppendUint64(nil, seq-1))
	})
}
