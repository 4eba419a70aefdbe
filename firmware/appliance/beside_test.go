package appliance

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/checkpoint/firmware/config"
	"example.org/checkpoint/firmware/credential"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/inspection"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	docreader "example.org/checkpoint/hardware/document"
	"example.org/checkpoint/hardware/thermal"
	"example.org/checkpoint/simulators/document"
	"example.org/checkpoint/simulators/scanner"
)

// The specimen of ICAO Doc 9303 part 4, with an expiry in 2035.
var specimen = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3504152ZE184226B<<<<<16"}

// TestPaper believes a whole, sound zone of a document that is still valid, and tells
// staff of every other, without a word of what was read.
func TestPaper(t *testing.T) {
	today := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	spoilt := []string{specimen[0], "LB" + specimen[1][2:]}
	for _, tc := range []struct {
		name    string
		reading docreader.Reading
		today   time.Time
		want    string // the type; empty: doubted
	}{
		{"sound", docreader.Reading{Lines: specimen}, today, "PASSPORT"},
		{"misread", docreader.Reading{Lines: spoilt}, today, ""},
		{"half", docreader.Reading{Half: "lines of 44, 12 characters"}, today, ""},
		{"read twice, otherwise", docreader.Reading{Lines: specimen, Differs: []docreader.Place{{Line: 2, Column: 3}}}, today, ""},
		{"expired", docreader.Reading{Lines: specimen}, today.AddDate(20, 0, 0), ""},
		{"no zone", docreader.Reading{Lines: []string{"A", "B"}}, today, ""},
	} {
		d, why := paperOf(tc.reading, nil, tc.today)
		got := ""
		if d != nil {
			got = d.Type
		}
		if got != tc.want || (why == nil) != (tc.want != "") {
			t.Errorf("%s: %q, %q", tc.name, got, why)
		}
		for _, secret := range []string{"ERIKSSON", "ANNA", "L898902C3", "LB98902C3", "740812"} {
			if strings.Contains(strings.Join(why, " "), secret) {
				t.Errorf("%s: the reasons name the person: %q", tc.name, why)
			}
		}
	}
}

