package phrases

// Labels of the attendant's page.
var Labels = map[string]Words{
	"title":      {"通道總覽", "通道总览", "Lanes", "通路一覧", "통로 현황", "Passagens"},
	"language":   {"語言", "语言", "Language", "言語", "언어", "Idioma"},
	"connecting": {"正在連接裝置", "正在连接设备", "Connecting to the device", "装置に接続中", "기기에 연결 중", "A ligar ao aparelho"},
	"stopped":    {"資料停在 {time}，以下可能不是現況", "数据停在 {time}，以下可能不是现况", "Data stopped at {time}. What follows may not be true now", "データは {time} で止まっています。以下は現状と違うことがあります", "데이터가 {time}에 멈췄습니다. 아래는 현재와 다를 수 있습니다", "Dados parados às {time}. O que segue pode já não ser verdade"},
	"nodata":     {"與裝置失去聯絡", "与设备失去联系", "No word from the device", "装置と連絡が取れません", "기기와 연락이 끊겼습니다", "Sem notícias do aparelho"},

	"online":  {"已連接中央", "已连接中央", "Connected to the centre", "センターに接続中", "중앙에 연결됨", "Ligado ao centro"},
	"offline": {"離線運作", "离线运行", "Working offline", "オフラインで動作中", "오프라인으로 작동 중", "A trabalhar sem ligação"},

	"lane":      {"{n} 號通道", "{n} 号通道", "Lane {n}", "通路 {n}", "통로 {n}", "Passagem {n}"},
	"device":    {"裝置", "设备", "Device", "装置", "기기", "Aparelho"},
	"attention": {"需要處理", "需要处理", "Needs you", "対応が必要", "조치 필요", "Precisa de si"},
	"calm":      {"沒有通道需要處理", "没有通道需要处理", "No lane needs you", "対応が必要な通路はありません", "조치할 통로가 없습니다", "Nenhuma passagem precisa de si"},
	"measured":  {"量得 {n}", "测得 {n}", "Measured {n}", "測定値 {n}", "측정값 {n}", "Medido {n}"},
	"threshold": {"要求 {n}", "要求 {n}", "needed {n}", "要件 {n}", "기준 {n}", "exigido {n}"},
	"rule":      {"規則 {n}", "规则 {n}", "Rule {n}", "規則 {n}", "규칙 {n}", "Regra {n}"},

	"ruled":   {"規則原本判定：{n}", "规则原本判定：{n}", "The rules alone: {n}", "規則のみ：{n}", "규칙만으로는: {n}", "Só pelas regras: {n}"},
	"setby":   {"紅碼設定者：{n}", "红码设定者：{n}", "Red set by {n}", "赤の設定：{n}", "빨간색 설정: {n}", "Vermelho definido por {n}"},
	"read":    {"讀到的碼：{n}", "读到的码：{n}", "Code: {n}", "読んだコード：{n}", "읽은 코드: {n}", "Código: {n}"},
	"means":   {"意思：{n}", "意思：{n}", "Means: {n}", "意味：{n}", "의미: {n}", "Significa: {n}"},
	"applied": {"申請人：{n}", "申请人：{n}", "Applied for by: {n}", "申請者：{n}", "신청자: {n}", "Pedido por: {n}"},

	"overrule":   {"因急事放行…", "因急事放行…", "Let pass for an urgent reason…", "緊急の理由で通す…", "긴급 사유로 통과…", "Deixar passar por motivo urgente…"},
	"reason":     {"急事原因", "急事原因", "Urgent reason", "緊急の理由", "긴급 사유", "Motivo urgente"},
	"mandatory":  {"看過證明文件後才可選；全部記錄在案。", "看过证明文件后才可选；全部记录在案。", "Choose it once you have seen the papers. All of it is recorded.", "書類を確認してから選んでください。すべて記録されます。", "서류를 확인한 뒤 고르세요. 모두 기록됩니다.", "Escolha-o depois de ver os documentos. Tudo fica registado."},
	"photo":      {"文件照片編號（如有；只可用數字、- 和 /）", "文件照片编号（如有；只可用数字、- 和 /）", "Number of the photograph of the papers, if one is kept (digits, - and /)", "書類の写真の番号（あれば。数字と - と /）", "서류 사진 번호(있으면, 숫자와 - 와 /)", "Número da fotografia dos documentos, se houver (algarismos, - e /)"},
	"papers":     {"文件照片：{n}", "文件照片：{n}", "Photograph of the papers: {n}", "書類の写真：{n}", "서류 사진: {n}", "Fotografia dos documentos: {n}"},
	"turnkeys":   {"然後在通道轉動職員鑰匙，再由另一人轉動主管鑰匙。", "然后在通道转动职员钥匙，再由另一人转动主管钥匙。", "Then turn the officer's key at the lane, and another person the supervisor's.", "次に通路で係員の鍵を、別の人が監督者の鍵を回します。", "그다음 통로에서 직원 열쇠를, 다른 사람이 감독자 열쇠를 돌립니다.", "Depois rode na passagem a chave do agente e, outra pessoa, a do supervisor."},
	"tell":       {"給旅客看…", "给旅客看…", "Show to the person…", "本人に見せる…", "본인에게 보여 주기…", "Mostrar à pessoa…"},
	"back":       {"收起", "收起", "Put away", "閉じる", "닫기", "Fechar"},
	"draft":      {"草稿，未經批准", "草稿，未经批准", "Draft, not approved", "草案・未承認", "초안, 승인되지 않음", "Rascunho, não aprovado"},
	"confirm":    {"確定", "确定", "Confirm", "確定", "확인", "Confirmar"},
	"cancel":     {"取消", "取消", "Cancel", "取消", "취소", "Cancelar"},
	"given":      {"原因：{n}", "原因：{n}", "Reason: {n}", "理由：{n}", "사유: {n}", "Motivo: {n}"},
	"officer":    {"職員：{n}", "工作人员：{n}", "Officer: {n}", "係員：{n}", "직원: {n}", "Agente: {n}"},
	"supervisor": {"主管：{n}", "主管：{n}", "Supervisor: {n}", "監督者：{n}", "감독자: {n}", "Supervisor: {n}"},
	"missing":    {"未有", "暂无", "not yet", "まだ", "아직", "ainda não"},
	"key":        {"已轉動鑰匙", "已转动钥匙", "key turned", "鍵を回した", "열쇠 돌림", "chave rodada"},
	"twosign":    {"兩人各自登入確認，其中一人須為主管。", "两人各自登录确认，其中一人须为主管。", "Two people confirm it, each under their own name; one of them is a supervisor.", "二人がそれぞれ自分の名で確定します。一人は監督者です。", "두 사람이 각자 자기 이름으로 확인합니다. 한 사람은 감독자입니다.", "Duas pessoas confirmam, cada uma em seu nome; uma delas é supervisor."},
	"name":       {"職員編號", "工作人员编号", "Staff name", "係員番号", "직원 번호", "Nome de serviço"},
	"pin":        {"個人密碼", "个人密码", "PIN", "暗証番号", "비밀번호", "PIN do agente"},
	"denied":     {"編號或密碼不對。", "编号或密码不对。", "The name or the PIN is wrong.", "番号か暗証番号が違います。", "번호나 비밀번호가 틀립니다.", "O nome ou o PIN está errado."},
	"locked":     {"多次輸錯，鎖定 15 分鐘。", "多次输错，锁定 15 分钟。", "Too many wrong PINs: locked for 15 minutes.", "誤りが続いたため15分間使えません。", "여러 번 틀려 15분간 잠깁니다.", "PIN errado demasiadas vezes: bloqueado 15 minutos."},
	"gone":       {"這名旅客已不再等候。", "这名旅客已不再等候。", "This person does not wait any more.", "この人はもう待っていません。", "이 사람은 더 이상 기다리지 않습니다.", "Esta pessoa já não está à espera."},
	"failed":     {"未能傳送，請再試。", "未能传送，请再试。", "It could not be sent. Try again.", "送信できません。もう一度。", "보내지 못했습니다. 다시 해 보세요.", "Não foi possível enviar. Tente de novo."},

	"orders":     {"中央命令", "中央命令", "Orders of the centre", "センターの命令", "중앙 명령", "Ordens do centro"},
	"noorders":   {"沒有生效的命令", "没有生效的命令", "No order in force", "有効な命令はありません", "시행 중인 명령 없음", "Nenhuma ordem em vigor"},
	"everywhere": {"全部通道", "全部通道", "All lanes", "すべての通路", "모든 통로", "Todas as passagens"},
	"order":      {"第 {n} 號", "第 {n} 号", "Order {n}", "命令 {n}", "명령 {n}", "Ordem {n}"},
	"from":       {"{n} 起", "{n} 起", "from {n}", "{n} から", "{n}부터", "a partir de {n}"},
	"overdue":    {"已過覆核限期", "已过复核期限", "review overdue", "見直しの期限切れ", "재검토 기한 지남", "revisão em atraso"},
	"held":       {"等待主管同意", "等待主管同意", "Waits for a supervisor", "監督者の同意待ち", "감독자 동의 대기", "Espera por um supervisor"},
	"agrees":     {"在通道 {n} 轉動主管鑰匙，下一次只同意此項", "在通道 {n} 转动主管钥匙，下一次只同意此项", "The next turn of the supervisor's key at lane {n} agrees to this, and to this alone", "通路 {n} で次に監督者の鍵を回すと、これだけに同意します", "통로 {n}에서 다음에 감독자 열쇠를 돌리면 이것에만 동의합니다", "A próxima volta da chave do supervisor na passagem {n} aceita isto, e só isto"},

	"twice":   {"同一個碼在兩處通過", "同一个码在两处通过", "One code passed twice", "同じコードで二度通過", "같은 코드로 두 번 통과", "Um código passou duas vezes"},
	"also":    {"另一處：{n}", "另一处：{n}", "Also at {n}", "もう一方：{n}", "다른 곳: {n}", "Também em {n}"},
	"claimed": {"在此通過：{n}", "在此通过：{n}", "Here at {n}", "ここでは {n}", "여기서는 {n}", "Aqui às {n}"},
	"alone":   {"當時聯絡不到大堂，只憑本機紀錄", "当时联络不到大堂，只凭本机记录", "The hall could not be asked: by this device's record alone", "ホールに照会できず、この装置の記録だけで判断", "홀에 물을 수 없어 이 기기의 기록만으로 판단", "Sem contacto com a sala: só pelo registo deste aparelho"},

	"events":  {"最近事件", "最近事件", "Latest events", "最近の出来事", "최근 기록", "Últimos registos"},
	"none":    {"未有事件", "暂无事件", "No events yet", "まだありません", "아직 없음", "Ainda nada"},
	"time":    {"時間", "时间", "Time", "時刻", "시각", "Hora"},
	"where":   {"通道", "通道", "Lane", "通路", "통로", "Passagem"},
	"result":  {"結果", "结果", "Result", "結果", "결과", "Resultado"},
	"details": {"詳情", "详情", "Details", "詳細", "세부", "Pormenores"},

	"health":  {"裝置狀況", "设备状况", "Device", "装置の状態", "기기 상태", "Aparelho"},
	"healthy": {"一切正常", "一切正常", "All in order", "すべて正常", "모두 정상", "Tudo em ordem"},

	"sync":     {"中央同步", "中央同步", "Centre", "センター", "중앙", "Centro"},
	"queue":    {"待傳送事件", "待传送事件", "Events to send", "未送信の記録", "보낼 기록", "Registos por enviar"},
	"oldest":   {"其中最舊", "其中最旧", "Oldest of them", "そのうち最古", "그중 가장 오래된 것", "O mais antigo"},
	"accepted": {"中央最近接收", "中央最近接收", "Last taken by the centre", "センターの最終受信", "중앙 최근 수신", "Último aceite pelo centro"},

	"lists":     {"名單及規則", "名单及规则", "Lists and rules", "リストと規則", "목록과 규칙", "Listas e regras"},
	"version":   {"版本", "版本", "Version", "版", "버전", "Versão"},
	"cohort":    {"群組", "群组", "Cohort", "グループ", "그룹", "Grupo"},
	"activated": {"生效", "生效", "In force since", "適用開始", "적용", "Em vigor"},
	"tried":     {"最近查詢更新", "最近查询更新", "Last asked for news", "最終の更新確認", "최근 갱신 확인", "Última consulta"},
	"changed":   {"內容最近改變", "内容最近改变", "Content last changed", "内容の最終変更", "내용 최근 변경", "Última alteração"},

	"never":   {"從未", "从未", "never", "なし", "없음", "nunca"},
	"now":     {"不足一分鐘", "不足一分钟", "under a minute", "1 分未満", "1분 미만", "há menos de 1 min"},
	"minutes": {"{n} 分鐘前", "{n} 分钟前", "{n} min ago", "{n} 分前", "{n}분 전", "há {n} min"},
	"hours":   {"{n} 小時前", "{n} 小时前", "{n} h ago", "{n} 時間前", "{n}시간 전", "há {n} h"},
	"days":    {"{n} 日前", "{n} 天前", "{n} d ago", "{n} 日前", "{n}일 전", "há {n} d"},
}

// Urgent are the closed list of reasons for which staff may let somebody pass (R29).
var Urgent = map[string]Words{
	"treatment":                   {"求醫", "就医", "Medical treatment", "治療", "치료", "Tratamento médico"},
	"funeral":                     {"奔喪", "奔丧", "Funeral", "葬儀", "장례", "Funeral"},
	"litigation":                  {"訴訟", "诉讼", "Court case", "訴訟", "소송", "Processo judicial"},
	"exam":                        {"考試", "考试", "Exam", "試験", "시험", "Exame"},
	"property":                    {"處理財產", "处理财产", "Property matter", "財産の手続き", "재산 문제", "Assunto de bens"},
	"academic-exchange":           {"學術交流", "学术交流", "Academic exchange", "学術交流", "학술 교류", "Intercâmbio académico"},
	"visiting-the-critically-ill": {"探望病危者", "探望病危者", "Visiting someone critically ill", "危篤者の見舞い", "위독한 사람 방문", "Visita a doente em estado crítico"},
}
