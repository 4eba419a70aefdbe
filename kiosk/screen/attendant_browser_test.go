package screen

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/health"
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// busy is an island at work.
func busy() Status {
	now := noon()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	line := func(at time.Duration, lane string, k event.Kind, v verdict.Verdict) EventLine {
		return EventLine{lane, event.Event{At: ago(at), Kind: k, Verdict: v}}
	}
	old := verdict.Verdict{Outcome: verdict.Refer, Reason: "test-too-old", Rule: "pcr-48h", Measured: "age 49 h", Threshold: "≤ 48 h"}
	s := Status{Site: Words{"深圳灣口岸 · 離境 · 第 2 島", "深圳湾口岸 · 出境 · 第 2 岛", "Shenzhen Bay · Departure · Island 2"},
		Device: "szb-dep-2", At: now.Add(-300 * time.Millisecond),
		Lanes: []LaneStatus{
			{Number: "09", View: lane.View{Screen: lane.ScreenIdle}, Since: ago(12 * time.Second)},
			{Number: "10", View: lane.View{Screen: lane.ScreenGo}, Since: ago(3 * time.Second)},
			{Number: "11", View: lane.View{Screen: lane.ScreenLook}, Since: ago(time.Second)},
			{Number: "12", View: lane.View{Screen: lane.ScreenRefer}, Since: ago(41 * time.Second)},
			{Number: "13", View: lane.View{Screen: lane.ScreenRetry}, Since: ago(2 * time.Second)},
			{Number: "14", View: lane.View{}, Since: ago(5*time.Hour + 22*time.Minute)},
			{Number: "15", View: lane.View{}, Since: ago(90 * time.Second), Faults: health.Set{}.With(health.CameraLost)},
			{Number: "16", View: lane.View{Screen: lane.ScreenRefer, Lamp: lane.LampAmberFlashes, Tone: lane.ToneAlarm}, Since: ago(8 * time.Second)},
		},
		Conditions: health.Set{}.With(health.CameraLost).With(health.CentreOffline),
		Bundle:     BundleStatus{"2021-12-10.3", ago(2 * time.Hour), ago(4 * time.Minute)},
		Lists: []ListStatus{{"trust/HK.json", ago(9 * 24 * time.Hour)}, {"trust/GD.json", ago(26 * time.Hour)}, {"status/hk-health/1.cwt", ago(2 * time.Hour)},
			{"policy/szb-departure.json", ago(30 * time.Hour)}, {"freshness.json", ago(11 * 24 * time.Hour)}, {"status/gd-health/1.cwt", ago(3 * time.Hour)}, {"status/gd-health/2.cwt", ago(time.Hour)}},
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
			s.Events, s.Conditions, s.Sync = nil, health.Set{}, SyncStatus{Online: true, LastAccepted: s.At}
		}
		return s
	}, here))
	for _, p := range []struct {
		name          string
		width, height int64
	}{{"1080", 1920, 1080}, {"900", 1440, 900}, {"720", 1280, 720}} {
		do(t, ctx, chromedp.EmulateViewport(p.width, p.height))
		for _, l := range spoken {
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
