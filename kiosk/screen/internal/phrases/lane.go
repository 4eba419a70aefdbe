package phrases

import (
	"example.org/checkpoint/firmware/lane"
	"example.org/checkpoint/firmware/verdict"
)

// Says is what a state tells the person: a sentence, and what to do.
type Says struct{ Head, Hint Words }

// Sentences that are said more than once.
var (
	moment  = Words{"請稍候", "请稍候", "One moment", "お待ちください", "잠시만요", "Um momento"}
	renewed = Words{"請更新二維碼後再掃", "请刷新二维码后再扫", "Refresh your code, then scan again", "コードを更新してもう一度", "코드를 새로 고친 뒤 다시 스캔", "Atualize o código e leia de novo"}
)

// atLane are the sentences of a lane, by the state of the stage.
var atLane = map[string]Says{
	"closed": {
		Words{"此通道暫停", "此通道暂停", "Lane closed", "この通路は閉鎖中", "이 통로는 닫힘", "Passagem fechada"},
		Words{"請使用其他通道", "请使用其他通道", "Please use another lane", "ほかの通路をご利用ください", "다른 통로를 이용해 주세요", "Use outra passagem, por favor"}},
	"idle": {
		Words{"請掃描二維碼", "请扫描二维码", "Scan your code", "コードをかざす", "코드 스캔", "Leia o seu código"},
		Words{"把手機或紙碼對準讀碼窗", "把手机或纸质码对准读码窗", "Hold phone or paper to the reader", "スマホか紙を読取口へ", "휴대폰이나 종이를 판독기에 대세요", "Aproxime o telemóvel ou o papel do leitor"}},
	"look": {moment,
		Words{"正在核對，請留在原位", "正在核对，请留在原位", "Checking. Please stay where you are", "確認中です。その場でお待ちください", "확인 중입니다. 그 자리에 계세요", "A verificar. Fique onde está"}},
	"retry": {
		Words{"請再掃一次", "请再扫一次", "Please scan again", "もう一度どうぞ", "다시 스캔", "Leia outra vez"},
		Words{"調高手機亮度，保持平穩", "调高手机亮度，保持平稳", "Turn up the brightness, hold still", "画面を明るくし、動かさないで", "화면을 밝게, 움직이지 마세요", "Aumente o brilho, não mexa"}},
	"refer": {
		Words{"請到職員櫃位", "请到人工柜台", "Please see an officer", "係員窓口へ", "직원 창구로", "Fale com um agente"},
		Words{"職員會協助你", "工作人员会协助您", "An officer will help you", "係員がお手伝いします", "직원이 도와드립니다", "Um agente vai ajudá-lo"}},
	"alarm": {
		Words{"請留步", "请留步", "Please wait", "お待ちください", "기다려 주세요", "Aguarde aqui"},
		Words{"職員正前來協助你", "工作人员正前来协助您", "An officer is coming to help you", "係員がまいります", "직원이 가고 있습니다", "Vem aí um agente para o ajudar"}},
	"go": {
		Words{"請通行", "请通行", "Please go through", "お進みください", "통과하세요", "Pode passar"},
		Words{"閘門已開", "闸门已开", "The gate is open", "ゲートが開きました", "문이 열렸습니다", "A porta está aberta"}},
	"emergency": {
		Words{"請立即離開", "请立即离开", "Leave now", "すぐに避難", "즉시 대피", "Saia já"},
		Words{"閘門已開，跟隨箭嘴走", "闸门已开，跟随箭头走", "Gates are open. Follow the arrows", "ゲートは開いています。矢印の方へ", "문이 열려 있습니다. 화살표를 따르세요", "As portas estão abertas. Siga as setas"}},
}

// atVenue are those of a venue. What is not here is said as at a lane.
var atVenue = map[string]Says{
	"closed": {
		Words{"暫停查驗", "暂停查验", "Scanner closed", "読取停止中", "스캔 중지", "Leitor fechado"},
		Words{"請向職員出示二維碼", "请向工作人员出示二维码", "Please show your code to the staff", "コードを係員にお見せください", "직원에게 코드를 보여 주세요", "Mostre o código ao pessoal"}},
	"idle": {
		Words{"請出示二維碼", "请出示二维码", "Show your code", "コードをかざす", "코드 제시", "Mostre o código"}, Words{}},
	"look": {moment, Words{}},
	"pass": {
		Words{"可以進入", "可以进入", "Please come in", "お入りください", "들어오세요", "Pode entrar"}, Words{}},
	"invalid": {
		Words{"此碼無效", "此码无效", "Code not valid", "無効なコード", "무효한 코드", "Código inválido"},
		Words{"請向職員查詢", "请向工作人员查询", "Please ask the staff", "係員にお尋ねください", "직원에게 문의하세요", "Pergunte ao pessoal"}},
	"staff": {
		Words{"請找職員", "请找工作人员", "Please see the staff", "係員へどうぞ", "직원에게 문의", "Fale com o pessoal"}, Words{}},
}

// Of finds the sentences of a state of the stage: those of a venue or of a lane first.
func Of(state string, venue bool) Says {
	first, second := atLane, atVenue
	if venue {
		first, second = second, first
	}
	if said, ok := first[state]; ok {
		return said
	}
	return second[state]
}

