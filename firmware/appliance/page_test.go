package appliance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/kiosk/screen"
	"example.org/checkpoint/simulators/gateboard"
)

// page is the attendant's, as a browser has it open.
type page struct {
	*testing.T
	address string
	browser http.Client
}

// opens opens the page of a device with its token.
func (a *Appliance) opens(t *testing.T) *page {
	t.Helper()
	web := httptest.NewServer(a.attendantPage())
	t.Cleanup(web.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{T: t, address: web.URL, browser: http.Client{Jar: jar}}
	r, err := p.browser.Get(web.URL + "/?lang=en&token=" + a.config.Attendant.Token)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK || r.Request.URL.Query().Has("token") {
		t.Fatalf("%s at %s", r.Status, r.Request.URL)
	}
	return p
}

// until reads what the page is told until a state of it matches, and gives the groups.
func (p *page) until(what *regexp.Regexp) []string {
	p.Helper()
	r, err := p.browser.Get(p.address + "/events?lang=en")
	if err != nil {
		p.Fatal(err)
	}
	defer r.Body.Close()
	late := time.AfterFunc(30*time.Second, func() { r.Body.Close() })
	defer late.Stop()
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	state := ""
	for lines.Scan() {
		data, is := strings.CutPrefix(lines.Text(), "data: ")
		var html string
		if !is || json.Unmarshal([]byte(data), &html) != nil {
			continue // a beat
		}
		state = html
		if found := what.FindStringSubmatch(html); found != nil {
			return found
		}
	}
	p.Fatalf("the page never has %s: %s", what, state)
	return nil
}

// act is what a button of the page sends.
func (p *page) act(a screen.Act, origin string) (status int) {
	p.Helper()
	body, err := json.Marshal(a)
	if err != nil {
		p.Fatal(err)
	}
	q, err := http.NewRequest(http.MethodPost, p.address+"/overrule", bytes.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Origin", origin)
	r, err := p.browser.Do(q)
	if err != nil {
		p.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// TestOverruleAtThePage: the rules refer somebody, the page shows them, an officer and a supervisor
// sign in there, each for themselves, and the gate opens; the record of that names the referral's,
// and the code counts as used (R29).
func TestOverruleAtThePage(t *testing.T) {
	r := newRig(t)
	r.stop()
	r.overruling = lane.BySignIn
	r.start()
	a := r.device()
	a.config.Attendant.Overrule, a.config.Attendant.Token = "sign-in", "of-the-page"
	pins := map[string]string{"anna": "482913", "bo": "775201"}
	var people []string
	for id, role := range map[string]string{"anna": "officer", "bo": "supervisor"} {
		v, err := staff.Verifier(pins[id], [16]byte{})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, fmt.Sprintf(`{"id":%q,"role":%q,"until":"2100-01-01T00:00:00Z","pin":%q}`, id, role, v))
	}
	list, err := staff.Parse([]byte(`{"v":1,"site":"site","staff":[`+strings.Join(people, ",")+`]}`), "site")
	if err != nil {
		t.Fatal(err)
	}
	a.desk.use(list)
	r.lane.use(func(p inspection.Presentation) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Refer, Reason: "test-missing", Rule: "tested", Urgent: []string{"exam"},
			Counts: []verdict.Count{{Identity: p.Codes[0], Until: time.Now().Add(time.Hour)}}}
	})
	p := a.opens(t)
	r.open()
	r.hold("A")
	asked := p.until(regexp.MustCompile(`data-overrule data-lane="1" data-number="(\d+)" data-urgent="exam `))
	number, err := strconv.ParseUint(asked[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	says := func(name string) screen.Act {
		return screen.Act{Lane: "1", Number: number, Urgent: "exam", Papers: "2026/0412", Name: name, PIN: pins[name]}
	}
	if got := p.act(says("anna"), "http://elsewhere.example"); got != http.StatusForbidden {
		t.Errorf("from another page: %d", got)
	}
	if got := p.act(says("anna"), p.address); got != http.StatusNoContent {
		t.Fatalf("the officer: %d", got)
	}
	p.until(regexp.MustCompile(`data-number="` + asked[1] + `" [^>]*data-given="exam"`))
	if s := r.gate.State(); s.Leaf != gateboard.Shut || r.gate.Counts().Openings != 0 {
		t.Fatalf("an officer alone opens: %+v", s)
	}
	if got := p.act(says("bo"), p.address); got != http.StatusNoContent {
		t.Fatalf("the supervisor: %d", got)
	}
	r.until("open", func() bool { return r.gate.State().Leaf == gateboard.Open })
	r.scene.Clear()
	walk := gateboard.Walk{Board: r.gate, Pace: 150 * time.Millisecond}
	if err := walk.Through(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.untilJournal("presented test-missing", "override test-missing", "passed")
	events, err := r.journal.Recent(3)
	if err != nil {
		t.Fatal(err)
	}
	referral, over := events[2], events[1]
	if over.Kind != event.Override || over.Note["of"] != fmt.Sprintf("%016x/%d", referral.Epoch, referral.Seq) || over.Visit != referral.Visit ||
		over.Note["officer"] != "anna" || over.Note["supervisor"] != "bo" || over.Note["urgent"] != "exam" || over.Note["papers"] != "2026/0412" {
		t.Errorf("%+v after %+v", over, referral)
	}
	if got := p.act(says("anna"), p.address); got != http.StatusOK { // with the word that nobody waits
		t.Errorf("again, for nobody: %d", got)
	}
	if n := r.gate.Counts().Openings; n != 1 {
		t.Errorf("the gate opened %d times", n)
	}
}
