package screen

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/kiosk/screen/internal/phrases"
)

// busy is an island at work.
func busy() Status {
	now := noon()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	line := func(at time.Duration, lane string, k event.Kind, v verdict.Verdict) EventLine {
		return EventLine{lane, event.Event{At: ago(at), Kind: k, Verdict: v}}
	}
	old := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-too-old", Rule: "pcr-48h", Measured: "age 49 h", Threshold: "≤ 48 h"}
	waiting := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-out-of-date", Rule: "pcr-48h", Measured: "age 49 h", Threshold: "≤ 48 h",
		Hotline: "3142 2330", Language: "pt-MO", Urgent: []string{"exam", "funeral"}}
	s := Status{Site: Words{Hant: "深圳灣口岸 · 離境 · 第 2 島", Hans: "深圳湾口岸 · 出境 · 第 2 岛", En: "Shenzhen Bay · Departure · Island 2", Ja: "深圳湾口岸 · 出境 · 第2島", Ko: "선전만 통상구 · 출경 · 제2섬", Pt: "Baía de Shenzhen · Saída · Ilha 2"},
		Device: "szb-dep-2", At: now.Add(-300 * time.Millisecond),
		Lanes: []LaneStatus{
			{Number: "09", View: lane.View{Screen: lane.ScreenIdle}, Since: ago(12 * time.Second)},
			{Number: "10", View: lane.View{Screen: lane.ScreenGo}, Since: ago(3 * time.Second)},
			{Number: "11", View: lane.View{Screen: lane.ScreenLook}, Since: ago(time.Second)},
			{Number: "12", View: lane.View{Screen: lane.ScreenRefer}, Since: ago(41 * time.Second), Said: waiting,
				Waits: &Referral{Number: 7, Consent: lane.Consent{Reason: "exam", Officer: lane.OfficerKey}}},
			{Number: "13", View: lane.View{Screen: lane.ScreenRetry}, Since: ago(2 * time.Second)},
			{Number: "14", View: lane.View{}, Since: ago(5*time.Hour + 22*time.Minute)},
			{Number: "15", View: lane.View{}, Since: ago(90 * time.Second), Faults: health.Set{}.With(health.CameraLost)},
			{Number: "16", View: lane.View{Screen: lane.ScreenRefer, Lamp: lane.LampAmberFlashes, Tone: lane.ToneAlarm}, Since: ago(8 * time.Second)},
		},
		Conditions: health.Set{}.With(health.CameraLost).With(health.CentreOffline),
		Bundle:     BundleStatus{"2021-12-10.3", "canary", ago(2 * time.Hour), ago(4 * time.Minute)},
		Lists: []ListStatus{{"trust/HK.json", ago(9 * 24 * time.Hour)}, {"trust/GD.json", ago(26 * time.Hour)}, {"status/hk-health/1.cwt", ago(2 * time.Hour)},
			{"policy/szb-departure.json", ago(30 * time.Hour)}, {"freshness.json", ago(11 * 24 * time.Hour)}, {"status/gd-health/1.cwt", ago(3 * time.Hour)}, {"status/gd-health/2.cwt", ago(time.Hour)}},
		Orders: []OrderLine{
			{Number: 41, Kind: "breaker", Halt: true, Scheme: "GD", Reason: "too many refused at once", From: ago(time.Hour), Overdue: true},
			{Number: 43, Kind: "breaker", Held: true, Direction: "out", Agrees: []string{"09", "10"}, From: ago(time.Minute)},
			{Number: 44, Kind: "lockdown", Held: true, Lane: "14", From: ago(time.Minute)},
		},
		Sync: SyncStatus{false, 37, ago(52 * time.Minute), ago(53 * time.Minute)},
		Events: []EventLine{
			line(8*time.Second, "16", event.Alarm, verdict.Verdict{}),
			line(41*time.Second, "12", event.Presented, old),
			line(46*time.Second, "10", event.Claimed, verdict.Verdict{Outcome: verdict.Admit, Reason: verdict.Satisfied}),
			line(70*time.Second, "13", event.Presented, verdict.Verdict{Reason: verdict.SeveralCodes}),
			line(80*time.Second, "16", event.Passed, verdict.Verdict{}),
			line(90*time.Second, "15", event.Condition, verdict.Verdict{}),
			line(2*time.Minute, "12", event.Presented, verdict.Verdict{Outcome: verdict.Refer, Reason: verdict.HolderProof}),
			line(3*time.Minute, "09", event.Withdrew, verdict.Verdict{}),
			line(4*time.Minute, "10", event.Presented, verdict.Verdict{Reason: verdict.BadSignature}),
			line(2*time.Hour, "", event.BundleActivated, verdict.Verdict{}),
			line(5*time.Hour+22*time.Minute, "14", event.Secured, verdict.Verdict{}),
			line(30*time.Hour, "", event.Started, verdict.Verdict{}),
		}}
	s.Events[5].Note = map[string]string{"code": "camera-lost"}
	return s
}

