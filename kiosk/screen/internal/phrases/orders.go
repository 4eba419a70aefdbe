package phrases

// Order is what an order of the centre does, and what its end does, for which a supervisor
// is waited for.
type Order struct{ Halts, Opens Words }

// Orders are the kinds of order, as the centre names them.
var Orders = map[string]Order{
	"breaker": {
		Words{"停止放行", "停止放行", "No admissions", "通過を停止", "통과 중지", "Admissões paradas"},
		Words{"恢復放行", "恢复放行", "Admissions may resume", "通過を再開", "통과 재개", "Admissões podem recomeçar"}},
	"lockdown": {
		Words{"封鎖", "封锁", "Lockdown", "封鎖", "봉쇄", "Encerramento"},
		Words{"解除封鎖", "解除封锁", "Lockdown may end", "封鎖を解除", "봉쇄 해제", "O encerramento pode acabar"}},
	"min-version": {
		Words{"最低程式版本", "最低程序版本", "Least program version", "プログラムの最低版", "최소 프로그램 버전", "Versão mínima do programa"},
		Words{"不再限制程式版本", "不再限制程序版本", "Any program version again", "プログラムの版の制限を解除", "프로그램 버전 제한 해제", "Qualquer versão do programa"}},
	"time": {
		Words{"校正時間", "校正时间", "Clock to be set", "時計を合わせる", "시계 맞추기", "Acertar o relógio"},
		Words{"把時間撥回", "把时间拨回", "Clock to be set back", "時計を戻す", "시계 되돌리기", "Atrasar o relógio"}},
}

// Directions are those in which a lane leads, as the configuration names them.
var Directions = map[string]Words{
	"in":  {"入境方向", "入境方向", "Way in", "入る方向", "들어오는 방향", "Sentido de entrada"},
	"out": {"出境方向", "出境方向", "Way out", "出る方向", "나가는 방향", "Sentido de saída"},
}
