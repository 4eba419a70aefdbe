package phrases

import (
	"example.org/checkpoint/firmware/event"
	"example.org/checkpoint/firmware/verdict"
	"example.org/checkpoint/firmware/verdict/words"
)

// reasons are every reason in the words of officers.
var reasons = officers()

func officers() map[verdict.Reason]Words {
	all := map[verdict.Reason]Words{}
	for _, r := range words.Reasons() {
		all[r] = Words(words.Officer(r))
	}
	return all
}

// Reason gives the words of a reason; one of a later version is shown as it is named.
func Reason(r verdict.Reason) Words {
	if w, ok := reasons[r]; ok {
		return w
	}
	return Words{Hant: string(r)}
}

// Happened are the kinds of event in the words of officers; presented is said by
// its outcome.
var Happened = map[event.Kind]Mark{
	event.Presented:       {"refer", Words{"轉介職員", "转介人工", "Referred", "係員へ案内", "직원에게 안내", "Encaminhado"}},
	event.Claimed:         {"go", Words{"准予通行", "准予通行", "Admitted", "通過許可", "통과 허가", "Admitido"}},
	event.Override:        {"go", Words{"職員放行", "工作人员放行", "Let pass by staff", "係員が通した", "직원이 통과시킴", "Deixado passar"}},
	event.Reconciled:      {"note", Words{"遲來的判定", "迟来的判定", "Late verdict", "遅れた判定", "늦은 판정", "Decisão tardia"}},
	event.Passed:          {"go", Words{"已通過", "已通过", "Passed", "通過", "통과함", "Passou"}},
	event.Withdrew:        {"retry", Words{"已折返", "已折返", "Turned back", "引き返した", "되돌아감", "Voltou para trás"}},
	event.Interrupted:     {"alarm", Words{"通行中斷", "通行中断", "Interrupted", "中断", "중단됨", "Interrompido"}},
	event.Alarm:           {"alarm", Words{"警報", "警报", "Alarm", "警報", "경보", "Alarme"}},
	event.Evacuated:       {"emergency", Words{"緊急開放", "紧急开放", "Opened for escape", "避難のため開放", "대피 개방", "Aberto para fuga"}},
	event.Secured:         {"closed", Words{"已復位關閉", "已复位关闭", "Secured", "復帰・閉鎖", "복구 후 닫음", "Reposto e fechado"}},
	event.OrderApplied:    {"note", Words{"中央命令已執行", "中央命令已执行", "Order obeyed", "本部の命令を実行", "중앙 명령 이행", "Ordem cumprida"}},
	event.Started:         {"note", Words{"程式啟動", "程序启动", "Program started", "プログラム起動", "프로그램 시작", "Programa iniciado"}},
	event.BundleActivated: {"note", Words{"新名單已生效", "新名单已生效", "New lists in force", "新リスト適用", "새 목록 적용", "Listas novas em vigor"}},
	event.BundleRejected:  {"fault", Words{"新名單被拒，沿用舊名單", "新名单被拒，沿用旧名单", "New lists refused, old ones stay", "新リスト拒否、旧リスト継続", "새 목록 거부, 기존 유지", "Listas novas recusadas, ficam as antigas"}},
	event.Condition:       {"fault", Words{"裝置狀況改變", "设备状况改变", "Device condition changed", "装置の状態が変化", "기기 상태 변화", "Estado do aparelho mudou"}},
}

// Refused is a presentation that was not admitted and not referred.
var Refused = Mark{"invalid", Words{"不准通行", "不准通行", "Refused", "拒否", "거부", "Recusado"}}

// Mark is a shape with its word.
type Mark struct {
	Figure string
	Word   Words
}

// Working is what a lane does, in the words of officers, by the state of its stage.
var Working = map[string]Mark{
	"closed":    {"closed", Words{"已關閉", "已关闭", "Closed", "閉鎖", "닫힘", "Fechada"}},
	"occupied":  {"alarm", Words{"有人在內，請到場", "有人在内，请到场", "Closed on somebody, go there", "中に人あり、現場へ", "안에 사람 있음, 현장으로", "Alguém lá dentro, vá lá"}},
	"idle":      {"idle", Words{"等待旅客", "等待旅客", "Waiting", "待機中", "대기 중", "À espera"}},
	"look":      {"look", Words{"正在核對", "正在核对", "Checking", "確認中", "확인 중", "A verificar"}},
	"retry":     {"retry", Words{"請旅客再試", "请旅客再试", "Trying again", "再試行", "다시 시도", "Nova tentativa"}},
	"refer":     {"refer", Words{"轉介職員", "转介人工", "Referred", "係員へ案内", "직원에게 안내", "Encaminhado"}},
	"alarm":     {"alarm", Words{"警報，請到場", "警报，请到场", "Alarm, go there", "警報、現場へ", "경보, 현장으로", "Alarme, vá lá"}},
	"go":        {"go", Words{"通行中", "通行中", "Passing", "通過中", "통과 중", "A passar"}},
	"emergency": {"emergency", Words{"緊急開放", "紧急开放", "Open for escape", "避難のため開放", "대피 개방", "Aberto para fuga"}},
	"pass":      {"go", Words{"准許進入", "准许进入", "Admitted", "入場許可", "입장 허가", "Admitido"}},
	"invalid":   {"invalid", Words{"碼無效", "码无效", "Not valid", "無効", "무효", "Inválido"}},
	"staff":     {"refer", Words{"需要職員", "需要工作人员", "Needs staff", "係員が必要", "직원 필요", "Precisa do pessoal"}},
}
