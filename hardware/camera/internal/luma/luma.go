// Package luma decodes the luminance of JPEG frames as cameras send them (ITU-T T.81: one sequential
// Huffman scan). What the components of colour hold is passed over without being transformed, which
// is most of what they cost.
package luma

import (
	"encoding/binary"
	"errors"
	"image"
)

// ErrOther says that a picture is none of those that Decode decodes, or is broken.
var ErrOther = errors.New("not a plain baseline JPEG")

// Markers (ITU-T T.81 table B.1) that Decode knows.
const (
	markSOF0  = 0xc0 // baseline
	markSOF1  = 0xc1 // extended, Huffman
	markDHT   = 0xc4
	markRST0  = 0xd0
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0
	markAPP14 = 0xee // Adobe: the components may be no luminance and chrominance
	markAPP15 = 0xef
	markCOM   = 0xfe
)

// decoder decodes one picture.
type decoder struct {
	rest     []byte // not read yet
	quant    [4][64]int32
	dc, ac   [4]huffman
	parts    []component
	w, h     int
	most     int // pixels
	interval int // of restarts, in MCU; 0 for none

	bits  uint64 // the next ones, from the top
	count int
	block [64]int32
}

// component is one of the frame; the first is luminance.
type component struct {
	id, h, v, quant byte
	dc, ac          byte
}

// Decode decodes the luminance of a picture of at most so many pixels; the error is ErrOther.
func Decode(b []byte, mostPixels int) (*image.Gray, error) {
	d := decoder{rest: b, most: mostPixels}
	if len(b) < 4 || b[0] != 0xff || b[1] != markSOI {
		return nil, ErrOther
	}
	d.rest = b[2:]
	for {
		mark, body, ok := d.segment()
		if !ok {
			return nil, ErrOther
		}
		switch {
		case mark == markSOF0 || mark == markSOF1:
			ok = d.frame(body)
		case mark == markDHT:
			ok = d.tables(body)
		case mark == markDQT:
			ok = d.steps(body)
		case mark == markDRI && len(body) == 2:
			d.interval = int(binary.BigEndian.Uint16(body))
		case mark == markSOS:
			if !d.begin(body) {
				return nil, ErrOther
			}
			return d.scan()
		case mark == markCOM || mark >= markAPP0 && mark <= markAPP15 && mark != markAPP14:
		default:
			ok = false
		}
		if !ok {
			return nil, ErrOther
		}
	}
}

// segment takes the next marker with what belongs to it.
func (d *decoder) segment() (mark byte, body []byte, ok bool) {
	for len(d.rest) > 4 && d.rest[0] == 0xff && d.rest[1] == 0xff { // fill
		d.rest = d.rest[1:]
	}
	if len(d.rest) < 4 || d.rest[0] != 0xff {
		return 0, nil, false
	}
	n := int(binary.BigEndian.Uint16(d.rest[2:])) + 2
	if n < 4 || n > len(d.rest) {
		return 0, nil, false
	}
	mark, body, d.rest = d.rest[1], d.rest[4:n], d.rest[n:]
	return mark, body, true
}

// steps takes quantisation tables (section B.2.4.1).
func (d *decoder) steps(b []byte) bool {
	for len(b) > 0 {
		wide, to := b[0]>>4, b[0]&15
		size := 64 << wide
		if wide > 1 || to > 3 || len(b) < 1+size {
			return false
		}
		for i := range 64 {
			if wide == 1 {
				d.quant[to][i] = int32(binary.BigEndian.Uint16(b[1+2*i:]))
			} else {
				d.quant[to][i] = int32(b[1+i])
			}
		}
		b = b[1+size:]
	}
	return true
}

// tables takes Huffman tables (section B.2.4.2).
func (d *decoder) tables(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return false
		}
		t := &d.dc[b[0]&15]
		if b[0]>>4 == 1 {
			t = &d.ac[b[0]&15]
		}
		n, ok := t.fill(b[1:])
		if !ok {
			return false
		}
		b = b[1+n:]
	}
	return true
}

// frame takes the header of the frame (section B.2.2): grey, or luminance at full resolution and two
// components of colour.
func (d *decoder) frame(b []byte) bool {
	if d.parts != nil || len(b) < 6 || b[0] != 8 || b[5] != 1 && b[5] != 3 || len(b) != 6+3*int(b[5]) {
		return false
	}
	d.h, d.w = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	for c := b[6:]; len(c) > 0; c = c[3:] {
		d.parts = append(d.parts, component{id: c[0], h: c[1] >> 4, v: c[1] & 15, quant: c[2]})
	}
	y := d.parts[0]
	if len(d.parts) == 1 {
		d.parts[0].h, d.parts[0].v = 1, 1 // a scan of one component is not interleaved (section A.2.2)
	}
	for _, p := range d.parts {
		if p.h < 1 || p.h > 4 || p.v < 1 || p.v > 4 || p.quant > 3 || p.h > y.h || p.v > y.v {
			return false
		}
	}
	return d.w > 0 && d.h > 0 && d.w*d.h <= d.most && (len(d.parts) == 1 || y.id != 'R')
}

// begin takes the header of the scan (section B.2.3), which must hold all components.
func (d *decoder) begin(b []byte) bool {
	n := len(d.parts)
	if n == 0 || len(b) != 4+2*n || int(b[0]) != n || b[1+2*n] != 0 || b[2+2*n] != 63 || b[3+2*n] != 0 {
		return false
	}
	for i := range d.parts {
		p := &d.parts[i]
		if b[1+2*i] != p.id || b[2+2*i]>>4 > 3 || b[2+2*i]&15 > 3 {
			return false
		}
		p.dc, p.ac = b[2+2*i]>>4, b[2+2*i]&15
	}
	return true
}

// scan decodes the blocks.
func (d *decoder) scan() (*image.Gray, error) {
	y := d.parts[0]
	across, down := (d.w+8*int(y.h)-1)/(8*int(y.h)), (d.h+8*int(y.v)-1)/(8*int(y.v))
	stride := across * 8 * int(y.h)
	if across*down > 16*len(d.rest) { // an MCU has a bit at least
		return nil, ErrOther
	}
	pix := make([]byte, stride*down*8*int(y.v))
	level := int32(0)
	for mcu := range across * down {
		if d.interval > 0 && mcu > 0 && mcu%d.interval == 0 {
			if !d.restart(mcu/d.interval - 1) {
				return nil, ErrOther
			}
			level = 0
		}
		x0, y0 := mcu%across*8*int(y.h), mcu/across*8*int(y.v)
		for v := range int(y.v) {
			for h := range int(y.h) {
				if !d.read(&d.dc[y.dc], &d.ac[y.ac], &d.quant[y.quant], &level, pix[(y0+8*v)*stride+x0+8*h:], stride) {
					return nil, ErrOther
				}
			}
		}
		for _, p := range d.parts[1:] {
			for range int(p.h) * int(p.v) {
				if !d.pass(&d.dc[p.dc], &d.ac[p.ac]) {
					return nil, ErrOther
				}
			}
		}
	}
	if !d.at(markEOI) {
		return nil, ErrOther
	}
	return &image.Gray{Pix: pix, Stride: stride, Rect: image.Rect(0, 0, d.w, d.h)}, nil
}
