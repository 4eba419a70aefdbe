//go:build goexperiment.simd && amd64

package plane

import "simd/archsimd"

// vectors reports whether the processor has what this file needs; without it, the words of eight
// bytes of binarise.go do the same.
var vectors = archsimd.X86.AVX2()

// extremesAcross fills lo and hi with the Extremes of blocks of 8x8 from every other of eight rows,
// four blocks at a time, and returns how many blocks it did.
func extremesAcross(pix []byte, stride, w int, lo, hi []uint8) int {
	if !vectors {
		return 0
	}
	bx := 0
	for ; bx*8+32 <= w; bx += 4 {
		v := archsimd.LoadUint8x32Slice(pix[bx*8:])
		least, most := v, v
		for p := 2*stride + bx*8; p < 8*stride; p += 2 * stride {
			v = archsimd.LoadUint8x32Slice(pix[p:])
			least, most = least.Min(v), most.Max(v)
		}
		for _, shift := range [3]uint64{32, 16, 8} {
			least = least.Min(least.AsUint64x4().ShiftAllRight(shift).AsUint8x32())
			most = most.Max(most.AsUint64x4().ShiftAllRight(shift).AsUint8x32())
		}
		var a, b [32]uint8
		least.Store(&a)
		most.Store(&b)
		for i := range 4 {
			lo[bx+i], hi[bx+i] = a[8*i], b[8*i]
		}
	}
	return bx
}

// lightWord has a bit set for each of up to 64 pixels of a row, from block start on, that is light,
// and tells for how many blocks.
func lightWord(row, cut []byte, start int) (uint64, int) {
	if !vectors || start*8+64 > len(row) || start+8 > len(cut) {
		return 0, 0
	}
	var at [8]uint64
	for i, c := range cut[start : start+8] {
		at[i] = uint64(c) * ones
	}
	low := archsimd.LoadUint64x4Slice(at[:4]).AsUint8x32()
	high := archsimd.LoadUint64x4Slice(at[4:]).AsUint8x32()
	v, u := archsimd.LoadUint8x32Slice(row[start*8:]), archsimd.LoadUint8x32Slice(row[start*8+32:])
	return uint64(v.Max(low).Equal(v).ToBits()) | uint64(u.Max(high).Equal(u).ToBits())<<32, 8
}

// scalarAgain is called after vectors and before other floating-point work, which would wait for the
// upper halves of the registers at every step.
func scalarAgain() {
	if vectors {
		archsimd.ClearAVXUpperBits()
	}
}