// Mend tells a person what to change before the next try. It names no judgement:
// a reason that is not here gets the hint of the state.
var Mend = map[verdict.Reason]Words{
	verdict.Unreadable:    {"調高亮度，離遠一點再掃", "调高亮度，离远一点再扫", "Turn up brightness, hold further away", "明るくし、少し離して", "밝게 하고 조금 떨어뜨리세요", "Mais brilho, um pouco mais longe"},
	verdict.Malformed:     {"攤平紙碼，讓整個碼入鏡", "摊平纸码，让整个码入镜", "Show the whole code, flat, unfolded", "折らずにコード全体を", "펴서 코드 전체를 보여 주세요", "Mostre o código inteiro, liso"},
	verdict.UnknownFormat: {"請出示健康碼或通關碼", "请出示健康码或通关码", "Show your health or passage code", "健康コードか通関コードを", "건강 코드나 통관 코드를 보여 주세요", "Mostre o código de saúde ou de passagem"},
	verdict.Unsupported:   {"請更新應用程式後再出示", "请更新应用程序后再出示", "Update your app, then show the code", "アプリを更新してから提示", "앱을 업데이트한 뒤 보여 주세요", "Atualize a aplicação e mostre o código"},
	verdict.SeveralCodes:  {"每次只出示一個碼", "每次只出示一个码", "Show only one code at a time", "コードは一度に一つだけ", "코드는 한 번에 하나만", "Um código de cada vez"},
	verdict.HolderProof:   {"在應用程式內開啟，勿用截圖", "在应用程序内打开，勿用截图", "Open it in the app, no screenshots", "アプリで表示、画面の写しは不可", "앱에서 여세요. 캡처는 안 됩니다", "Abra-o na aplicação, sem capturas"},
	verdict.NotFresh:      renewed,
	verdict.NoPerson:      {"這是場所碼，請出示你的碼", "这是场所码，请出示您的码", "That is a place's code, show yours", "場所のコードです。ご自身のものを", "장소 코드입니다. 본인 것을 보여 주세요", "É o código de um lugar, mostre o seu"},
	verdict.Expired:       renewed,
	verdict.Replayed:      renewed,
}

// Hold tells a person how to hold a code that cannot be read.
var Hold = map[lane.Hint]Words{
	lane.HintDark:    {"請調高手機亮度", "请调高手机亮度", "Turn up the screen's brightness", "画面を明るくしてください", "화면을 밝게 하세요", "Aumente o brilho do ecrã"},
	lane.HintBright:  {"太亮，請避開強光", "太亮，请避开强光", "Too bright: turn away from the light", "明るすぎます。光を避けて", "너무 밝습니다. 빛을 피하세요", "Luz a mais: afaste-se dela"},
	lane.HintFar:     {"請拿近一點", "请拿近一点", "Hold it a little closer", "もう少し近づけて", "조금 더 가까이", "Um pouco mais perto"},
	lane.HintNear:    {"請拿遠一點，讓整個碼入鏡", "请拿远一点，让整个码入镜", "Hold it further away", "もう少し離して", "조금 더 멀리", "Um pouco mais longe"},
	lane.HintMoving:  {"請拿穩，不要移動", "请拿稳，不要移动", "Hold it still", "動かさないでください", "움직이지 마세요", "Segure-o sem mexer"},
	lane.HintGlare:   {"有反光，請稍為傾斜", "有反光，请稍微倾斜", "Tilt it a little, a lamp shines on it", "光が反射。少し傾けて", "빛이 반사됩니다. 조금 기울이세요", "Incline-o um pouco, há reflexo"},
	lane.HintCovered: {"請勿遮住或摺起二維碼", "请勿遮住或折起二维码", "Show the whole code, fingers off", "指で隠さず、折らないで", "코드를 가리거나 접지 마세요", "Mostre o código inteiro, sem dedos"},
}

// Steps of a passage, in the order of walking.
var Steps = []struct {
	Icon string
	Name Words
}{
	{"scan", Words{"掃碼", "扫码", "Scan", "読取", "스캔", "Ler"}},
	{"check", Words{"核對", "核对", "Check", "確認", "확인", "Verificar"}},
	{"walk", Words{"通行", "通行", "Walk", "通過", "통과", "Passar"}},
}

var (
	Lane    = Words{"通道", "通道", "Lane", "通路", "통로", "Passagem"}
	Today   = Words{"今日進入", "今日进入", "In today", "本日の入場", "오늘 입장", "Entradas hoje"}
	Keyless = Says{
		Words{"這個畫面已上鎖", "此画面已上锁", "This screen is locked", "この画面はロック中です", "이 화면은 잠겨 있습니다", "Este ecrã está bloqueado"},
		Words{"請用裝置設定中的完整網址開啟（包括 token）", "请用设备配置中的完整网址打开（包括 token）",
			"Open it with the full address from the device's configuration, token included", "装置の設定にある完全なアドレス（token を含む）で開いてください",
			"기기 설정에 있는 전체 주소(token 포함)로 여세요", "Abra-o com o endereço completo da configuração do aparelho, token incluído"}}
)
