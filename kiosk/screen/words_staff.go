package screen

import (
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
)

// reasons are every reason of package verdict in the words of officers.
var reasons = map[verdict.Reason]Words{
	verdict.Satisfied: {"符合要求", "符合要求", "Requirements met"},

	verdict.UnknownFormat: {"不認得的碼種", "无法识别的码种", "Unknown kind of code"},
	verdict.Malformed:     {"碼的內容殘缺", "码的内容残缺", "Code is damaged or incomplete"},
	verdict.Unsupported:   {"不支援這個版本的碼", "不支持这个版本的码", "This version of the code is not supported"},
	verdict.SeveralCodes:  {"出示多個碼，未能證明屬同一人", "出示多个码，未能证明属同一人", "Several codes, not proven to be one person's"},
	verdict.Unreadable:    {"圖碼內沒有文字", "图码内没有文字", "The symbol carries no text"},
	verdict.NoPerson:      {"場所碼，不是個人的碼", "场所码，不是个人的码", "A place's code, not a person's"},
	verdict.Provisional:   {"臨時登記紙，請查登記記錄", "临时登记单，请查登记记录", "Provisional slip, look up the registration"},

	verdict.UnknownSigner: {"簽發者不在信任名單", "签发者不在信任名单", "Signer is not on the trust list"},
	verdict.WrongUse:      {"簽署金鑰不可用於此類碼", "签名密钥不可用于此类码", "Signing key is not meant for this kind of code"},
	verdict.KeyWithdrawn:  {"簽署金鑰已被撤銷", "签名密钥已被撤销", "Signing key was withdrawn"},
	verdict.OutOfScope:    {"內容超出簽發者權限，或為別處出示", "内容超出签发者权限，或为别处出示", "Signer may not state this, or shown for another place"},
	verdict.BadSignature:  {"簽名不符，碼可能被改動", "签名不符，码可能被改动", "Signature does not match, code may be altered"},
	verdict.HolderProof:   {"未能證明由持有人出示，可能是截圖", "未能证明由持有人出示，可能是截图", "Not proven to be shown by its holder, perhaps a screenshot"},
	verdict.HolderOther:   {"碼綁定於另一部手機", "码绑定于另一部手机", "Bound to another phone than the one showing it"},

	verdict.NotYet:       {"碼尚未生效", "码尚未生效", "Code is not valid yet"},
	verdict.Expired:      {"碼已過期", "码已过期", "Code has expired"},
	verdict.NotFresh:     {"出示的碼太舊，可能是截圖", "出示的码太旧，可能是截图", "Presented too long ago, perhaps a screenshot"},
	verdict.Withdrawn:    {"碼已被撤銷", "码已被撤销", "Code was withdrawn"},
	verdict.Undetermined: {"沒有可用的狀態名單", "没有可用的状态名单", "No usable status list"},
	verdict.Stale:        {"本裝置的名單過舊", "本设备的名单过旧", "This device's lists are too old"},
	verdict.Replayed:     {"此碼剛剛用過", "此码刚刚用过", "Code was just used"},
	verdict.Exhausted:    {"配額已滿", "配额已满", "No quota left"},
	verdict.Halted:       {"中央命令暫停通行", "中央命令暂停通行", "Halted by order of the centre"},

	verdict.ClockUnknown: {"裝置不知道現在時間", "设备不知道现在时间", "This device does not know the time"},

	verdict.PolicyError: {"規則執行出錯", "规则执行出错", "A rule failed"},
	verdict.NoRule:      {"沒有規則准許通行", "没有规则准许通行", "No rule allows this"},
	verdict.TooSlow:     {"未能及時判定", "未能及时判定", "No verdict in time"},
	verdict.Interrupted: {"判定前遇警報或故障", "判定前遇警报或故障", "An alarm or a fault came first"},
}

// reasonWords gives the words of a reason; one that a rule of the site brought is
// shown as the rule names it.
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