func TestAttendantPage(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	var hung atomic.Bool
	var calm atomic.Bool
	addr, stop := start(t, "127.0.0.1:0", NewAttendant(func() Status {
		s := busy()
		if hung.Load() {
			s.At = s.At.Add(-time.Minute)
		}
		if calm.Load() {
			s.Lanes = s.Lanes[:2]
			s.Orders, s.Events, s.Conditions, s.Sync = nil, nil, health.Set{}, SyncStatus{Online: true, LastAccepted: s.At}
		}
		return s
	}, nil, here))
	for _, p := range []struct {
		name          string
		width, height int64
	}{{"1080", 1920, 1080}, {"900", 1440, 900}, {"720", 1280, 720}} {
		do(t, ctx, chromedp.EmulateViewport(p.width, p.height))
		for _, l := range phrases.Spoken {
			do(t, ctx, chromedp.Navigate(fmt.Sprintf("http://%s/?lang=%s", addr, l)))
			until(t, ctx, `document.querySelectorAll('.lane').length === 8 && document.getElementById('clock').textContent === '14:32:11'`)
			for _, fault := range eval[[]string](t, ctx, audit) {
				t.Errorf("%s at %s: %s", l, p.name, fault)
			}
			if got := eval[string](t, ctx, `document.documentElement.lang`); got != string(l) {
				t.Errorf("the page says it is in %q, not %q", got, l)
			}
			shot(t, ctx, dir, fmt.Sprintf("attendant-%s-%s", l, p.name))
		}
	}
	if got := eval[string](t, ctx, `document.querySelector('.lane[data-state=refer] .since').textContent`); got != "00:41" {
		t.Errorf("lane 12 was referred 41 s ago, the page says %q", got)
	}
	if got := eval[string](t, ctx, `board.dataset.tone`); got != "alarm" {
		t.Errorf("an alarm sounds like %q", got)
	}
	if eval[string](t, ctx, `live.textContent`) == "" {
		t.Error("a screen reader is not told of the referral")
	}
	calm.Store(true)
	until(t, ctx, `document.querySelectorAll('.lane').length === 2 && board.dataset.tone === ''`)
	shot(t, ctx, dir, "attendant-calm")
	calm.Store(false)
	hung.Store(true)
	until(t, ctx, `document.documentElement.classList.contains('stale') && stamp.textContent.includes('14:31:10')`)
	shot(t, ctx, dir, "attendant-stale")
	hung.Store(false)
	until(t, ctx, `!document.documentElement.classList.contains('stale') && stamp.hidden`)
	stop()
	until(t, ctx, `document.documentElement.classList.contains('stale') && !stamp.hidden`)
	if n := eval[int](t, ctx, `document.querySelectorAll('.lane').length`); n != 8 {
		t.Errorf("the last known state is gone: %d lanes", n)
	}
}

