package symbol

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"image"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	peersDir = flag.String("peers", "", "folder of other readers to put beside ours (`make bench-read` fills it); without it the table has ours and gozxing on one set")
	repeats  = flag.Int("repeats", 3, "readings of each picture for the table; the median counts")
)

// picture is one of a set, with what is known of it.
type picture struct {
	set, name string
	img       *image.Gray
	truth     truth
	all       map[string]truth // of the set
}

// reading is what one engine made of a picture.
type reading struct {
	texts []string
	ms    float64
}

// engine reads pictures, each *repeats times.
type engine struct {
	name string
	read func(t *testing.T, of []picture) []reading
}

// inProcess times a reader of this process; it is not shown the pictures that leaves says.
func inProcess(read func(img *image.Gray) []string, leaves func(p *picture) bool) func(*testing.T, []picture) []reading {
	return func(_ *testing.T, of []picture) []reading {
		out := make([]reading, len(of))
		for i := range of {
			if leaves != nil && leaves(&of[i]) {
				out[i].ms = -1
				continue
			}
			ms := make([]float64, *repeats)
			for n := range ms {
				start := time.Now()
				out[i].texts = read(of[i].img)
				ms[n] = float64(time.Since(start).Nanoseconds()) / 1e6
			}
			out[i].ms = percentile(ms, 0.5)
		}
		return out
	}
}

// peer runs a program of build/peers over the pictures.
// The hostile pages, some of which take it minutes, come last and once, and are cut short.
func peer(name, command string) engine {
	return engine{name, func(t *testing.T, of []picture) []reading {
		split := slices.IndexFunc(of, func(p picture) bool { return p.set == "adversarial" })
		if split < 0 {
			split = len(of)
		}
		return append(run(t, name, command, of[:split], *repeats, time.Hour), run(t, name, command, of[split:], 1, hostileWait)...)
	}}
}

// hostileWait is how long another reader may take for the hostile pages together.
const hostileWait = 20 * time.Second

func run(t *testing.T, name, command string, of []picture, times int, wait time.Duration) []reading {
	dir := t.TempDir()
	var list strings.Builder
	for i, p := range of {
		file := filepath.Join(dir, fmt.Sprintf("%d.pgm", i))
		w, h := p.img.Rect.Dx(), p.img.Rect.Dy()
		pgm := fmt.Appendf(nil, "P5\n%d %d\n255\n", w, h)
		for y := range h {
			pgm = append(pgm, p.img.Pix[y*p.img.Stride:y*p.img.Stride+w]...)
		}
		if err := os.WriteFile(file, pgm, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&list, file)
	}
	words := strings.Fields(command)
	ctx, stop := context.WithTimeout(context.Background(), wait)
	defer stop()
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], strconv.Itoa(times))...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = *peersDir, strings.NewReader(list.String()), os.Stderr
	out, err := cmd.Output()
	if err != nil && ctx.Err() == nil {
		t.Fatalf("%s: %v", name, err)
	}
	readings := make([]reading, 0, len(of))
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		if len(part) != 3 {
			t.Fatalf("%s: a line %q", name, lines.Text())
		}
		var r reading
		if r.ms, err = strconv.ParseFloat(part[1], 64); err != nil {
			t.Fatal(name, err)
		}
		for _, text := range strings.Split(part[2], ",") {
			if b, err := hex.DecodeString(text); err != nil {
				t.Fatal(name, err)
			} else if text != "" {
				r.texts = append(r.texts, string(b))
			}
		}
		readings = append(readings, r)
	}
	if len(readings) != len(of) && ctx.Err() == nil {
		t.Fatalf("%s: %d of %d pictures", name, len(readings), len(of))
	}
	for len(readings) < len(of) {
		readings = append(readings, reading{ms: math.Inf(1)})
	}
	return readings
}

func engines(t *testing.T) []engine {
	var glance, full Reader
	texts := func(r *Reader, img *image.Gray, b Budget) (out []string) {
		symbols, err := r.Read(context.Background(), img, b)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			out = append(out, s.Text)
		}
		return out
	}
	all := []engine{
		{"checkpoint, full effort", inProcess(func(img *image.Gray) []string { return texts(&full, img, Thorough()) }, nil)},
		{"checkpoint, glance", inProcess(func(img *image.Gray) []string { return texts(&glance, img, Glance()) }, nil)},
		{"gozxing 0.1.1", inProcess(func(img *image.Gray) []string {
			if s, err := plainGozxing(img); err == nil {
				return []string{s}
			}
			return nil
		}, func(p *picture) bool { return p.set == "adversarial" })},
	}
	if *peersDir == "" {
		return all
	}
	names, err := os.ReadFile(filepath.Join(*peersDir, "names"))
	if err != nil {
		t.Fatalf("no readers in %s: run `make bench-read`: %v", *peersDir, err)
	}
	for line := range strings.Lines(string(names)) {
		if name, command, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			all = append(all, peer(name, command))
		}
	}
	return all
}

