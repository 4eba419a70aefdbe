// Package reading is "checkpoint read": it finds codes in pictures and videos, and shows what was tried.
package reading

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/symbol"
)

// Command is "checkpoint read".
type Command struct {
	Files   []string `arg:"" name:"file" help:"Pictures (PNG, JPEG, GIF), videos (MJPEG, AVI of MJPG frames) or folders of them."`
	Explain string   `placeholder:"FOLDER" type:"path" help:"Also write there a PNG of each picture that shows what was tried."`
}

// Help is shown by `checkpoint read --help`.
func (Command) Help() string {
	return `Finds all QR codes in pictures and prints one line of JSON for each picture:

  checkpoint read frame.jpg
  {"file":"frame.jpg","symbols":[{"text":"HC1:…","format":"qr","corners":[[12,9],[108,9],[108,105],[12,105]]}],"ms":3.1}

Folders are read with all below them, in the order of their names; of videos every frame has a
line, with "frame" from 0. Pictures have at most 64 megapixels, frames of a video 8 MB.
The corners are in pixels: top left, top right, bottom right and bottom left of the code itself,
whichever way it is turned. The time is that of finding and reading, without opening the file.
A code that is one of several for one text has "part", from 1, and "of"; in a video the whole text
follows in "joined" as soon as all were seen. Where nothing was read, "why" may say what was in
the way: dark, bright, far, near, moving, glare or covered.
What a code says is not checked here; see "checkpoint verify".

In the PNGs of --explain finder patterns are squares (red for dark ones, blue for light ones),
grids that were tried and could not be read are yellow, and codes that were read are green.

Exit code: 0 every picture had a code and every video at least one, 2 some had none, 1 some could
not be opened (their line has "error" in place of "symbols"; the others are read all the same).`
}

// readLine is what is printed of one picture.
type readLine struct {
	File    string       `json:"file"`
	Frame   *int         `json:"frame,omitempty"`
	Symbols []readSymbol `json:"symbols"`
	Joined  []string     `json:"joined,omitempty"`
	Why     string       `json:"why,omitempty"`
	Ms      float64      `json:"ms"`
}

type readSymbol struct {
	Text    string    `json:"text"`
	Format  string    `json:"format"`
	Part    int       `json:"part,omitempty"`
	Of      int       `json:"of,omitempty"`
	Corners [4][2]int `json:"corners"`
}

type readError struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

func (c *Command) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return readFiles(ctx, c.Files, c.Explain, os.Stdout)
}

// reading is one run of the command.
type reading struct {
	out     *json.Encoder
	explain string // folder, or empty
	reader  symbol.Reader
	named   map[string]int // PNGs of --explain, by name
}

// readFiles reads files and folders and prints a line for each picture.
func readFiles(ctx context.Context, files []string, explain string, w io.Writer) error {
	r := reading{out: json.NewEncoder(w), explain: explain, named: map[string]int{}}
	r.out.SetEscapeHTML(false)
	if explain != "" {
		if err := os.MkdirAll(explain, 0o755); err != nil {
			return fmt.Errorf("--explain: %w", err)
		}
	}
	var failed, none error
	for _, arg := range files {
		err := pictures(arg, func(file string) error {
			found, err := r.file(ctx, file)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				failed = err
				return r.out.Encode(readError{file, err.Error()})
			case !found:
				none = exit.ErrNo
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if failed != nil {
		return failed
	}
	return none
}

// endings of the files that are read in folders; of those named one by one the ending only tells
// what is a video.
var (
	stills = []string{".png", ".jpg", ".jpeg", ".gif"}
	videos = []string{".mjpeg", ".mjpg", ".avi"}
)

func ending(file string) string { return strings.ToLower(filepath.Ext(file)) }

// pictures calls do with a file, or with all pictures and videos of a folder and those below it.
func pictures(path string, do func(file string) error) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return do(path)
	}
	return filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("folder %s: %w", path, err)
		case !entry.Type().IsRegular() || !slices.Contains(stills, ending(file)) && !slices.Contains(videos, ending(file)):
			return nil
		}
		return do(file)
	})
}