// TestOverrule: an officer opens what waits at a lane, must give a reason of the verdict's
// own, and the act that comes of it names the presentation (R29). What is for the person
// alone is shown at a touch, in their language, with who can change it and where to ask
// (R19, R80), and the site's legal text as the draft that it is.
func TestOverrule(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	o := here
	o.Token = "k3y"
	acts := make(chan Act, 1)
	var gone atomic.Bool
	addr, _ := start(t, "127.0.0.1:0", NewAttendant(func() Status {
		s := busy()
		s.Lanes[3].Waits.Consent = lane.Consent{}
		return s
	}, func(a Act) error {
		if gone.Load() {
			return ErrGone
		}
		acts <- a
		return nil
	}, o))
	do(t, ctx, chromedp.EmulateViewport(1280, 720), chromedp.Navigate("http://"+addr+"/?token=k3y&lang=pt"))
	until(t, ctx, `document.querySelector('[data-overrule]') !== null`)
	eval[any](t, ctx, `document.querySelector('[data-overrule]').click()`)
	if got := eval[string](t, ctx, `[...document.querySelectorAll('#overrule fieldset label')].filter((l) => l.checkVisibility()).map((l) => l.innerText).join('|')`); got != "Exame|Funeral" {
		t.Errorf("the reasons to choose from are %q", got)
	}
	if !eval[bool](t, ctx, `document.querySelector('#overrule .act').disabled`) {
		t.Error("it can be confirmed without a reason")
	}
	gone.Store(true)
	eval[any](t, ctx, `document.querySelector('#overrule input[value=funeral]').click()`)
	const number = `{ const i = document.querySelector('#overrule [name=papers]'); i.value = '%s'; i.dispatchEvent(new Event('input', {bubbles: true})); }; document.querySelector('#overrule .act').disabled`
	for of, want := range map[string]bool{"CHAN TAI MAN": true, "2026/": true, "": false} {
		if eval[bool](t, ctx, fmt.Sprintf(number, of)) != want {
			t.Errorf("%q for the number of a photograph: it can be confirmed is %v", of, want)
		}
	}
	eval[bool](t, ctx, fmt.Sprintf(number, "2026/0412"))
	shot(t, ctx, dir, "attendant-overrule-720")
	eval[any](t, ctx, `document.querySelector('#overrule .act').click()`)
	until(t, ctx, `document.querySelector('#overrule .wrong').checkVisibility() && document.querySelector('#overrule .wrong').textContent.includes('já não está')`)
	gone.Store(false)
	eval[any](t, ctx, `document.querySelector('#overrule .act').click()`)
	until(t, ctx, `!document.getElementById('overrule').open`)
	if a := <-acts; a != (Act{Lane: "12", Number: 7, Urgent: "funeral", Papers: "2026/0412"}) {
		t.Errorf("the act is %+v", a)
	}
	eval[any](t, ctx, `document.querySelector('[data-tell]').click()`)
	text := eval[string](t, ctx, `document.getElementById('told').innerText`)
	for _, part := range []string{"Falta uma prova", "Um novo teste muda-o", "3142 2330", "Rascunho, não aprovado", "Sobre esta verificação"} {
		if !strings.Contains(text, part) {
			t.Errorf("the person is not told %q: %s", part, text)
		}
	}
	shot(t, ctx, dir, "attendant-told-720")
	do(t, ctx, chromedp.EmulateViewport(1920, 1080))
	shot(t, ctx, dir, "attendant-told-1080")
}