// TestDocumentKeys digests a passport's number under the schemes' keys, and refuses keys
// that others may read or that are none.
func TestDocumentKeys(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "HK.key")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := documentKeys(dir); err == nil {
		t.Error("an empty folder is no error")
	}
	for _, bad := range []struct {
		text string
		mode os.FileMode
	}{{strings.Repeat("0f", 32), 0o644}, {"0f0f", 0o600}, {strings.Repeat("zz", 32), 0o600}} {
		write(bad.text, bad.mode)
		if _, err := documentKeys(dir); err == nil || strings.Contains(err.Error(), "0f0f") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	write(strings.Repeat("0f", 32)+"\n", 0o600)
	keys, err := documentKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, why := paperOf(docreader.Reading{Lines: specimen}, keys, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	if why != nil || d.Digests["HK"] != credential.DigestOf(keys["HK"], "L898902C3") {
		t.Errorf("%+v %q", d, why)
	}
}

// TestBesideCountsOnce gives a document and a temperature to one verdict only, and none that
// is old to any.
func TestBesideCountsOnce(t *testing.T) {
	b := beside{log: slog.New(slog.DiscardHandler)}
	now := time.Now()
	b.paper(docreader.Reading{Lines: specimen})
	b.temperature(thermal.Reading{At: now, Object: 36.4, Uncertainty: 0.6})
	if d := b.take(now); d.Document == nil || d.Temperature == nil || d.Temperature.Celsius != 36.4 || d.Temperature.Uncertainty != 0.6 {
		t.Errorf("%+v", d)
	}
	if d := b.take(now); d.Document != nil || d.Temperature != nil {
		t.Errorf("the next person: %+v", d)
	}
	for after, want := range map[time.Duration]bool{7 * time.Second: true, 9 * time.Second: false} {
		b.paper(docreader.Reading{Lines: specimen})
		if d := b.take(time.Now().Add(after)); (d.Document != nil) != want || d.Temperature != nil {
			t.Errorf("%v later: %+v", after, d)
		}
	}
	b.paper(docreader.Reading{Half: "nothing"})
	if !b.doubted(time.Now()) || b.doubted(time.Now().Add(time.Minute)) || b.take(time.Now()).Document != nil {
		t.Error("a half zone is no doubt, or one for ever")
	}
}

// TestPaperOfWhoPasses has somebody lay down their passport once more when the barrier is
// open for them: it is not the next person's.
func TestPaperOfWhoPasses(t *testing.T) {
	r := newRig(t)
	r.open()
	shown := func() bool {
		r.lane.paper(docreader.Reading{Lines: specimen})
		return r.lane.beside.take(time.Now()).Document != nil
	}
	if !shown() {
		t.Error("a document that is shown to a lane that waits is lost")
	}
	r.admit("A")
	if shown() {
		t.Error("shown after the verdict, and kept for the next person")
	}
}

// TestAwaits: while somebody is judged or let through a document is nobody's, also at a
// venue's door, which is ready while it still says come in.
func TestAwaits(t *testing.T) {
	shown, admit := time.Now().Add(time.Second), verdict.Verdict{Outcome: verdict.Admit}
	for name, tc := range map[string]struct {
		lane lane.Lane
		want bool
	}{
		"nobody there":          {lane.Lane{State: lane.Ready}, true},
		"referred, and told so": {lane.Lane{State: lane.Ready, Deadline: shown, Verdict: verdict.Verdict{Outcome: verdict.Refer}}, true},
		"waits for staff":       {lane.Lane{State: lane.Waiting}, true},
		"staff have begun":      {lane.Lane{State: lane.Waiting, Consent: lane.Consent{Officer: lane.OfficerKey}}, false},
		"is judged":             {lane.Lane{State: lane.Inspecting}, false},
		"is let through":        {lane.Lane{State: lane.Released}, false},
		"out of service":        {lane.Lane{}, false},
		"a venue, come in":      {lane.Lane{Profile: lane.Open, State: lane.Ready, Deadline: shown, Verdict: admit}, false},
		"a venue, see staff":    {lane.Lane{Profile: lane.Open, State: lane.Ready, Deadline: shown, Verdict: verdict.Verdict{Outcome: verdict.Refer}}, true},
		"a venue, nobody there": {lane.Lane{Profile: lane.Open, State: lane.Ready}, true},
	} {
		if got := awaits(tc.lane); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestScannerAlone is a lane without a camera: a scanner alone serves it, its loss takes it
// out of service, and its return back, while the document reader beside it is heard.
func TestScannerAlone(t *testing.T) {
	r := newRig(t)
	r.stop()
	dir := t.TempDir()
	imager, err := scanner.NewSerial(filepath.Join(dir, "scanner"), scanner.Setup{After: "\r"})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := document.New(filepath.Join(dir, "papers"), document.Setup{EndOfLine: "\r"})
	if err != nil {
		t.Fatal(err)
	}
	r.config.Camera = config.Camera{}
	r.config.Unattended = true
	r.config.Scanners = []config.Scanner{{Wire: "serial", Device: filepath.Join(dir, "scanner")}}
	r.config.Document = &config.Document{Device: filepath.Join(dir, "papers")}
	r.start()
	var mu sync.Mutex
	var asked []inspection.Presentation
	r.lane.use(func(p inspection.Presentation) verdict.Verdict {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, p)
		return verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.PolicyError}
	})
	heard := func(n int) []inspection.Presentation {
		t.Helper()
		r.until("heard", func() bool { mu.Lock(); defer mu.Unlock(); return len(asked) == n })
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
	troubles := func() health.Set { return r.lane.troubles() }
	r.untilState(lane.Ready)
	reader.Swipe(specimen...)
	r.until("document read", func() bool {
		r.lane.beside.mu.Lock()
		defer r.lane.beside.mu.Unlock()
		return r.lane.beside.document != nil
	})
	imager.Show("Q1", []byte("HCT1:a"))
	if p := heard(1)[0]; string(p.Codes[0]) != "HCT1:a" || p.Devices.Document == nil || p.Devices.Document.Type != "PASSPORT" {
		t.Errorf("%q, %+v", p.Codes, p.Devices)
	}
	imager.Show("Q1", []byte("HCT1:b"))
	if p := heard(2)[1]; p.Devices.Document != nil {
		t.Errorf("the next person has the document of the one before: %+v", p.Devices)
	}

	if err := imager.Unplug(); err != nil {
		t.Fatal(err)
	}
	r.until("out of service", func() bool {
		s := r.lane.controller.State()
		return s.State == lane.Secured && s.Faults.Has(lane.CameraFault) && troubles().Has(health.ReaderLost) && troubles().Has(health.ScannerLost)
	})
	if err := imager.Plug(); err != nil {
		t.Fatal(err)
	}
	r.untilState(lane.Ready)
	imager.Show("Q1", []byte("HCT1:c"))
	heard(3)
	reader.Misread(2, 2, "B")
	reader.Swipe(specimen...)
	r.until("doubted", func() bool { return troubles().Has(health.DocumentDoubtful) })
	if errs := append(imager.Errors(), reader.Errors()...); len(errs) > 0 {
		t.Error(errs)
	}
}