// file reads one file and reports whether there was a code in it.
func (r *reading) file(ctx context.Context, file string) (bool, error) {
	frames := mjpegFrames
	switch ending(file) {
	case ".avi":
		frames = aviFrames
	case ".mjpeg", ".mjpg":
	default:
		return r.still(ctx, file)
	}
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	video := video{reading: r, file: file}
	if err := frames(bufio.NewReaderSize(f, 1<<16), func(frame []byte) error { return video.frame(ctx, frame) }); err != nil {
		return video.found, fmt.Errorf("%s: frame %d: %w", file, video.n, err)
	}
	if video.n == 0 {
		return false, fmt.Errorf("%s: %w", file, errNoFrames)
	}
	return video.found, nil
}

func (r *reading) still(ctx context.Context, file string) (bool, error) {
	img, err := Gray(file)
	if err != nil {
		return false, err
	}
	line := readLine{File: file}
	start := time.Now()
	symbols, err := r.reader.Read(ctx, img, symbol.Thorough())
	if err != nil {
		return false, err
	}
	line.Ms = since(start)
	line.Why = r.reader.Guidance().String()
	line.put(symbols)
	if r.explain != "" {
		if err := r.draw(img, filepath.Base(file), symbols, r.reader.Tried()); err != nil {
			return false, err
		}
	}
	return len(symbols) > 0, r.out.Encode(line)
}

// video is one that is being read.
type video struct {
	*reading
	file    string
	n       int
	found   bool
	tracker symbol.Tracker
	parts   symbol.Parts
}

// framesPace is the time between frames, for texts in parts, which wait some seconds for the next.
const framesPace = time.Second / 15

func (v *video) frame(ctx context.Context, b []byte) error {
	img, err := grayFrame(b)
	if err != nil {
		return err
	}
	n := v.n
	line := readLine{File: v.file, Frame: &n}
	start := time.Now()
	symbols, err := v.tracker.Read(ctx, img, symbol.Thorough())
	if err != nil {
		return err
	}
	line.Ms = since(start)
	line.Why = v.tracker.Guidance().String()
	line.put(symbols)
	if len(symbols) > 0 {
		v.found = true
		for _, s := range v.parts.Join(symbols, time.Time{}.Add(time.Duration(n)*framesPace)) {
			if !slices.ContainsFunc(symbols, func(o symbol.Symbol) bool { return o.Text == s.Text && o.Part.Of == 0 }) {
				line.Joined = append(line.Joined, s.Text)
			}
		}
	}
	if v.explain != "" {
		if err := v.draw(img, fmt.Sprintf("%s-%04d", filepath.Base(v.file), n), symbols, v.tracker.Tried()); err != nil {
			return err
		}
	}
	v.n++
	return v.out.Encode(line)
}

func since(start time.Time) float64 {
	return float64(time.Since(start).Round(10*time.Microsecond).Microseconds()) / 1000
}

func (l *readLine) put(symbols []symbol.Symbol) {
	l.Symbols = []readSymbol{}
	for _, s := range symbols {
		r := readSymbol{Text: s.Text, Format: s.Format}
		if s.Part.Of > 0 {
			r.Part, r.Of = s.Part.Index+1, s.Part.Of
		}
		for i, p := range s.Corners {
			r.Corners[i] = [2]int{p.X, p.Y}
		}
		l.Symbols = append(l.Symbols, r)
	}
}

// draw writes a PNG of what was tried on a picture.
func (r *reading) draw(img *image.Gray, name string, symbols []symbol.Symbol, tried symbol.Tried) error {
	r.named[name]++
	if n := r.named[name]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	f, err := os.Create(filepath.Join(r.explain, name+".png"))
	if err != nil {
		return fmt.Errorf("--explain: %w", err)
	}
	return errors.Join(explain(f, img, symbols, tried), f.Close())
}
