package hall

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/bench"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

func (h *Hall) startBench(ctx context.Context) error {
	in, feed, err := os.Pipe()
	if err != nil {
		return err
	}
	said, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close() // the bench has its own copies
	defer out.Close()
	args := []string{"bench", "--dir", h.o.Dir, "--seed", strconv.FormatUint(h.o.Seed, 10)}
	for _, l := range h.Lanes {
		args = append(args, "--lane", l.Name+"="+l.Kind)
	}
	if h.o.Fast {
		args = append(args, "--fast")
	}
	if h.bench, err = process.Start("bench", h.path("logs", "bench.log"), in, out, h.o.Lab, args...); err != nil {
		return err
	}
	h.benchIn, h.benchLines = process.NewSpeaker(feed), make(chan bench.Line, 64)
	go h.listen(said) // ends with the bench
	select {
	case l, ok := <-h.benchLines:
		if !ok || len(l.Ready) != len(h.Lanes) {
			return errors.New("the bench did not come up: see logs/bench.log")
		}
		h.places = make([]bench.Place, len(h.Lanes))
		for i := range h.Lanes {
			at := slices.IndexFunc(l.Ready, func(p bench.Place) bool { return p.Lane == h.Lanes[i].Name })
			if at < 0 {
				return fmt.Errorf("the bench has no lane %s", h.Lanes[i].Name)
			}
			h.places[i], h.Lanes[i].Camera = l.Ready[at], l.Ready[at].Camera
		}
		return nil
	case <-time.After(20 * time.Second):
		return errors.New("the bench did not come up within 20 s: see logs/bench.log")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hall) listen(said io.Reader) {
	defer close(h.benchLines)
	s := bufio.NewScanner(said)
	for s.Scan() {
		var l bench.Line
		switch {
		case json.Unmarshal(s.Bytes(), &l) != nil:
		case l.Seen == nil:
			h.benchLines <- l
		default:
			h.Page.See(*l.Seen)
		}
	}
}
