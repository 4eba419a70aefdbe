package scanner

import (
	"encoding/binary"
	"strconv"
)

// A record of the kernel's input events has a time of two longs, then type, code and value
// (linux/input.h, struct input_event).
const (
	recordTime = 2 * strconv.IntSize / 8
	recordSize = recordTime + 8

	evSyn, evKey = 0, 1
	synReport    = 0
	synDropped   = 3
)

// event is what of a record matters here.
type event struct {
	kind, code uint16
	value      int32
}

// records takes the whole records off what was read, and leaves the rest.
func records(data []byte) (events []event, rest []byte) {
	for ; len(data) >= recordSize; data = data[recordSize:] {
		r := data[recordTime:]
		events = append(events, event{binary.NativeEndian.Uint16(r), binary.NativeEndian.Uint16(r[2:]), int32(binary.NativeEndian.Uint32(r[4:]))})
	}
	return events, data
}
