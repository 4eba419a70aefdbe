package symbol

import (
	"context"
	"image"
	"image/color"
	"slices"
	"testing"
	"time"

	"rsc.io/qr/coding"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
)

// bitString is a segment given as bits: values and their widths in turn.
type bitString []uint

func (s bitString) Check() error { return nil }
func (s bitString) Bits(coding.Version) (n int) {
	for i := 1; i < len(s); i += 2 {
		n += int(s[i])
	}
	return n
}
func (s bitString) Encode(b *coding.Bits, _ coding.Version) {
	for i := 0; i < len(s); i += 2 {
		b.Write(s[i], int(s[i+1]))
	}
}

func octets(text string) bitString {
	s := bitString{codewords.ModeBytes, 4, uint(len(text)), 8}
	for _, b := range []byte(text) {
		s = append(s, uint(b), 8)
	}
	return s
}

func partHeader(index, of int, parity byte) bitString {
	return bitString{codewords.ModePart, 4, uint(index), 4, uint(of - 1), 4, uint(parity), 8}
}

// segmented draws segments as a symbol of version 5, level M, four pixels a module.
func segmented(t testing.TB, segments ...coding.Encoding) *image.Gray {
	t.Helper()
	plan, err := coding.NewPlan(5, coding.M, 3)
	if err != nil {
		t.Fatal(err)
	}
	code, err := plan.Encode(segments...)
	if err != nil {
		t.Fatal(err)
	}
	const size, quiet = 4, 4
	img := grey((code.Size+2*quiet)*size, (code.Size+2*quiet)*size, 230)
	for i := range img.Pix {
		if code.Black(i%img.Stride/size-quiet, i/img.Stride/size-quiet) {
			img.Pix[i] = 20
		}
	}
	return img
}

func readOne(t testing.TB, img *image.Gray) Symbol {
	t.Helper()
	var r Reader
	s, err := r.Read(context.Background(), img, Glance())
	if err != nil || len(s) != 1 {
		t.Fatal(s, err)
	}
	return s[0]
}

// TestCharacterSets reads texts of several character sets, named and not.
func TestCharacterSets(t *testing.T) {
	eci := func(n uint) bitString { return bitString{codewords.ModeECI, 4, n, 8} }
	for _, tt := range []struct {
		name        string
		segments    []coding.Encoding
		text, bytes string
	}{
		{"Latin 1 named", []coding.Encoding{eci(3), octets("Gr\xfcezi")}, "Grüezi", "Gr\xfcezi"},
		{"Cyrillic named", []coding.Encoding{eci(7), octets("\xbf\xe0\xd8\xd2\xd5\xe2")}, "Привет", "\xbf\xe0\xd8\xd2\xd5\xe2"},
		{"Shift-JIS named", []coding.Encoding{eci(20), octets("\x93\xfa\x96{")}, "日本", "\x93\xfa\x96{"},
		{"Shift-JIS guessed", []coding.Encoding{octets("\x93\xfa\x96{\x82\xcc\x93V\x8bC")}, "日本の天気", "\x93\xfa\x96{\x82\xcc\x93V\x8bC"},
		{"narrow kana guessed", []coding.Encoding{octets("\xc3\xde\xbb\xde\xb2\xdd")}, "ﾃﾞｻﾞｲﾝ", "\xc3\xde\xbb\xde\xb2\xdd"},
		{"UTF-8 named", []coding.Encoding{eci(26), octets("測試")}, "測試", "測試"},
		{"Big5 named", []coding.Encoding{eci(28), octets("\xb4\xfa\xb8\xd5")}, "測試", "\xb4\xfa\xb8\xd5"},
		{"GB 18030 named", []coding.Encoding{eci(29), octets("\xb2\xe2\xca\xd4\x816\xa65")}, "测试\u2028", "\xb2\xe2\xca\xd4\x816\xa65"},
		{"GB 2312 guessed", []coding.Encoding{octets("HK \xb2\xe2\xca\xd4")}, "HK 测试", "HK \xb2\xe2\xca\xd4"},
		{"hanzi mode", []coding.Encoding{bitString{codewords.ModeHanzi, 4, 1, 4, 1, 8, (0xb2-0xa6)*0x60 + 0xe2 - 0xa1, 13}}, "测", "\xb2\xe2"},
		{"kanji mode between letters", []coding.Encoding{coding.Alpha("A"), bitString{codewords.ModeKanji, 4, 2, 8, 0x0d9f, 13, 0x1aaa, 13}, coding.Num("12")}, "A点茗12", "A\x93_\xe4\xaa12"},
		{"unknown set", []coding.Encoding{bitString{codewords.ModeECI, 4, 0x80 | 3, 8, 0xe7, 8}, octets("a\xff")}, "aÿ", "a\xff"},
		{"two sets", []coding.Encoding{eci(3), octets("\xe9"), eci(26), octets("é")}, "éé", "\xe9é"},
		{"GS1", []coding.Encoding{bitString{codewords.ModeFirstFNC1, 4}, coding.Alpha("10AB%21C%%")}, "10AB\x1d21C%", "10AB\x1d21C%"},
		{"nothing named, nothing likely", []coding.Encoding{octets("\x80\xff")}, "\u0080ÿ", "\x80\xff"},
	} {
		s := readOne(t, segmented(t, tt.segments...))
		if s.Text != tt.text || string(s.Bytes) != tt.bytes {
			t.Errorf("%s: text %q, bytes %q", tt.name, s.Text, s.Bytes)
		}
	}
}

