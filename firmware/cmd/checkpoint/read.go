package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"time"

	"example.org/checkpoint/firmware/symbol"
)

type readCmd struct {
	Files []string `arg:"" name:"file" help:"Pictures: PNG, JPEG or GIF, at most 64 megapixels."`
}

// Help is shown by `checkpoint read --help`.
func (readCmd) Help() string {
	return `Finds all QR codes in pictures and prints one line of JSON for each picture:

  checkpoint read frame.jpg
  {"file":"frame.jpg","symbols":[{"text":"HC1:…","format":"qr","corners":[[12,9],[108,9],[108,105],[12,105]]}],"ms":3.1}

The corners are in pixels: top left, top right, bottom right and bottom left of the code itself,
whichever way it is turned. The time is that of finding and reading, without opening the file.
What a code says is not checked here; see "checkpoint verify".

Exit code: 0 every picture had a code, 2 some had none, 1 some could not be opened (their line has
"error" in place of "symbols"; the others are read all the same).`
}

// readLine is what is printed of one picture.
type readLine struct {
	File    string       `json:"file"`
	Symbols []readSymbol `json:"symbols"`
	Ms      float64      `json:"ms"`
}

type readSymbol struct {
	Text    string    `json:"text"`
	Format  string    `json:"format"`
	Corners [4][2]int `json:"corners"`
}

type readError struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

func (c *readCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return readFiles(ctx, c.Files, os.Stdout)
}

func readFiles(ctx context.Context, files []string, w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	var reader symbol.Reader
	var failed, none error
	for _, file := range files {
		line, err := readFile(ctx, &reader, file)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var answer any = line
		switch {
		case err != nil:
			failed = err
			answer = readError{file, err.Error()}
		case len(line.Symbols) == 0:
			none = errNo
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	if failed != nil {
		return failed
	}
	return none
}

func readFile(ctx context.Context, reader *symbol.Reader, file string) (readLine, error) {
	img, err := loadGray(file)
	if err != nil {
		return readLine{}, err
	}
	start := time.Now()
	symbols, err := reader.Read(ctx, img, symbol.Thorough())
	if err != nil {
		return readLine{}, err
	}
	line := readLine{File: file, Symbols: []readSymbol{}, Ms: float64(time.Since(start).Round(10*time.Microsecond).Microseconds()) / 1000}
	for _, s := range symbols {
		r := readSymbol{Text: s.Text, Format: s.Format}
		for i, p := range s.Corners {
			r.Corners[i] = [2]int{p.X, p.Y}
		}
		line.Symbols = append(line.Symbols, r)
	}
	return line, nil
}
