package screen

import (
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// reasons are every reason in the words of officers, of those languages that screens speak.
var reasons = officers()

func officers() map[verdict.Reason]Words {
	all := map[verdict.Reason]Words{}
	for _, r := range words.Reasons() {
		w := words.Officer(r)
		all[r] = Words{w.Hant, w.Hans, w.En}
	}
	return all
}

// reasonWords gives the words of a reason; one of a later version is shown as it is named.
func reasonWords(r verdict.Reason) Words {
	if w, ok := reasons[r]; ok {
		return w
	}
	return Words{Hant: string(r)}
}

// happened are the kinds of event in the words of officers; presented is said by
// its outcome.
var happened = map[event.Kind]mark{
	event.Presented:       {"refer", Words{"轉介職員", "转介人工", "Referred"}},
	event.Claimed:         {"go", Words{"准予通行", "准予通行", "Admitted"}},
	event.Override:        {"go", Words{"職員放行", "工作人员放行", "Let pass by staff"}},
	event.Reconciled:      {"note", Words{"遲來的判定", "迟来的判定", "Late verdict, for the record"}},
	event.Passed:          {"go", Words{"已通過", "已通过", "Passed"}},
	event.Withdrew:        {"retry", Words{"已折返", "已折返", "Turned back"}},
	event.Interrupted:     {"alarm", Words{"通行中斷", "通行中断", "Interrupted"}},
	event.Alarm:           {"alarm", Words{"警報", "警报", "Alarm"}},
	event.Evacuated:       {"emergency", Words{"緊急開放", "紧急开放", "Opened for escape"}},
	event.Secured:         {"closed", Words{"已復位關閉", "已复位关闭", "Secured"}},
	event.Started:         {"note", Words{"程式啟動", "程序启动", "Program started"}},
	event.BundleActivated: {"note", Words{"新名單已生效", "新名单已生效", "New lists in force"}},
	event.BundleRejected:  {"fault", Words{"新名單被拒，沿用舊名單", "新名单被拒，沿用旧名单", "New lists refused, old ones stay"}},
	event.Condition:       {"fault", Words{"裝置狀況改變", "设备状况改变", "Device condition changed"}},
}

// refused is a presentation that was not admitted and not referred.
var refused = mark{"invalid", Words{"不准通行", "不准通行", "Refused"}}

// mark is a shape with its word.
type mark struct {
	Figure string
	Word   Words
}

// working is what a lane does, in the words of officers, by the state of its stage.
var working = map[string]mark{
	"closed":    {"closed", Words{"已關閉", "已关闭", "Closed"}},
	"occupied":  {"alarm", Words{"有人在內，請到場", "有人在内，请到场", "Closed on somebody, go there"}},
	"idle":      {"idle", Words{"等待旅客", "等待旅客", "Waiting"}},
	"look":      {"look", Words{"正在核對", "正在核对", "Checking"}},
	"retry":     {"retry", Words{"請旅客再試", "请旅客再试", "Trying again"}},
	"refer":     {"refer", Words{"轉介職員", "转介人工", "Referred"}},
	"alarm":     {"alarm", Words{"警報，請到場", "警报，请到场", "Alarm, go there"}},
	"go":        {"go", Words{"通行中", "通行中", "Passing"}},
	"emergency": {"emergency", Words{"緊急開放", "紧急开放", "Open for escape"}},
	"pass":      {"go", Words{"准許進入", "准许进入", "Admitted"}},
	"invalid":   {"invalid", Words{"碼無效", "码无效", "Not valid"}},
	"staff":     {"refer", Words{"需要職員", "需要工作人员", "Needs staff"}},
}
