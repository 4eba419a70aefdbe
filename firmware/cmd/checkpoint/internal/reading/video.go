package reading

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"sync"

	"example.org/checkpoint/firmware/symbol"
)

// largestFrame is the most bytes of one JPEG in a video.
const largestFrame = 8 << 20

// Faults of videos.
var (
	errNotAVI     = errors.New("no AVI file: it does not begin with RIFF … AVI")
	errFrame      = errors.New("a frame is larger than 8 MB, or torn")
	errFrameSize  = errors.New("a frame has more than 64 megapixels")
	errNotGrey    = errors.New("a frame is a JPEG without luminance")
	errNoFrames   = errors.New("there is no JPEG frame in it; give MJPEG, or AVI with MJPG frames")
	errNotInVideo = errors.New("its frames are not JPEG; give an AVI with MJPG frames")
)

// aviFrames calls do with each frame of an AVI file of MJPG frames (Microsoft, "AVI RIFF File
// Reference"): chunks ..dc and ..db in the lists movi and rec, which may nest. What else there is is
// passed over.
func aviFrames(in *bufio.Reader, do func(frame []byte) error) error {
	head := make([]byte, 12)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "AVI " {
		return errNotAVI
	}
	var frame []byte
	for {
		if _, err := io.ReadFull(in, head[:8]); err != nil {
			return nil // also a file that was cut off
		}
		id, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		switch {
		case id == "RIFF" || id == "LIST":
			if _, err := io.ReadFull(in, head[8:]); err != nil {
				return nil
			}
			if kind := string(head[8:]); kind == "movi" || kind == "rec " || kind == "AVIX" {
				continue // its chunks follow
			}
			size -= 4
		case (id[2:] == "dc" || id[2:] == "db") && size > 0:
			if size > largestFrame {
				return errFrame
			}
			frame = append(frame[:0], make([]byte, size)...)
			if _, err := io.ReadFull(in, frame); err != nil {
				return nil
			}
			if err := do(frame); err != nil {
				return err
			}
			size = size & 1 // read but for the byte that pads an odd one
			if _, err := io.CopyN(io.Discard, in, size); err != nil {
				return nil
			}
			continue
		}
		size += size & 1
		if size > 0 {
			if _, err := io.CopyN(io.Discard, in, size); err != nil {
				return nil
			}
		}
	}
}

// Markers of JPEG (ITU-T T.81 table B.1).
const (
	markSOI = 0xd8
	markEOI = 0xd9
	markSOS = 0xda
	markDHT = 0xc4
)

// mjpegFrames calls do with each JPEG of a file that holds one after the other, whatever is between
// them, such as the part headers of a recorded stream.
func mjpegFrames(in *bufio.Reader, do func(frame []byte) error) error {
	var frame []byte
	for {
		before := byte(0)
		for {
			b, err := in.ReadByte()
			if err != nil {
				return nil
			}
			if before == 0xff && b == markSOI {
				break
			}
			before = b
		}
		frame = append(frame[:0], 0xff, markSOI)
		var err error
		if frame, err = restOfJPEG(in, frame); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := do(frame); err != nil {
			return err
		}
	}
}

// restOfJPEG appends what follows a start of image, to its end.
func restOfJPEG(in *bufio.Reader, frame []byte) ([]byte, error) {
	take := func(n int) ([]byte, error) {
		if len(frame)+n > largestFrame {
			return nil, errFrame
		}
		frame = append(frame, make([]byte, n)...)
		last := frame[len(frame)-n:]
		_, err := io.ReadFull(in, last)
		return last, err
	}
	for {
		mark, err := take(2)
		if err != nil {
			return frame, err
		}
		if mark[0] != 0xff {
			return frame, errFrame
		}
		kind := mark[1]
		if kind == markEOI {
			return frame, nil
		}
		length, err := take(2)
		if err != nil {
			return frame, err
		}
		n := int(binary.BigEndian.Uint16(length)) - 2
		if n < 0 {
			return frame, errFrame
		}
		if _, err := take(n); err != nil {
			return frame, err
		}
		if kind != markSOS {
			continue
		}
		for { // entropy-coded data ends at a marker that is neither stuffing nor a restart
			next, err := in.Peek(2)
			if err != nil {
				return frame, err
			}
			if next[0] == 0xff && next[1] != 0 && next[1] != 0xff && (next[1] < 0xd0 || next[1] > 0xd7) {
				break
			}
			if _, err := take(1); err != nil {
				return frame, err
			}
		}
	}
}

// standardTables are the Huffman tables of ITU-T T.81 annex K.3 as a segment; frames of AVI files
// leave them out. The encoder of the standard library writes them.
var standardTables = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420), nil); err != nil {
		return nil
	}
	return segment(b.Bytes(), markDHT)
})

// segment finds a segment of a JPEG before its scan; nil where there is none.
func segment(b []byte, kind byte) []byte {
	for p := 2; p+4 <= len(b) && b[p] == 0xff; {
		n := 2 + int(binary.BigEndian.Uint16(b[p+2:]))
		if b[p+1] == kind && p+n <= len(b) {
			return b[p : p+n]
		}
		if b[p+1] == markSOS {
			return nil
		}
		p += n
	}
	return nil
}

// grayFrame decodes a JPEG of a video and keeps its luminance.
func grayFrame(b []byte) (*image.Gray, error) {
	if len(b) < 4 || b[0] != 0xff || b[1] != markSOI {
		return nil, errNotInVideo
	}
	if segment(b, markDHT) == nil {
		b = append(append(append(make([]byte, 0, len(b)+512), b[:2]...), standardTables()...), b[2:]...)
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > symbol.MaxPixels/size.Height {
		return nil, errFrameSize
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	switch img := img.(type) {
	case *image.Gray:
		return img, nil
	case *image.YCbCr:
		return &image.Gray{Pix: img.Y, Stride: img.YStride, Rect: img.Rect}, nil
	}
	return nil, errNotGrey
}
