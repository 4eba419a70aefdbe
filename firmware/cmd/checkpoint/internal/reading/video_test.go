package reading

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	sim "example.org/checkpoint/simulators/camera"
)

// chunk is one of RIFF, padded to an even length.
func chunk(id string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// avi is a file of MJPG frames as cameras write it: without Huffman tables, with sound between, in
// records, and a second RIFF of the OpenDML extension.
func avi(frames ...[]byte) []byte {
	var first, second []byte
	for i, f := range frames {
		tables := segment(f, markDHT)
		bare := bytes.Replace(f, tables, nil, 1)
		c := append(chunk("01wb", []byte{1, 2, 3}), chunk("00dc", bare)...)
		if i%2 == 1 {
			c = chunk("LIST", append([]byte("rec "), c...))
		}
		if i < 2 {
			first = append(first, c...)
		} else {
			second = append(second, c...)
		}
	}
	body := append([]byte("AVI "), chunk("LIST", append([]byte("hdrl"), chunk("avih", make([]byte, 56))...))...)
	body = append(body, chunk("LIST", append([]byte("movi"), first...))...)
	body = append(body, chunk("idx1", make([]byte, 33))...)
	more := append([]byte("AVIX"), chunk("LIST", append([]byte("movi"), second...))...)
	return append(chunk("RIFF", body), chunk("RIFF", more)...)
}

func lines(t *testing.T, b []byte) (out []readLine) {
	t.Helper()
	for l := range strings.Lines(string(b)) {
		var line readLine
		if err := json.Unmarshal([]byte(l), &line); err != nil {
			t.Fatal(err, l)
		}
		out = append(out, line)
	}
	return out
}

// TestReadVideos reads the same frames from an AVI file and from a recorded stream, in a folder.
func TestReadVideos(t *testing.T) {
	green := heldUp(t, sim.Card{Text: greenCode, Module: 5})
	frames := [][]byte{heldUp(t, sim.Card{Blank: true}), green, green, heldUp(t, sim.Card{Text: "OTHER"})}
	dir := t.TempDir()
	var stream []byte
	for _, f := range frames {
		stream = append(append(append(stream, "--frame\r\nContent-Type: image/jpeg\r\n\r\n"...), f...), '\r', '\n')
	}
	for name, b := range map[string][]byte{"a.avi": avi(frames...), "b/b.mjpeg": stream, "c.jpg": green, "notes.txt": []byte("not a picture")} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown := filepath.Join(t.TempDir(), "new", "folder")
	var out bytes.Buffer
	if err := readFiles(context.Background(), []string{dir}, shown, &out); err != nil {
		t.Fatal(err)
	}
	want := []string{"a.avi 0 ", "a.avi 1 " + greenCode, "a.avi 2 " + greenCode, "a.avi 3 OTHER",
		"b.mjpeg 0 ", "b.mjpeg 1 " + greenCode, "b.mjpeg 2 " + greenCode, "b.mjpeg 3 OTHER", "c.jpg - " + greenCode}
	var got []string
	for _, l := range lines(t, out.Bytes()) {
		text, n := "", "-"
		if l.Frame != nil {
			n = string(rune('0' + *l.Frame))
		}
		for _, s := range l.Symbols {
			text += s.Text
		}
		got = append(got, filepath.Base(l.File)+" "+n+" "+text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	pngs, err := filepath.Glob(filepath.Join(shown, "*.png"))
	if err != nil || len(pngs) != len(want) {
		t.Fatal(pngs, err)
	}
	f, err := os.Open(filepath.Join(shown, "c.jpg.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colours := map[color.Color]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			colours[color.NRGBAModel.Convert(img.At(x, y))]++
		}
	}
	if colours[codeRead] < 1000 || colours[darkFinder] < 300 {
		t.Errorf("%d pixels say what was read, %d where finder patterns are", colours[codeRead], colours[darkFinder])
	}
}

func TestBadVideos(t *testing.T) {
	good := heldUp(t, sim.Card{Text: "GOOD"})
	huge := chunk("00dc", nil)
	binary.LittleEndian.PutUint32(huge[4:], 1<<31)
	for _, tt := range []struct {
		name  string
		bytes []byte
		err   error
		lines int // besides that of the error
	}{
		{"text.avi", []byte("hello"), errNotAVI, 0},
		{"empty.mjpeg", nil, errNoFrames, 0},
		{"h264.avi", append([]byte("RIFF\x00\x00\x00\x00AVI "), chunk("00dc", []byte{0, 0, 0, 1, 0x67})...), errNotInVideo, 0},
		{"huge.avi", append([]byte("RIFF\x00\x00\x00\x00AVI "), huge...), errFrame, 0},
		{"cut.avi", avi(good, good)[:len(good)*3/2], nil, 1},
		{"cut.mjpeg", append(slices.Clone(good), good[:len(good)/2]...), nil, 1},
		{"torn.mjpeg", append(slices.Clone(good), 0xff, 0xd8, 0xff, 0xdb, 0, 0), errFrame, 1},
	} {
		var out bytes.Buffer
		file := writeFile(t, tt.name, tt.bytes)
		err := readFiles(context.Background(), []string{file}, "", &out)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		n := strings.Count(out.String(), "\n")
		if tt.err != nil {
			n--
			if !strings.Contains(out.String(), `"error"`) {
				t.Errorf("%s: %s", tt.name, out.String())
			}
		}
		if n != tt.lines {
			t.Errorf("%s: %d lines: %s", tt.name, n, out.String())
		}
	}
}

// TestWhy says of a picture without a code that can be read what is in the way.
func TestWhy(t *testing.T) {
	dark := image.NewGray(image.Rect(0, 0, 320, 240))
	var b, out bytes.Buffer
	if err := png.Encode(&b, dark); err != nil {
		t.Fatal(err)
	}
	if err := readFiles(context.Background(), []string{writeFile(t, "dark.png", b.Bytes())}, "", &out); !errors.Is(err, exit.ErrNo) {
		t.Error(err)
	}
	if l := lines(t, out.Bytes()); len(l) != 1 || l[0].Why != "dark" {
		t.Error(out.String())
	}
}

func FuzzVideo(f *testing.F) {
	c := sim.New(sim.Options{Seed: 1, Width: 160, Height: 120})
	jpeg := c.JPEG(0)
	f.Add(avi(jpeg, jpeg, jpeg))
	f.Add(append(slices.Clone(jpeg), jpeg...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, frames := range []func(*bufio.Reader, func([]byte) error) error{aviFrames, mjpegFrames} {
			total := 0
			frames(bufio.NewReader(bytes.NewReader(b)), func(frame []byte) error {
				if total += len(frame); total > len(b) {
					t.Fatalf("%d bytes of frames in %d", total, len(b))
				}
				if len(b) < 1<<12 {
					grayFrame(frame)
				}
				return nil
			})
		}
	})
}