// TestActsNeedThePage: an act comes from the page itself, with its token, and names a
// reason of the closed list; a page without a token acts for nobody.
func TestActsNeedThePage(t *testing.T) {
	o := here
	o.Token = "k3y"
	took := 0
	act := func(Act) error { took++; return nil }
	addr, _ := start(t, "127.0.0.1:0", NewAttendant(busy, act, o))
	open, _ := start(t, "127.0.0.1:0", NewAttendant(busy, act, here))
	const good = `{"lane":"12","number":7,"urgent":"exam"}`
	for name, c := range map[string]struct {
		addr, cookie, origin, kind, body string
		want                             int
	}{
		"from the page":       {addr, pass("k3y"), "http://" + addr, "application/json", good, 204},
		"without the token":   {addr, "", "http://" + addr, "application/json", good, 403},
		"with another":        {addr, pass("k3yy"), "http://" + addr, "application/json", good, 403},
		"from nowhere":        {addr, pass("k3y"), "", "application/json", good, 403},
		"from elsewhere":      {addr, pass("k3y"), "http://" + open, "application/json", good, 403},
		"a form":              {addr, pass("k3y"), "http://" + addr, "text/plain", good, 400},
		"no reason":           {addr, pass("k3y"), "http://" + addr, "application/json", `{"lane":"12","number":7}`, 400},
		"a reason of its own": {addr, pass("k3y"), "http://" + addr, "application/json", `{"lane":"12","number":7,"urgent":"holiday"}`, 400},
		"a photograph":        {addr, pass("k3y"), "http://" + addr, "application/json", `{"lane":"12","number":7,"urgent":"exam","papers":"17-3"}`, 204},
		"a name for a number": {addr, pass("k3y"), "http://" + addr, "application/json", `{"lane":"12","number":7,"urgent":"exam","papers":"CHAN"}`, 400},
		"too long":            {addr, pass("k3y"), "http://" + addr, "application/json", `{"lane":"` + strings.Repeat("1", maxAct) + `"}`, 400},
		"where no token is":   {open, "", "http://" + open, "application/json", good, 405},
	} {
		took = 0
		r, err := http.NewRequest("POST", "http://"+c.addr+"/overrule", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		r.AddCookie(&http.Cookie{Name: cookieName(&http.Request{Host: c.addr}), Value: c.cookie})
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want || (took == 1) != (c.want == 204) {
			t.Errorf("%s: %s, %d acts", name, res.Status, took)
		}
	}
}

// TestSignIn: where staff sign in, the button waits for name and PIN, the PIN does not stay
// in the page, and what is wrong is said.
func TestSignIn(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	o := here
	o.Token, o.SignIn = "k3y", true
	acts := make(chan Act, 3)
	errs := []error{ErrDenied, ErrLocked, nil}
	addr, _ := start(t, "127.0.0.1:0", NewAttendant(busy, func(a Act) error {
		acts <- a
		err := errs[0]
		errs = errs[1:]
		return err
	}, o))
	do(t, ctx, chromedp.EmulateViewport(1920, 1080), chromedp.Navigate("http://"+addr+"/?token=k3y&lang=ko"))
	until(t, ctx, `document.querySelector('[data-overrule]') !== null`)
	eval[any](t, ctx, `document.querySelector('[data-overrule]').click()`)
	if got := eval[string](t, ctx, `[...document.querySelectorAll('#overrule fieldset label')].filter((l) => l.checkVisibility()).map((l) => l.innerText).join('|')`); got != "시험" {
		t.Errorf("one has given the reason, and the other may choose from %q", got)
	}
	const fill = `for (const i of document.querySelectorAll('#overrule .sign input')) { i.value = i.name === 'pin' ? '482913' : 'bo'; i.dispatchEvent(new Event('input', {bubbles: true})); }; null`
	if !eval[bool](t, ctx, `document.querySelector('#overrule .act').disabled`) {
		t.Error("it can be confirmed by nobody")
	}
	for _, want := range []string{"번호나 비밀번호가 틀립니다", "15분간"} {
		eval[any](t, ctx, fill)
		eval[any](t, ctx, `document.querySelector('#overrule .act').click()`)
		until(t, ctx, `document.querySelector('#overrule .wrong').textContent.includes('`+want+`') && document.querySelector('#overrule [name=pin]').value === '' && document.querySelector('#overrule .act').disabled`)
	}
	shot(t, ctx, dir, "attendant-signin-1080")
	eval[any](t, ctx, fill)
	eval[any](t, ctx, `document.querySelector('#overrule .act').click()`)
	until(t, ctx, `!document.getElementById('overrule').open`)
	for range 3 {
		if a := <-acts; a != (Act{Lane: "12", Number: 7, Urgent: "exam", Name: "bo", PIN: "482913"}) {
			t.Errorf("the act is %+v", a)
		}
	}
}
