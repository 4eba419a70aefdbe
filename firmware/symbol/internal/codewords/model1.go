package codewords

import (
	"errors"
	"math"
)

// Symbols of model 1 came before those of the standard: versions 1 to 14, without alignment patterns
// and version information, with patterns that extend the right and the lower edge, and with another
// mask over the format. How their codewords lie was measured on a symbol whose text is known (version
// 5, level H). It gives the known totals for the others: 26 codewords in version 1, as in model 2, and
// in version 14 room for the published 1,167 digits, 707 letters or 486 bytes at level L. How many
// codewords are for correction is not known for all of them and is tried, within what each level
// promises; only one number makes codewords of what was read.

// mostModel1 is the largest side of model 1: version 14.
const mostModel1 = 73

// errNotModel1 says that no division into blocks makes sense.
var errNotModel1 = errors.New("codewords: not of model 1, or too many errors")

// ReadModel1 corrects and reads a symbol of model 1.
func (m Modules) ReadModel1(f Format) (t Text, err error) {
	defer caught(&err)
	if m.N > mostModel1 {
		return Text{}, errNotModel1
	}
	words := m.model1(f)
	level := f.data >> 3
	least := (len(words) + 254) / 255 // a block has at most 255
	for blocks := least; blocks < least+4; blocks++ {
		n := len(words) / blocks
		most := int(model1Check[level][1] * float64(n))
		for check := max(leastCheck, int(math.Ceil(model1Check[level][0]*float64(n)))); check <= most; check++ {
			if blocks > 1 && check%2 == 1 {
				continue
			}
			if data, err := inBlocks(words, blocks, n-check, check); err == nil {
				return t, t.read(data, (m.N-17)/4, model1Lead)
			}
		}
	}
	return Text{}, errNotModel1
}

// model1Check is the part of the codewords that is for correction, at least and at most, for the two
// bits of each level: M, L, H, Q. A level corrects half as many: 15, 7, 30 and 25 per cent.
var model1Check = [4][2]float64{{0.30, 0.43}, {0.14, 0.30}, {0.57, 0.70}, {0.43, 0.57}}

// leastCheck is the number of codewords for correction below which chance could be read.
const leastCheck = 7

// model1Lead is the number of bits, all zero, before the first segment.
const model1Lead = 4

// inBlocks is the data of so many blocks, the data of all before the check codewords of all, if none
// has more errors than half of those that it could correct.
func inBlocks(words []byte, blocks, n, check int) (data []byte, err error) {
	for i := range blocks {
		block := append(append(make([]byte, 0, n+check), words[i*n:(i+1)*n]...), words[blocks*n+i*check:blocks*n+(i+1)*check]...)
		if data, err = correct(data, block, n, check/2); err != nil {
			return nil, err
		}
	}
	if data[0]>>(8-model1Lead) != 0 {
		return nil, errNotModel1
	}
	return data, nil
}

// model1 takes the codewords out of the modules: each is a block of two by four, from the lower right
// corner up and then to the left. The two columns of blocks at the right edge and those at the left
// side stand, the others lie.
func (m Modules) model1(f Format) (words []byte) {
	block := func(x0, y0, wide int) {
		v := byte(0)
		for i := range 8 {
			x, y := x0+wide-1-i%wide, y0+8/wide-1-i/wide
			at := y*m.N + x
			if f.Mirrored {
				at = x*m.N + y
			}
			v <<= 1
			if m.Dark[at] != masked(f.data&7, y, x) {
				v |= 1
			}
		}
		words = append(words, v)
	}
	const stands, lies = 2, 4
	n := m.N
	for x := n - 2; x >= n-4; x -= 2 {
		for y := n - 4; y >= 9; y -= 4 {
			if x == n-4 || !extension((n-4-y)/4, n) {
				block(x, y, stands)
			}
		}
	}
	for x := n - 8; x >= 9; x -= 4 {
		for y := n - 2; y >= 9; y -= 2 {
			if y < n-2 || !extension((n-4-x)/4, n) {
				block(x, y, lies)
			}
		}
		if x < n-8 { // beside the finder patterns; row 6 is the timing pattern
			for _, y := range [4]int{7, 4, 2, 0} {
				block(x, y, lies)
			}
		}
	}
	for _, x := range [4]int{7, 4, 2, 0} {
		for y := n - 12; y >= 9; y -= 4 {
			block(x, y, stands)
		}
	}
	return words
}

// extension reports whether block i along the right or the lower edge, counted from their corner, is an
// extension pattern: every other one, but neither of the ends.
func extension(i, n int) bool { return i >= 2 && i%2 == 0 && i < (n-9)/4-1 }

// masked reports whether a data mask turns the module of a row and a column round (section 7.8.2, table
// 10).
func masked(mask uint32, i, j int) bool {
	switch mask {
	case 0:
		return (i+j)%2 == 0
	case 1:
		return i%2 == 0
	case 2:
		return j%3 == 0
	case 3:
		return (i+j)%3 == 0
	case 4:
		return (i/2+j/3)%2 == 0
	case 5:
		return i*j%2+i*j%3 == 0
	case 6:
		return (i*j%2+i*j%3)%2 == 0
	}
	return ((i+j)%2+i*j%3)%2 == 0
}
