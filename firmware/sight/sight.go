// Package sight reads the codes in what a camera sees: every picture at a glance and the
// hard ones beside, so that none waits for another.
package sight

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/symbol"
)

// Camera is what eyes need of one.
type Camera interface {
	// Next waits for a picture newer than the last.
	Next(context.Context) (*image.Gray, time.Time, error)
}

// Eyes read what one camera sees. Every frame gets a glance, and full effort around the code that was
// there before; a frame in which something like a code was not read is studied beside, so that no
// newer frame waits for it.
type Eyes struct {
	camera Camera
	see    func(texts [][]byte, at time.Time)
	guide  func(context.Context, lane.Hint)
	log    *slog.Logger
	hard   chan view            // the newest frame to study
	found  chan []symbol.Symbol // in the last one studied
	told   told
}

// view is one frame of a camera.
type view struct {
	picture *image.Gray
	at      time.Time
}

// New makes the eyes of a camera. See is told the texts in a picture and when it was taken, guide
// what to change when nothing is read; log what went wrong, and nothing of the pictures.
func New(camera Camera, see func(texts [][]byte, at time.Time), guide func(context.Context, lane.Hint), log *slog.Logger) *Eyes {
	return &Eyes{camera: camera, see: see, guide: guide, log: log, hard: make(chan view, 1), found: make(chan []symbol.Symbol, 1)}
}

// Run looks until ctx is done.
func (e *Eyes) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var study sync.WaitGroup
	study.Go(func() { e.study(ctx) }) // ended below
	e.look(ctx)
	stop()
	study.Wait()
	return nil
}

// memory is what the eyes keep from one glance to the next.
type memory struct {
	tracker symbol.Tracker
	hints   hints
}

// look glances at every picture and tells the lane the texts in it.
func (e *Eyes) look(ctx context.Context) {
	var m memory
	for {
		picture, at, err := e.camera.Next(ctx)
		if err != nil {
			return
		}
		if !e.picture(func() error { return e.glance(ctx, &m, view{picture, at}) }) {
			m = memory{}
		}
	}
}

func (e *Eyes) glance(ctx context.Context, m *memory, v view) error {
	select {
	case symbols := <-e.found:
		m.tracker.Found(symbols)
		m.hints = m.hints.read()
	default:
	}
	symbols, err := m.tracker.Read(ctx, v.picture, symbol.Glance())
	if err != nil {
		return err
	}
	e.show(symbols, v)
	if m.tracker.Promising() {
		latest(e.hard, v)
	}
	if len(symbols) > 0 {
		m.hints = m.hints.read()
	}
	var hint lane.Hint
	var say bool
	if m.hints, hint, say = m.hints.take(m.tracker.Guidance(), v.at); say {
		e.guide(ctx, hint)
	}
	return nil
}

// study reads hard pictures at full effort.
func (e *Eyes) study(ctx context.Context) {
	var reader symbol.Reader
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-e.hard:
			if !e.picture(func() error { return e.effort(ctx, &reader, v) }) {
				reader = symbol.Reader{}
			}
		}
	}
}

func (e *Eyes) effort(ctx context.Context, reader *symbol.Reader, v view) error {
	symbols, err := reader.Read(ctx, v.picture, symbol.Thorough())
	if err != nil || len(symbols) == 0 {
		return err
	}
	e.show(symbols, v)
	latest(e.found, symbols)
	return nil
}

// picture has f do all that is done with one picture, and reports false if that panicked. A
// picture must not end the program that serves all lanes: it is skipped, and what may hang together
// with it is forgotten. What was in it is not logged.
func (e *Eyes) picture(f func() error) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("reading a picture panicked: report this", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			e.told.forget()
		}
	}()
	if err := f(); err != nil {
		e.log.Warn("picture", "err", err)
	}
	return true
}

// told is what both goroutines of the eyes have told the lane.
type told struct {
	mu    sync.Mutex
	parts symbol.Parts
	texts []string
	last  time.Time
}

func (t *told) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parts, t.texts = symbol.Parts{}, nil
}

// current is how far behind the newest frame a studied one may be and still speak of
// the person who stands there.
const current = 500 * time.Millisecond

// show tells the lane the texts of a frame, those in parts joined, its own choice first.
func (e *Eyes) show(symbols []symbol.Symbol, v view) {
	e.told.mu.Lock()
	defer e.told.mu.Unlock()
	if e.told.last.Sub(v.at) > current { // whoever held it up may be gone
		return
	}
	if v.at.Before(e.told.last) { // it was studied while newer ones came
		v.at = e.told.last
	}
	e.told.last = v.at
	symbols = symbol.Choose(e.told.parts.Join(symbols, v.at), v.picture.Rect, e.told.texts)
	texts := make([][]byte, len(symbols))
	if len(symbols) > 0 {
		e.told.texts = e.told.texts[:0]
	}
	for i, s := range symbols {
		texts[i] = []byte(s.Text)
		e.told.texts = append(e.told.texts, s.Text)
	}
	e.see(texts, v.at)
}

// latest puts v in place of what nobody took yet.
func latest[T any](c chan T, v T) {
	select {
	case <-c:
	default:
	}
	select {
	case c <- v:
	default:
	}
}

// hints steady the guidance of single frames: a word is said once it stands for half of the last
// frames, and taken back once hardly any has one.
type hints struct {
	recent [8]symbol.Guidance
	n      int
	said   lane.Hint
	at     time.Time // when it was said
}

// repeat is how often a hint is said again: the lane forgets it over other things.
const repeat = time.Second

// words of the guidance, for the lane.
var guided = map[symbol.Guidance]lane.Hint{
	symbol.GuidanceDark: lane.HintDark, symbol.GuidanceBright: lane.HintBright, symbol.GuidanceFar: lane.HintFar,
	symbol.GuidanceNear: lane.HintNear, symbol.GuidanceMoving: lane.HintMoving, symbol.GuidanceGlare: lane.HintGlare,
	symbol.GuidanceCovered: lane.HintCovered,
}

// read forgets the frames before: a code was read.
func (h hints) read() hints { return hints{said: h.said, at: h.at} }

// take takes the guidance of a frame and returns what to say, if anything.
func (h hints) take(g symbol.Guidance, at time.Time) (hints, lane.Hint, bool) {
	h.recent[h.n%len(h.recent)] = g
	h.n++
	var count [8]int
	for _, g := range h.recent {
		count[g]++
	}
	said := h.said
	for g, n := range count {
		if g != int(symbol.GuidanceNone) && 2*n >= len(h.recent) {
			said = guided[symbol.Guidance(g)]
		}
	}
	if count[symbol.GuidanceNone] >= len(h.recent)-1 {
		said = lane.HintNone
	}
	say := said != h.said || said != lane.HintNone && at.Sub(h.at) >= repeat
	if say {
		h.said, h.at = said, at
	}
	return h, said, say
}
