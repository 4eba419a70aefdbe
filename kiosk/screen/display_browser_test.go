package screen

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

var (
	noon = func() time.Time { return time.Date(2021, 12, 10, 6, 32, 11, 0, time.UTC) }
	here = Options{Now: noon, Location: time.FixedZone("HKT", 8*3600), Volume: 0.5}
	bay  = LaneInfo{Number: "12", Kind: "border",
		Place:     Words{Hant: "深圳灣口岸 · 離境", Hans: "深圳湾口岸 · 出境", En: "Shenzhen Bay · Departure", Ja: "深圳湾口岸 · 出境", Ko: "선전만 통상구 · 출경", Pt: "Baía de Shenzhen · Saída"},
		Counter:   Words{Hant: "右邊 8 號櫃位", Hans: "右边 8 号柜台", En: "Counter 8, on the right", Ja: "右側の8番窓口へ", Ko: "오른쪽 8번 창구", Pt: "Balcão 8, à direita"},
		Elsewhere: Words{Hant: "請使用 11 或 13 號通道", Hans: "请使用 11 或 13 号通道", En: "Please use lane 11 or 13", Ja: "11番か13番の通路へ", Ko: "11번이나 13번 통로로", Pt: "Use a passagem 11 ou 13"}}
	market = LaneInfo{Number: "B", Kind: Venue, Place: Words{Hant: "海濱街市 · B 閘", Hans: "海滨街市 · B 闸", En: "Harbour Market · Gate B", Ja: "海辺の市場 · Bゲート", Ko: "해변 시장 · B문", Pt: "Mercado do Porto · Porta B"}}
)

var laneViews = []struct {
	name string
	view lane.View
}{
	{"closed", lane.View{}},
	{"idle", lane.View{Screen: lane.ScreenIdle}},
	{"look", lane.View{Screen: lane.ScreenLook, Language: "zh-CN"}},
	{"retry", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.Unreadable}},
	{"retry-several-en", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.SeveralCodes, Language: "en"}},
	{"refer", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer}},
	{"refer-en", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer, Language: "en-GB"}},
	{"refer-hans", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer, Language: "zh-Hans"}},
	{"alarm", lane.View{Screen: lane.ScreenRefer, Lamp: lane.LampAmberFlashes, Tone: lane.ToneAlarm}},
	{"go", lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo, Language: "zh-HK"}},
	{"go-en", lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo, Language: "en"}},
	{"idle-pt", lane.View{Screen: lane.ScreenIdle, Language: "pt"}},
	{"look-ko", lane.View{Screen: lane.ScreenLook, Language: "ko"}},
	{"retry-ja", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.NoPerson, Language: "ja"}},
	{"retry-ko", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.NoPerson, Language: "ko"}},
	{"retry-pt", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.UnknownFormat, Language: "pt"}},
	{"refer-ja", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer, Language: "ja"}},
	{"refer-ko", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer, Language: "ko-KR"}},
	{"refer-pt", lane.View{Screen: lane.ScreenRefer, Tone: lane.ToneRefer, Language: "pt-MO"}},
	{"go-ja", lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo, Language: "ja"}},
	{"go-ko", lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo, Language: "ko"}},
	{"go-pt", lane.View{Screen: lane.ScreenGo, Tone: lane.ToneGo, Language: "pt"}},
	{"emergency", lane.View{Screen: lane.ScreenEmergency, Lamp: lane.LampGreenBoth, Tone: lane.ToneEvacuation}},
}

var venueViews = []struct {
	name string
	view lane.View
}{
	{"closed", lane.View{}},
	{"idle", lane.View{Screen: lane.ScreenIdle}},
	{"pass", lane.View{Screen: lane.ScreenPass, Tone: lane.ToneGo}},
	{"pass-en", lane.View{Screen: lane.ScreenPass, Tone: lane.ToneGo, Language: "en"}},
	{"invalid", lane.View{Screen: lane.ScreenInvalid, Tone: lane.ToneRetry, Reason: verdict.BadSignature}},
	{"staff", lane.View{Screen: lane.ScreenStaff, Tone: lane.ToneRefer, Reason: verdict.Undetermined}},
	{"staff-en", lane.View{Screen: lane.ScreenStaff, Tone: lane.ToneRefer, Reason: verdict.HolderProof, Language: "en"}},
	{"retry", lane.View{Screen: lane.ScreenRetry, Tone: lane.ToneRetry, Reason: verdict.Expired}},
	{"pass-pt", lane.View{Screen: lane.ScreenPass, Tone: lane.ToneGo, Language: "pt"}},
	{"pass-ko", lane.View{Screen: lane.ScreenPass, Tone: lane.ToneGo, Language: "ko"}},
	{"invalid-ja", lane.View{Screen: lane.ScreenInvalid, Tone: lane.ToneRefer, Reason: verdict.BadSignature, Language: "ja"}},
	{"staff-pt", lane.View{Screen: lane.ScreenStaff, Tone: lane.ToneRefer, Reason: verdict.HolderProof, Language: "pt"}},
}

var panels = []struct {
	name          string
	width, height int64
}{
	{"1080", 1920, 1080}, {"720", 1280, 720}, {"portrait", 1080, 1920}, {"4k", 3840, 2160}, {"800", 1280, 800},
}

// TestStates draws every state on every panel: it must be lit, whole, and of a shape
// of its own.
func TestStates(t *testing.T) {
	ctx, dir := browser(t), shots(t)
	for _, kind := range []struct {
		name string
		info LaneInfo
		way  Direction
	}{{"lane", bay, ""}, {"venue", market, ""}} {
		d := NewDisplay(kind.info, here)
		d.Count(412)
		addr, _ := start(t, "127.0.0.1:0", d)
		views := laneViews
		if kind.name == "venue" {
			views = venueViews
		}
		do(t, ctx, chromedp.Navigate("http://"+addr+"/"))
		for _, p := range panels {
			do(t, ctx, chromedp.EmulateViewport(p.width, p.height))
			for i, v := range views {
				d.Show(v.view)
				until(t, ctx, fmt.Sprintf(`document.getElementById('stage').dataset.shown === '%d' && document.querySelector('.clock').textContent === '14:32'`, d.shown))
				for _, fault := range eval[[]string](t, ctx, audit) {
					t.Errorf("%s %s at %s: %s", kind.name, v.name, p.name, fault)
				}
				if p.name == "4k" && i > 2 {
					continue // one picture of each is enough
				}
				shot(t, ctx, dir, fmt.Sprintf("%s-%s-%s", kind.name, v.name, p.name))
			}
		}
	}
}
