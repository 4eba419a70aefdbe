package hall

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/simulators/cmd/lab/internal/cast"
	"example.org/checkpoint/simulators/cmd/lab/internal/process"
)

// TestProfile has the market change to another profile, and back, by nothing but a set that is
// published (R14, R44): one and the same code is judged by the rules of each, the event names
// their file, the attendant reads why, and the screen tells the person only what to do. Each
// verdict is made again afterwards by the policy of then.
func TestProfile(t *testing.T) {
	s := open(t)
	attendant, screen := s.reader(t, s.Attendant(), s.URL(10)+"events?lang=en"), s.reader(t, "", s.URL(12)+"events")
	person := s.amber()
	for i, at := range []struct {
		profile, colour, holder, officer string
		times                            int // that the attendant's page says it, with what it said of those before
	}{
		{"", "amber", "staff", "To be watched", 1},
		{"venue-polling-station", "green", "pass", "Admitted", 1},
		{"venue-government", "amber", "staff", "To be watched", 2},
		{"", "amber", "staff", "To be watched", 3},
	} {
		what := "by " + at.profile
		if at.profile != "" {
			s.assign(t, i+1, map[string]string{"M": at.profile})
		} else if i > 0 {
			what = "by the configuration's again"
			s.assign(t, i+1, nil)
		}
		attendant.forget()
		screen.forget()
		if got := s.visit(t, person); got.Saw != at.colour {
			t.Errorf("%s: %+v, want %s", what, got, at.colour)
		}
		attendant.says(t, what, at.officer, at.times)
		screen.says(t, what, `data-state="`+at.holder+`"`, 1)
		if screen.said("To be watched", 1) || screen.said("需要留意", 1) {
			t.Errorf("%s: the screen tells the queue what the code says of the person", what)
		}
	}
	if err := s.stopDevice(); err != nil {
		t.Fatal(err)
	}
	var by []string
	for _, e := range journalled(t, s.path()) {
		if e.Data.Lane != "M" || e.Kind() != "presented" && e.Kind() != "claimed" {
			continue
		}
		for _, l := range e.Data.Verdict.Lists {
			if strings.HasPrefix(l.Name, "policy/") {
				by = append(by, l.Name+" "+e.Data.Verdict.Outcome+" "+e.Data.Verdict.Rule)
			}
		}
		again := exec.CommandContext(t.Context(), filepath.Join(built, "checkpoint"), "verify", "--replay", e.ID, "--state", s.path("device"),
			"--config", s.path("checkpoint.toml"), "--bundle", s.path("repository"), person.Codes[0])
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%s is not judged the same again: %v\n%s", e.ID, err, out)
		}
	}
	want := []string{"policy/venue-government.json refer watch", "policy/venue-market.json refer watch",
		"policy/venue-market.json refer watch", "policy/venue-polling-station.json admit not-required"}
	if slices.Sort(by); !slices.Equal(by, want) {
		t.Errorf("judged by %q, want %q", by, want)
	}
}

// assign publishes which lanes judge by which policy, and waits until the device does: then that
// many sets have been in force.
func (s *session) assign(t *testing.T, sets int, policies map[string]string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"v": 1, "zone": "Asia/Hong_Kong", "lanes": []string{"1", "M"}, "policies": policies})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeFile("source/sites/"+cast.Site+".json", text); err != nil {
		t.Fatal(err)
	}
	s.republish(t)
	if err := process.Until(t.Context(), 60*time.Second, "the set in force", func() bool {
		c, err := s.counts()
		return err == nil && c.Events["bundle-activated"] >= sets
	}); err != nil {
		t.Fatal(err)
	}
}

// reader reads the stream of a page, as a browser does.
type reader struct {
	mu  sync.Mutex
	all []string // states since the last forget
}

// reader opens a page, if it must be opened first, and reads its stream until the test ends.
func (s *session) reader(t *testing.T, page, stream string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar}
	get := func(url string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s", answer.Status)
		}
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		return answer
	}
	if page != "" {
		get(page).Body.Close()
	}
	said, r := get(stream), &reader{}
	go func() { // ends with the test
		defer said.Body.Close()
		lines := bufio.NewScanner(said.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var state string
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &state) == nil {
				r.mu.Lock()
				r.all = append(r.all, state)
				r.mu.Unlock()
			}
		}
	}()
	return r
}

// forget drops what was shown so far; says waits for what is shown from then on.
func (r *reader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = nil
}

// said reports whether a state since then says a text so many times.
func (r *reader) said(text string, times int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.all, func(state string) bool { return strings.Count(state, text) >= times })
}

func (r *reader) says(t *testing.T, when, text string, times int) {
	t.Helper()
	if process.Until(t.Context(), 20*time.Second, text, func() bool { return r.said(text, times) }) != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		t.Errorf("%s: the page never says %s %d times: %q", when, text, times, r.all[max(0, len(r.all)-1):])
	}
}