// TestTable writes the table of `make bench-read`: what each reader makes of each set, in one run.
func TestTable(t *testing.T) {
	sets := []string{"zxing", "zxingcpp", "dcc", "boofcv", "synth", "negatives", "fresh", "hard video", "adversarial"}
	if *peersDir == "" {
		sets = []string{"dcc"}
	}
	var pictures []picture
	for _, set := range sets {
		switch set {
		case "fresh":
			pictures = append(pictures, fresh(t)...)
			continue
		case "hard video":
			pictures = append(pictures, hard(t)...)
			continue
		}
		all := truths(t, set)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			pictures = append(pictures, picture{set, name, load(t, filepath.Join(shared(t), "frames", set, name)), all[name], all})
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "| correct texts, with `+` false reads |")
	for _, set := range sets {
		n := 0
		for _, p := range pictures {
			if p.set == set && len(p.truth.Texts) > 0 {
				n++
			}
		}
		fmt.Fprintf(&out, " %s /%d |", set, n)
	}
	fmt.Fprintf(&out, "\n|---|%s\n", strings.Repeat("---|", len(sets)))
	var times strings.Builder
	fmt.Fprintf(&times, "\n| ms, median (p95) | code 720p | code 1080p | empty 720p | empty 1080p | worst hostile | all pictures |\n|---|---|---|---|---|---|---|\n")
	for _, e := range engines(t) {
		readings := e.read(t, pictures)
		fmt.Fprintf(&out, "| %s |", e.name)
		for _, set := range sets {
			correct, wrong := 0, 0
			for i, p := range pictures {
				if p.set == set {
					ok, bad := p.judge(readings[i].texts)
					wrong += bad
					if ok {
						correct++
					}
				}
			}
			fmt.Fprintf(&out, " %d", correct)
			if wrong > 0 {
				fmt.Fprintf(&out, " +%d", wrong)
			}
			fmt.Fprintf(&out, " |")
			if strings.HasPrefix(e.name, "checkpoint") && wrong > 0 || *peersDir == "" && correct < 46 {
				t.Errorf("%s: %s: %d correct, %d false reads", e.name, set, correct, wrong)
			}
		}
		fmt.Fprintln(&out)
		column := func(of func(p *picture) bool, at float64) float64 {
			var ms []float64
			for i := range pictures {
				if of(&pictures[i]) && readings[i].ms >= 0 {
					ms = append(ms, readings[i].ms)
				}
			}
			return percentile(ms, at)
		}
		synth := func(height int, code bool) func(*picture) bool {
			return func(p *picture) bool {
				return p.set == "synth" && p.img.Rect.Dy() == height && (len(p.truth.Texts) > 0) == code
			}
		}
		fmt.Fprintf(&times, "| %s |", e.name)
		for _, of := range []func(*picture) bool{synth(720, true), synth(1080, true), synth(720, false), synth(1080, false)} {
			fmt.Fprintf(&times, " %.2f (%.2f) |", column(of, 0.5), column(of, 0.95))
		}
		hostile := func(p *picture) bool { return p.set == "adversarial" }
		every := func(p *picture) bool { return !hostile(p) }
		worst := fmt.Sprintf("%.1f", column(hostile, 1))
		switch {
		case math.IsInf(column(hostile, 1), 1):
			worst = "not done in " + hostileWait.String()
		case column(hostile, 1) == 0:
			worst = "not shown"
		}
		fmt.Fprintf(&times, " %s | %.2f (%.2f) |\n", worst, column(every, 0.5), column(every, 0.95))
	}
	fmt.Println(out.String() + times.String())
	fmt.Println("gozxing is not shown the hostile pages (set adversarial): it stops for 25 s on one of them.")
}

// judge tells whether a text of the picture is among those read, and how many others are.
func (p *picture) judge(texts []string) (ok bool, wrong int) {
	for _, s := range texts {
		switch {
		case p.truth.has(s):
			ok = true
		case p.truth.Texts != nil && !(p.set == "boofcv" && unlisted(p.all, s)):
			wrong++
		}
	}
	return ok, wrong
}

// percentile is the value below which a part of all lie; 0 of none.
func percentile(v []float64, part float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.SortFunc(v, func(a, b float64) int { return cmp.Compare(a, b) })
	return v[min(int(part*float64(len(v))), len(v)-1)]
}
