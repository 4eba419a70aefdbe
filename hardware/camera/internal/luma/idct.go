package luma

// Factors of the inverse transform of eight values in eleven multiplications (Loeffler, Ligtenberg and
// Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", 1989), times 1<<fixed.
const (
	fixed = 13
	f0298 = 2446  // 0.298631336
	f0390 = 3196  // 0.390180644
	f0541 = 4433  // 0.541196100
	f0765 = 6270  // 0.765366865
	f0899 = 7373  // 0.899976223
	f1175 = 9633  // 1.175875602
	f1501 = 12299 // 1.501321110
	f1847 = 15137 // 1.847759065
	f1961 = 16069 // 1.961570560
	f2053 = 16819 // 2.053119869
	f2562 = 20995 // 2.562915447
	f3072 = 25172 // 3.072711026
)

// spare are bits of fraction kept between the columns and the rows.
const spare = 2

// eight transforms eight values; the results are larger by 1<<fixed.
func eight(p0, p1, p2, p3, p4, p5, p6, p7 int32) (a, b, c, d, e, f, g, h int32) {
	z := (p2 + p6) * f0541
	t2, t3 := z-p6*f1847, z+p2*f0765
	t0, t1 := (p0+p4)<<fixed, (p0-p4)<<fixed
	x0, x3, x1, x2 := t0+t3, t0-t3, t1+t2, t1-t2
	z1, z2, z3, z4 := p7+p1, p5+p3, p7+p3, p5+p1
	z5 := (z3 + z4) * f1175
	z1, z2 = -z1*f0899, -z2*f2562
	z3, z4 = z5-z3*f1961, z5-z4*f0390
	o0, o1, o2, o3 := p7*f0298+z1+z3, p5*f2053+z2+z4, p3*f3072+z2+z3, p1*f1501+z1+z4
	return x0 + o3, x1 + o2, x2 + o1, x3 + o0, x3 - o0, x2 - o1, x1 - o2, x0 - o3
}

// inverse is the inverse cosine transform of a block (section A.3.3) into eight rows of out.
func inverse(b *[64]int32, out []byte, stride int) {
	const down, half = fixed - spare, 1 << (fixed - spare - 1)
	for x := range 8 {
		p := b[x:]
		if p[8]|p[16]|p[24]|p[32]|p[40]|p[48]|p[56] == 0 {
			v := p[0] << spare
			p[0], p[8], p[16], p[24], p[32], p[40], p[48], p[56] = v, v, v, v, v, v, v, v
			continue
		}
		v0, v1, v2, v3, v4, v5, v6, v7 := eight(p[0], p[8], p[16], p[24], p[32], p[40], p[48], p[56])
		p[0], p[8], p[16], p[24] = (v0+half)>>down, (v1+half)>>down, (v2+half)>>down, (v3+half)>>down
		p[32], p[40], p[48], p[56] = (v4+half)>>down, (v5+half)>>down, (v6+half)>>down, (v7+half)>>down
	}
	const all = fixed + spare + 3
	for y := range 8 {
		p, row := b[8*y:8*y+8:8*y+8], out[y*stride:y*stride+8:y*stride+8]
		v0, v1, v2, v3, v4, v5, v6, v7 := eight(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7])
		row[0], row[1], row[2], row[3] = shade(v0>>(all-8)), shade(v1>>(all-8)), shade(v2>>(all-8)), shade(v3>>(all-8))
		row[4], row[5], row[6], row[7] = shade(v4>>(all-8)), shade(v5>>(all-8)), shade(v6>>(all-8)), shade(v7>>(all-8))
	}
}

// shade is a value, times 256, as a pixel.
func shade(v int32) byte { return uint8(min(max((v+128)>>8+128, 0), 255)) }

// oneShade is inverse of a block of one shade.
func oneShade(first int32, out []byte, stride int) {
	v := shade(first << 5)
	for y := range 8 {
		row := out[y*stride : y*stride+8 : y*stride+8]
		for x := range row {
			row[x] = v
		}
	}
}
