package chain

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"example.org/checkpoint/firmware/event"
)

// ErrExport means: not an export of a journal.
var ErrExport = errors.New("chain: not an export of a journal")

// An export is one JSON document a line: for each epoch, oldest first, a header, its events as
// they were written, and a checkpoint of the last one. Then whoever has the device's public key
// sees whether a line was changed, or the end of an epoch cut off.

// header begins an epoch.
type header struct {
	V      int       `json:"v"`
	Device string    `json:"device"`
	Epoch  string    `json:"epoch"` // 16 hexadecimal digits
	Pruned jsonPoint `json:"pruned"`
	Marked jsonPoint `json:"marked"`
	Anchor string    `json:"anchor,omitempty"` // a checkpoint of Pruned as the device signed it, hexadecimal
}

// footer ends it.
type footer struct {
	V          int    `json:"v"`
	Checkpoint string `json:"checkpoint"` // of the last event, hexadecimal; empty if nobody signed one
}

type jsonPoint struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

func (p Point) json() jsonPoint { return jsonPoint{p.Seq, hex.EncodeToString(p.Hash[:])} }

func (p jsonPoint) point() (Point, error) {
	b, err := hex.DecodeString(p.Hash)
	if err != nil || len(b) != len(Point{}.Hash) {
		return Point{}, fmt.Errorf("%w: a hash", ErrExport)
	}
	return Point{p.Seq, [32]byte(b)}, nil
}

// Header is how an epoch begins in a journal.
type Header struct {
	Device string
	Epoch  uint64
	Pruned Point  // the last event that was deleted
	Marked Point  // the last that the centre has confirmed
	Anchor []byte // a signed checkpoint of Pruned; nil if there is none
}

// Line is h in an export.
func (h Header) Line() ([]byte, error) {
	return json.Marshal(header{1, h.Device, fmt.Sprintf("%016x", h.Epoch), h.Pruned.json(), h.Marked.json(), hex.EncodeToString(h.Anchor)})
}

// End is the line that ends an epoch: a signed checkpoint of its last event, or nil.
func End(checkpoint []byte) ([]byte, error) {
	return json.Marshal(footer{1, hex.EncodeToString(checkpoint)})
}

// Memories are what the header of an epoch and the checkpoints that somebody else has kept
// say of its events. Open checks a signature; nil: nobody's is looked at. Known says of a fault.
func (h Header) Memories(kept []Checkpoint, open func([]byte) (Checkpoint, error)) (all []Memory, witnessed uint64, f *Fault) {
	if h.Marked.Seq > 0 {
		all = append(all, Memory{h.Marked, "the centre has confirmed it"})
	}
	for _, c := range kept {
		if c.Device == h.Device && c.Epoch == h.Epoch {
			all, witnessed = append(all, Memory{c.Point, "a checkpoint names it"}), max(witnessed, c.Seq)
		}
	}
	if open == nil || h.Pruned.Seq == 0 {
		return all, witnessed, nil
	}
	if c, err := open(h.Anchor); err != nil || c != (Checkpoint{h.Device, h.Epoch, h.Pruned}) {
		return all, witnessed, &Fault{Edit, h.Epoch, h.Pruned.Seq, fmt.Sprintf("the device has not signed that event %d was the last to be deleted: %v", h.Pruned.Seq, err)}
	}
	return all, witnessed, nil
}

// maxLine bounds a line: an event, or a header with its anchor.
const maxLine = event.MaxSize + 1

// CheckExport walks the chains of an export.
func CheckExport(r io.Reader, kept []Checkpoint, open func([]byte) (Checkpoint, error)) (Report, error) {
	var (
		report Report
		walk   *Walk
		head   Header
		wit    uint64
	)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4<<10), maxLine)
	finish := func(f *Fault) bool {
		e := walk.Report()
		e.Marked, e.Witnessed = head.Marked.Seq, wit
		report.Epochs, report.Fault, walk = append(report.Epochs, e), f, nil
		return f != nil
	}
	for lines.Scan() {
		line := lines.Bytes()
		switch {
		case walk == nil:
			var err error
			if head, err = readHeader(line); err != nil {
				return report, err
			}
			if report.Has(head.Epoch) {
				report.Fault = Twice(head.Epoch)
				return report, nil
			}
			report.Device = head.Device
			memories, witnessed, f := head.Memories(kept, open)
			wit = witnessed
			var f2 *Fault
			if walk, f2 = Start(head.Device, head.Epoch, head.Pruned, memories); f == nil {
				f = f2
			}
			if f != nil && finish(f) {
				return report, nil
			}
		case bytes.HasPrefix(line, []byte(`{"v"`)):
			f := walk.End()
			if f == nil {
				f = signed(line, head, walk.Head(), open)
			}
			if finish(f) {
				return report, nil
			}
		default:
			seq := place(line)
			if seq == 0 { // not readable, which Event finds too
				seq = walk.before.Seq + 1
			}
			f := walk.Event(seq, line)
			if f != nil && f.Kind == Gap && comes(lines, f.Seq) {
				f.Kind, f.Text = Reorder, fmt.Sprintf("event %d comes after event %d", f.Seq, seq)
			}
			if f != nil && finish(f) {
				return report, nil
			}
		}
	}
	if err := lines.Err(); err != nil {
		return report, fmt.Errorf("%w: %w", ErrExport, err)
	}
	if walk != nil {
		finish(walk.fault(Truncation, walk.before.Seq+1, "the export ends after event %d, before the end of the epoch", walk.before.Seq))
	} else {
		report.Fault = report.Missing(kept)
	}
	return report, nil
}

func readHeader(line []byte) (Header, error) {
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.V != 1 || !event.ValidName(h.Device) {
		return Header{}, fmt.Errorf("%w: an epoch begins with its header", ErrExport)
	}
	epoch, err := strconv.ParseUint(h.Epoch, 16, 64)
	if err != nil {
		return Header{}, fmt.Errorf("%w: epoch", ErrExport)
	}
	pruned, err1 := h.Pruned.point()
	marked, err2 := h.Marked.point()
	anchor, err3 := hex.DecodeString(h.Anchor)
	return Header{h.Device, epoch, pruned, marked, anchor}, errors.Join(err1, err2, err3)
}

// signed checks the checkpoint that ends an epoch.
func signed(line []byte, h Header, head Point, open func([]byte) (Checkpoint, error)) *Fault {
	if open == nil || head.Seq == 0 {
		return nil
	}
	var f footer
	var c Checkpoint
	err := json.Unmarshal(line, &f)
	if err == nil {
		var data []byte
		if data, err = hex.DecodeString(f.Checkpoint); err == nil {
			c, err = open(data)
		}
	}
	if err == nil && c == (Checkpoint{h.Device, h.Epoch, head}) {
		return nil
	}
	return &Fault{Truncation, h.Epoch, head.Seq, fmt.Sprintf("the device has not signed that the chain ends at event %d: %v", head.Seq, err)}
}

// comes reports whether an event comes before the epoch ends.
func comes(lines *bufio.Scanner, seq uint64) bool {
	for lines.Scan() && !bytes.HasPrefix(lines.Bytes(), []byte(`{"v"`)) {
		if place(lines.Bytes()) == seq {
			return true
		}
	}
	return false
}

// place is the number that an event gives itself; 0 if it has none.
func place(line []byte) uint64 {
	var e struct{ ID string }
	if json.Unmarshal(line, &e) != nil {
		return 0
	}
	i := len(e.ID)
	for i > 0 && e.ID[i-1] >= '0' && e.ID[i-1] <= '9' {
		i--
	}
	n, err := strconv.ParseUint(e.ID[i:], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
