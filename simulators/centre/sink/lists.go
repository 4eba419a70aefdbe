package sink

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

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

// Counts counts what came.
func (s *Store) Counts() (Counts, error) {
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

// Events lists a device's events, or everybody's for "", at most limit of them.
func (s *Store) Events(device string, limit int) ([]Event, error) {
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
			e.Received = received(tx, k)
			if len(v) > 32 {
				e.Event = append(json.RawMessage(nil), v[32:]...)
			}
			list = append(list, e)
		}
		return nil
	})
	return list, err
}

// received is when an event came: the newest run that begins at it or before it holds it.
func received(tx *bolt.Tx, place []byte) time.Time {
	c := tx.Bucket(bReceived).Cursor()
	k, v := c.Seek(place)
	if !bytes.Equal(k, place) {
		k, v = c.Prev()
	}
	if k == nil || !bytes.Equal(k[:len(k)-8], place[:len(place)-8]) {
		return time.Time{}
	}
	return time.Unix(0, int64(number(v))).UTC()
}

// Quarantine lists what was not believed, and why.
func (s *Store) Quarantine() ([]Quarantined, error) {
	var list []Quarantined
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bQuarantine).ForEach(func(k, v []byte) error {
			var q Quarantined
			if err := json.Unmarshal(v, &q); err != nil {
				return err
			}
			list = append(list, q)
			return nil
		})
	})
	return list, err
}

// GiveUp moves the mark over a gap that will never be filled.
func (s *Store) GiveUp(device string, epoch, seq uint64) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bHigh).Put(chain(device, epoch), binary.BigEndian.AppendUint64(nil, seq-1))
	})
}
