package screen

import (
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// says is what a state tells the person: a sentence, and what to do.
type says struct{ Head, Hint Words }

// laneSays are the sentences of a lane, by the state of the stage.
var laneSays = map[string]says{
	"closed": {
		Words{"此通道暫停", "此通道暂停", "Lane closed"},
		Words{"請使用其他通道", "请使用其他通道", "Please use another lane"}},
	"idle": {
		Words{"請掃描二維碼", "请扫描二维码", "Scan your code"},
		Words{"把手機或紙碼對準讀碼窗", "把手机或纸质码对准读码窗", "Hold phone or paper to the reader"}},
	"look": {
		Words{"請稍候", "请稍候", "One moment"},
		Words{"正在核對，請留在原位", "正在核对，请留在原位", "Checking. Please stay where you are"}},
	"retry": {
		Words{"請再掃一次", "请再扫一次", "Please scan again"},
		Words{"調高手機亮度，保持平穩", "调高手机亮度，保持平稳", "Turn up the brightness, hold still"}},
	"refer": {
		Words{"請到職員櫃位", "请到人工柜台", "Please see an officer"},
		Words{"職員會協助你", "工作人员会协助您", "An officer will help you"}},
	"alarm": {
		Words{"請留步", "请留步", "Please wait"},
		Words{"職員正前來協助你", "工作人员正前来协助您", "An officer is coming to help you"}},
	"go": {
		Words{"請通行", "请通行", "Please go through"},
		Words{"閘門已開", "闸门已开", "The gate is open"}},
	"emergency": {
		Words{"請立即離開", "请立即离开", "Leave now"},
		Words{"閘門已開，跟隨箭嘴走", "闸门已开，跟随箭头走", "Gates are open. Follow the arrows"}},
}

// venueSays are those of a venue. What is not here is said as at a lane.
var venueSays = map[string]says{
	"closed": {
		Words{"暫停查驗", "暂停查验", "Scanner closed"},
		Words{"請向職員出示二維碼", "请向工作人员出示二维码", "Please show your code to the staff"}},
	"idle": {
		Words{"請出示二維碼", "请出示二维码", "Show your code"}, Words{}},
	"look": {
		Words{"請稍候", "请稍候", "One moment"}, Words{}},
	"pass": {
		Words{"可以進入", "可以进入", "Please come in"}, Words{}},
	"invalid": {
		Words{"此碼無效", "此码无效", "Code not valid"},
		Words{"請向職員查詢", "请向工作人员查询", "Please ask the staff"}},
	"staff": {
		Words{"請找職員", "请找工作人员", "Please see the staff"}, Words{}},
}

// mend tells a person what to change before the next try. It names no judgement:
// a reason that is not here gets the hint of the state.
var mend = map[verdict.Reason]Words{
	verdict.Unreadable:    {"調高亮度，離遠一點再掃", "调高亮度，离远一点再扫", "Turn up brightness, hold further away"},
	verdict.Malformed:     {"攤平紙碼，讓整個碼入鏡", "摊平纸码，让整个码入镜", "Show the whole code, flat, unfolded"},
	verdict.UnknownFormat: {"請出示健康碼或通關碼", "请出示健康码或通关码", "Show your health or passage code"},
	verdict.Unsupported:   {"請更新應用程式後再出示", "请更新应用程序后再出示", "Update your app, then show the code"},
	verdict.SeveralCodes:  {"每次只出示一個碼", "每次只出示一个码", "Show only one code at a time"},
	verdict.HolderProof:   {"在應用程式內開啟，勿用截圖", "在应用程序内打开，勿用截图", "Open it in the app, no screenshots"},
	verdict.NotFresh:      {"請更新二維碼後再掃", "请刷新二维码后再扫", "Refresh your code, then scan again"},
	verdict.NoPerson:      {"這是場所碼，請出示你的碼", "这是场所码，请出示您的码", "That is a place's code, show yours"},
	verdict.Expired:       {"請更新二維碼後再掃", "请刷新二维码后再扫", "Refresh your code, then scan again"},
	verdict.Replayed:      {"請更新二維碼後再掃", "请刷新二维码后再扫", "Refresh your code, then scan again"},
}

// hold tells a person how to hold a code that cannot be read.
var hold = map[lane.Hint]Words{
	lane.HintDark:    {"請調高手機亮度", "请调高手机亮度", "Turn up the screen's brightness"},
	lane.HintBright:  {"太亮，請避開強光", "太亮，请避开强光", "Too bright: turn away from the light"},
	lane.HintFar:     {"請拿近一點", "请拿近一点", "Hold it a little closer"},
	lane.HintNear:    {"請拿遠一點，讓整個碼入鏡", "请拿远一点，让整个码入镜", "Hold it further away"},
	lane.HintMoving:  {"請拿穩，不要移動", "请拿稳，不要移动", "Hold it still"},
	lane.HintGlare:   {"有反光，請稍為傾斜", "有反光，请稍微倾斜", "Tilt it a little, a lamp shines on it"},
	lane.HintCovered: {"請勿遮住或摺起二維碼", "请勿遮住或折起二维码", "Show the whole code, fingers off"},
}

// steps of a passage, in the order of walking.
var steps = []struct {
	Icon string
	Name Words
}{
	{"scan", Words{"掃碼", "扫码", "Scan"}},
	{"check", Words{"核對", "核对", "Check"}},
	{"walk", Words{"通行", "通行", "Walk"}},
}

var (
	laneWord  = Words{"通道", "通道", "Lane"}
	todayWord = Words{"今日進入", "今日进入", "In today"}
	keyless   = says{
		Words{"這個畫面已上鎖", "此画面已上锁", "This screen is locked"},
		Words{"請用裝置設定中的完整網址開啟（包括 token）", "请用设备配置中的完整网址打开（包括 token）",
			"Open it with the full address from the device's configuration, token included"}}
)
