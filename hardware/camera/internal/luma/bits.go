package luma

import "encoding/binary"

// huffman is a table of codes (ITU-T T.81 annex C and F.2.2.3).
type huffman struct {
	short  [1 << shortBits]uint16 // by the next bits: value and length, 0 for none that short
	values [256]byte
	most   [17]int32 // largest code of each length, -1 for none
	from   [17]int32 // place of the first value of each length, less its code
}

// shortBits is the length of the codes that are looked up.
const shortBits = 9

// fill takes a table and tells how many bytes it has.
func (t *huffman) fill(b []byte) (n int, ok bool) {
	*t = huffman{}
	for _, c := range b[:16] {
		n += int(c)
	}
	if n > 256 || len(b) < 16+n {
		return 0, false
	}
	copy(t.values[:], b[16:16+n])
	code, at := int32(0), 0
	for length := 1; length <= 16; length++ {
		t.most[length] = -1
		t.from[length] = int32(at) - code
		for range b[length-1] {
			if code >= 1<<length {
				return 0, false
			}
			if length <= shortBits {
				first := int(code) << (shortBits - length)
				for i := range 1 << (shortBits - length) {
					t.short[first+i] = uint16(t.values[at])<<8 | uint16(length)
				}
			}
			t.most[length] = code
			code, at = code+1, at+1
		}
		code <<= 1
	}
	return 16 + n, true
}

// fillBits makes the next 32 bits or more known, as far as there are any: a marker ends them.
func (d *decoder) fillBits() {
	for d.count <= 56 {
		if d.count <= 32 && len(d.rest) >= 4 {
			v := binary.BigEndian.Uint32(d.rest)
			if inv := ^v; (inv-0x01010101)&^inv&0x80808080 == 0 { // no byte is 0xff
				d.bits |= uint64(v) << (32 - d.count)
				d.count += 32
				d.rest = d.rest[4:]
				continue
			}
		}
		if len(d.rest) < 2 {
			return
		}
		v := d.rest[0]
		if v == 0xff {
			if d.rest[1] != 0 {
				return
			}
			d.rest = d.rest[1:]
		}
		d.rest = d.rest[1:]
		d.bits |= uint64(v) << (56 - d.count)
		d.count += 8
	}
}

// take takes n bits that are known.
func (d *decoder) take(n int) uint32 {
	v := uint32(d.bits >> (64 - n))
	d.bits <<= n
	d.count -= n
	return v
}

// symbol decodes the next code.
func (d *decoder) symbol(t *huffman) (byte, bool) {
	if d.count < 32 {
		d.fillBits()
	}
	if s := t.short[d.bits>>(64-shortBits)]; s != 0 {
		n := int(s & 0xff)
		if n > d.count {
			return 0, false
		}
		d.bits <<= n
		d.count -= n
		return byte(s >> 8), true
	}
	for n := shortBits + 1; n <= 16; n++ {
		if code := int32(d.bits >> (64 - n)); code <= t.most[n] {
			if n > d.count {
				return 0, false
			}
			d.take(n)
			return t.values[(t.from[n]+code)&255], true
		}
	}
	return 0, false
}

// signed takes a number of n bits (section F.2.2.1, EXTEND).
func (d *decoder) signed(n int) (int32, bool) {
	if n == 0 {
		return 0, true
	}
	if d.count < n {
		if d.fillBits(); d.count < n {
			return 0, false
		}
	}
	v := int32(d.take(n))
	if v < 1<<(n-1) {
		v += -1<<n + 1
	}
	return v, true
}

// natural is the place of each coefficient in the order of the scan (figure A.6), row by row.
var natural = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// read decodes a block of luminance into out.
func (d *decoder) read(dc, ac *huffman, quant *[64]int32, level *int32, out []byte, stride int) bool {
	size, ok := d.symbol(dc)
	if !ok || size > 16 {
		return false
	}
	v, ok := d.signed(int(size))
	if !ok {
		return false
	}
	*level += v
	last := 0
	for k := 0; ; last = k {
		var size int
		if k, size, ok = d.next(ac, k); !ok {
			return false
		}
		if k > 63 {
			break
		}
		if v, ok = d.signed(size); !ok {
			return false
		}
		d.block[natural[k]] = v * quant[k]
	}
	first := *level * quant[0]
	if last == 0 {
		oneShade(first, out, stride)
		return true
	}
	d.block[0] = first
	inverse(&d.block, out, stride)
	d.block = [64]int32{}
	return true
}

// pass passes over a block of colour.
func (d *decoder) pass(dc, ac *huffman) bool {
	level, ok := d.symbol(dc)
	if !ok || level > 16 || !d.skip(int(level)) {
		return false
	}
	for k, size := 0, 0; ; {
		if k, size, ok = d.next(ac, k); !ok {
			return false
		}
		if k > 63 {
			return true
		}
		if !d.skip(size) {
			return false
		}
	}
}

// next finds the coefficient after place k that is not nothing, and its bits; 64 if there
// is none (section F.2.2.2).
func (d *decoder) next(ac *huffman, k int) (place, bits int, ok bool) {
	for k++; k < 64; k += 16 {
		s, ok := d.symbol(ac)
		if !ok {
			return 0, 0, false
		}
		run, size := int(s>>4), int(s&15)
		switch {
		case size > 0:
			return k + run, size, k+run < 64
		case run < 15:
			return 64, 0, true
		}
	}
	return 64, 0, true
}

func (d *decoder) skip(n int) bool {
	if d.count < n {
		if d.fillBits(); d.count < n {
			return false
		}
	}
	d.bits <<= n
	d.count -= n
	return true
}

// restart takes restart marker n (section E.2.4): what is left of the byte before is filling.
func (d *decoder) restart(n int) bool {
	if !d.at(markRST0 + byte(n&7)) {
		return false
	}
	d.rest = d.rest[2:]
	return true
}

// at drops the bits that fill the last byte and reports whether a marker follows.
func (d *decoder) at(mark byte) bool {
	if d.fillBits(); d.count > 7 {
		return false
	}
	d.bits, d.count = 0, 0
	for len(d.rest) > 2 && d.rest[0] == 0xff && d.rest[1] == 0xff {
		d.rest = d.rest[1:]
	}
	return len(d.rest) >= 2 && d.rest[0] == 0xff && d.rest[1] == mark
}