// TestParts joins a text of three symbols, over several pictures and out of order.
func TestParts(t *testing.T) {
	const whole = "one text of three: 測試 ends"
	cuts := []string{whole[:5], whole[5:21], whole[21:]} // the second ends within a character
	parity := byte(0)
	for _, b := range []byte(whole) {
		parity ^= b
	}
	var seen []Symbol
	for i, c := range cuts {
		s := readOne(t, segmented(t, partHeader(i, 3, parity), octets(c)))
		if s.Part != (Part{i, 3, parity}) || string(s.Bytes) != c {
			t.Fatalf("%+v", s)
		}
		seen = append(seen, s)
	}
	alone := Symbol{Text: "alone", Bytes: []byte("alone")}
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	texts := func(s []Symbol) (out []string) {
		for _, s := range s {
			out = append(out, s.Text)
		}
		return out
	}
	var p Parts
	for i, step := range []struct {
		show    []Symbol
		after   time.Duration
		want    []string
		missing int
	}{
		{[]Symbol{alone}, 0, []string{"alone"}, 0},
		{[]Symbol{seen[2], alone}, 0, []string{"alone"}, 2},
		{[]Symbol{seen[2]}, time.Second, nil, 2},
		{nil, time.Second, nil, 2},
		{[]Symbol{seen[0]}, time.Second, nil, 1}, // 2 s after the other
		{[]Symbol{seen[1]}, time.Second, []string{whole}, 0},
		{[]Symbol{seen[0]}, time.Second, []string{whole}, 0}, // still held up
		{[]Symbol{alone}, time.Second, []string{"alone"}, 0},
		{[]Symbol{seen[0]}, 2001 * time.Millisecond, nil, 2}, // forgotten: somebody else
		{[]Symbol{seen[1], seen[2]}, 0, []string{whole}, 0},  // two in one picture
		{[]Symbol{{Part: Part{0, 3, parity}}}, 0, nil, 2},    // another text of the same parity
		{[]Symbol{seen[1], seen[2]}, 0, nil, 3},              // whose parts do not fit: all forgotten
		{[]Symbol{seen[0], seen[1], seen[2]}, 0, []string{whole}, 0},
	} {
		at = at.Add(step.after)
		if got := texts(p.Join(step.show, at)); !slices.Equal(got, step.want) || p.Missing() != step.missing {
			t.Fatalf("step %d: %q, %d missing", i, got, p.Missing())
		}
	}
	for i := range 100 { // never more than a few texts are kept
		p.Join([]Symbol{{Part: Part{0, 16, byte(i)}, Bytes: []byte{1}}}, at)
	}
	if len(p.texts) > mostTexts {
		t.Error(len(p.texts), "texts kept")
	}
}

// TestNotSquare reads symbols whose modules are wider than they are high, or higher than wide.
func TestNotSquare(t *testing.T) {
	square := segmented(t, octets("not square"))
	for _, by := range [][2]float64{{1.5, 1}, {1, 1.6}, {0.6, 1}, {2, 1.1}} {
		w, h := int(float64(square.Rect.Dx())*by[0]), int(float64(square.Rect.Dy())*by[1])
		img := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.SetGray(x, y, color.Gray{Y: square.GrayAt(int(float64(x)/by[0]), int(float64(y)/by[1])).Y})
			}
		}
		if s := readOne(t, img); s.Text != "not square" {
			t.Error(by, s)
		}
	}
}
