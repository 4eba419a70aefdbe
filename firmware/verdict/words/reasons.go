package words

import "example.org/checkpoint/firmware/verdict"

// reasons is the closed set: those of the hard checks, then those that rules give.
var reasons = map[verdict.Reason]reason{
	verdict.Satisfied: {officer: Words{"符合要求", "符合要求", "Requirements met", "要件を満たす", "요건 충족", "Requisitos cumpridos"}, advice: good, rules: true},

	verdict.UnknownFormat: {officer: Words{"不認得的碼種", "无法识别的码种", "Unknown kind of code", "不明な種類のコード", "알 수 없는 종류의 코드", "Tipo de código desconhecido"}, advice: ownCode},
	verdict.Malformed:     {officer: Words{"碼的內容殘缺", "码的内容残缺", "Code is damaged or incomplete", "コードが破損または不完全", "코드가 손상되었거나 불완전함", "Código danificado ou incompleto"}, advice: whole},
	verdict.Unsupported:   {officer: Words{"不支援這個版本的碼", "不支持这个版本的码", "This version of the code is not supported", "未対応の版のコード", "지원하지 않는 버전의 코드", "Versão do código não suportada"}},
	verdict.SeveralCodes:  {officer: Words{"出示多個碼，未能證明屬同一人", "出示多个码，未能证明属同一人", "Several codes, not proven to be one person's", "複数のコード、同一人物と確認できない", "여러 코드, 동일인 여부 미확인", "Vários códigos, sem prova de serem da mesma pessoa"}, advice: oneCode},
	verdict.Unreadable:    {officer: Words{"圖碼內沒有文字", "图码内没有文字", "The symbol carries no text", "コードを読み取れない", "코드에 내용이 없음", "O símbolo não tem texto"}, advice: again},
	verdict.NoPerson:      {officer: Words{"場所碼，不是個人的碼", "场所码，不是个人的码", "A place's code, not a person's", "場所のコードで個人のものではない", "장소 코드이며 개인 코드가 아님", "Código de um lugar, não de uma pessoa"}, advice: ownCode},
	verdict.Provisional:   {officer: Words{"臨時登記紙，請查登記記錄", "临时登记单，请查登记记录", "Provisional slip, look up the registration", "仮登録票、登録を照会", "임시 등록표, 등록 조회 필요", "Talão provisório, consultar o registo"}},

	verdict.UnknownSigner: {officer: Words{"簽發者不在信任名單", "签发者不在信任名单", "Signer is not on the trust list", "署名者が信頼リストにない", "서명자가 신뢰 목록에 없음", "Signatário fora da lista de confiança"}},
	verdict.WrongUse:      {officer: Words{"簽署金鑰不可用於此類碼", "签名密钥不可用于此类码", "Signing key is not meant for this kind of code", "この種のコード用の署名鍵ではない", "이 종류의 코드용 서명 키가 아님", "Chave não destinada a este tipo de código"}},
	verdict.KeyWithdrawn:  {officer: Words{"簽署金鑰已被撤銷", "签名密钥已被撤销", "Signing key was withdrawn", "署名鍵は失効済み", "서명 키가 철회됨", "Chave de assinatura revogada"}},
	verdict.OutOfScope:    {officer: Words{"內容超出簽發者權限，或為別處出示", "内容超出签发者权限，或为别处出示", "Signer may not state this, or shown for another place", "署名者の権限外、または別の場所向け", "서명자 권한 밖이거나 다른 장소용", "Fora da competência do signatário, ou para outro lugar"}},
	verdict.BadSignature:  {officer: Words{"簽名不符，碼可能被改動", "签名不符，码可能被改动", "Signature does not match, code may be altered", "署名不一致、改変の可能性", "서명 불일치, 변조 가능성", "Assinatura não confere, código talvez alterado"}},
	verdict.HolderProof:   {officer: Words{"未能證明由持有人出示，可能是截圖", "未能证明由持有人出示，可能是截图", "Not proven to be shown by its holder, perhaps a screenshot", "本人提示の証明なし、画面の写しの可能性", "본인 제시 증명 없음, 캡처 가능성", "Sem prova de ser do titular, talvez uma captura"}, advice: inApp},
	verdict.HolderOther:   {officer: Words{"碼綁定於另一部手機", "码绑定于另一部手机", "Bound to another phone than the one showing it", "別の電話に紐づくコード", "다른 전화에 연결된 코드", "Ligado a outro telefone"}},

	verdict.NotYet:       {officer: Words{"碼尚未生效", "码尚未生效", "Code is not valid yet", "まだ有効でないコード", "아직 유효하지 않은 코드", "Código ainda não válido"}, advice: tooEarly},
	verdict.Expired:      {officer: Words{"碼已過期", "码已过期", "Code has expired", "期限切れのコード", "만료된 코드", "Código expirado"}, advice: refresh},
	verdict.NotFresh:     {officer: Words{"出示的碼太舊，可能是截圖", "出示的码太旧，可能是截图", "Presented too long ago, perhaps a screenshot", "提示が古い、画面の写しの可能性", "제시 시각이 오래됨, 캡처 가능성", "Apresentado há demasiado tempo, talvez uma captura"}, advice: refresh},
	verdict.Withdrawn:    {officer: Words{"碼已被撤銷", "码已被撤销", "Code was withdrawn", "取り消されたコード", "철회된 코드", "Código revogado"}, lift: Issuer},
	verdict.Undetermined: {officer: Words{"沒有可用的狀態名單", "没有可用的状态名单", "No usable status list", "使える状態リストがない", "사용할 상태 목록이 없음", "Sem lista de estado utilizável"}, advice: device, rules: true},
	verdict.Stale:        {officer: Words{"本裝置的名單過舊", "本设备的名单过旧", "This device's lists are too old", "装置のリストが古い", "기기의 목록이 오래됨", "Listas deste aparelho desatualizadas"}, advice: device, rules: true},
	verdict.Replayed:     {officer: Words{"此碼剛剛用過", "此码刚刚用过", "Code was just used", "使用済みのコード", "방금 사용된 코드", "Código usado há pouco"}, advice: refresh},
	verdict.Exhausted:    {officer: Words{"配額已滿", "配额已满", "No quota left", "定員に達した", "정원이 찼음", "Quota esgotada"}, advice: full},
	verdict.Halted:       {officer: Words{"中央命令暫停通行", "中央命令暂停通行", "Halted by order of the centre", "本部の命令により停止中", "중앙 명령으로 중지됨", "Suspenso por ordem do centro"}, advice: full},
	verdict.ClockUnknown: {officer: Words{"裝置不知道現在時間", "设备不知道现在时间", "This device does not know the time", "装置の時刻が不明", "기기가 시각을 모름", "O aparelho não sabe as horas"}, advice: device, rules: true},

	verdict.PolicyError: {officer: Words{"規則執行出錯", "规则执行出错", "A rule failed", "規則の実行に失敗", "규칙 실행 오류", "Uma regra falhou"}, advice: device},
	verdict.NoRule:      {officer: Words{"沒有規則准許通行", "没有规则准许通行", "No rule allows this", "許可する規則がない", "허가하는 규칙이 없음", "Nenhuma regra o permite"}, rules: true},
	verdict.TooSlow:     {officer: Words{"未能及時判定", "未能及时判定", "No verdict in time", "時間内に判定できず", "제시간에 판정하지 못함", "Sem decisão a tempo"}, advice: device},
	verdict.Interrupted: {officer: Words{"判定前遇警報或故障", "判定前遇警报或故障", "An alarm or a fault came first", "判定前に警報または故障", "판정 전 경보 또는 고장", "Alarme ou avaria antes da decisão"}, advice: device},

	// Set red by people.
	"red":                   {officer: Words{"紅碼，未註明屬哪類紅碼", "红码，未注明属哪类红码", "Red, no kind of red stated", "赤、赤の種類の記載なし", "빨간색, 종류 표시 없음", "Vermelho, sem indicar de que tipo"}, advice: setRed, lift: Issuer, rules: true, red: true},
	"high-risk":             {officer: Words{"高風險", "高风险", "High risk", "高リスク", "고위험", "Alto risco"}, advice: setRed, lift: Health, rules: true, red: true},
	"red-confirmed":         {officer: Words{"確診個案", "确诊病例", "Confirmed case", "感染確定者", "확진자", "Caso confirmado"}, advice: setRed, lift: Hospital, rules: true, red: true},
	"red-suspected":         {officer: Words{"疑似個案", "疑似病例", "Suspected case", "感染の疑い", "의심 환자", "Caso suspeito"}, advice: setRed, lift: Hospital, rules: true, red: true},
	"red-close-contact":     {officer: Words{"密切接觸者", "密切接触者", "Close contact", "濃厚接触者", "밀접 접촉자", "Contacto próximo"}, advice: setRed, lift: Health, rules: true, red: true},
	"red-household-contact": {officer: Words{"密切接觸者的同住者", "密切接触者的同住者", "Lives with a close contact", "濃厚接触者の同居者", "밀접 접촉자의 동거인", "Vive com um contacto próximo"}, advice: setRed, lift: Health, rules: true, red: true},
	"red-discharged":        {officer: Words{"出院未滿規定天數", "出院未满规定天数", "Discharged only recently", "退院から日が浅い", "퇴원한 지 얼마 되지 않음", "Alta recente"}, advice: setRed, lift: Hospital, rules: true, red: true},
	"red-quarantine":        {officer: Words{"正接受強制檢疫或隔離", "正接受强制检疫或隔离", "Under compulsory quarantine or isolation", "強制検疫・隔離中", "강제 격리 중", "Em quarentena ou isolamento obrigatório"}, advice: setRed, lift: Health, rules: true, red: true},
	"red-symptoms":          {officer: Words{"近日有症狀", "近日有症状", "Symptoms lately", "最近の症状あり", "최근 증상 있음", "Sintomas recentes"}, advice: setRed, lift: Hospital, rules: true, red: true},
	"red-test-out-of-date":  {officer: Words{"檢測逾期（簽發者設定）", "检测过期（签发者设定）", "Test out of date, set by the issuer", "検査期限切れ（発行者設定）", "검사 기한 초과 (발급자 설정)", "Teste fora de prazo, definido pelo emissor"}, advice: setRed, lift: NewTest, rules: true, red: true},
	"red-severe-area":       {officer: Words{"來自疫情嚴重地區", "来自疫情严重地区", "Arrived from a severe area", "流行の深刻な地域から到着", "유행 심각 지역에서 도착", "Chegou de uma zona grave"}, advice: setRed, lift: Community, rules: true, red: true},
	"red-ended":             {officer: Words{"紅碼所註期限已過，仍為紅碼", "红码所注期限已过，仍为红码", "Red, but the period it states is over", "赤のまま期間は経過済み", "빨간색이나 명시된 기간은 지남", "Vermelho, mas o prazo indicado passou"}, advice: setRed, lift: Time, rules: true, red: true},

	// Watched, or not in order.
	"amber":              {officer: Words{"黃碼，未註明原因", "黄码，未注明原因", "Amber, no reason stated", "黄、理由の記載なし", "노란색, 사유 없음", "Amarelo, sem motivo indicado"}, advice: setAmber, lift: Issuer, rules: true},
	"watch":              {officer: Words{"需要留意", "需要留意", "To be watched", "要注意", "주의 대상", "Em observação"}, advice: setAmber, lift: Issuer, rules: true},
	"amber-risk-place":   {officer: Words{"近日到過高風險地方", "近日到过高风险地方", "In a risk place lately", "最近リスク地域に滞在", "최근 위험 장소 체류", "Esteve há pouco num lugar de risco"}, advice: setAmber, lift: Time, rules: true},
	"amber-arrival":      {officer: Words{"抵達未滿規定天數", "抵达未满规定天数", "Arrived only recently", "到着から日が浅い", "도착한 지 얼마 되지 않음", "Chegou há pouco tempo"}, advice: setAmber, lift: Time, rules: true},
	"amber-ended":        {officer: Words{"黃碼期限已過，仍為黃碼", "黄码期限已过，仍为黄码", "Amber, but its period is over", "黄のまま期間は経過済み", "노란색이나 기간은 지남", "Amarelo, mas o prazo passou"}, advice: setAmber, lift: Issuer, rules: true},
	"risk-place":         {officer: Words{"碼內記有風險地方的逗留", "码内记有风险地方的逗留", "The code states a stay in a risk place", "リスク地域での滞在記録あり", "위험 장소 체류 기록 있음", "O código indica estadia em lugar de risco"}, advice: setAmber, lift: Time, rules: true},
	"unknown-reason":     {officer: Words{"碼內有不認得的原因", "码内有不认得的原因", "The code states a reason that is not known here", "不明な理由の記載あり", "알 수 없는 사유가 있음", "O código indica um motivo desconhecido"}, rules: true},
	"colour-contradicts": {officer: Words{"顏色與所註原因不符", "颜色与所注原因不符", "Colour and stated reasons disagree", "色と理由が一致しない", "색과 사유가 맞지 않음", "Cor e motivos não concordam"}, lift: Issuer, rules: true},
	"lift-unknown":       {officer: Words{"解除紅碼的部門無權解除此類", "解除红码的部门无权解除此类", "Lifted by an authority that may not lift this kind", "解除した機関に権限がない", "해제 권한이 없는 기관이 해제함", "Levantado por quem não o pode levantar"}, lift: Issuer, rules: true},
	"positive-test":      {officer: Words{"檢測結果不是陰性", "检测结果不是阴性", "A test that is not negative", "陰性でない検査結果", "음성이 아닌 검사 결과", "Um teste que não é negativo"}, advice: seeStaff, lift: NewTest, rules: true},
	"test-missing":       {officer: Words{"沒有核酸檢測記錄", "没有核酸检测记录", "No PCR test stated", "PCR検査の記録なし", "PCR 검사 기록 없음", "Sem teste PCR"}, advice: evidence, lift: NewTest, rules: true},
	"test-out-of-date":   {officer: Words{"核酸檢測已過期", "核酸检测已过期", "PCR test is too old", "PCR検査が期限切れ", "PCR 검사 기한 초과", "Teste PCR demasiado antigo"}, advice: evidence, lift: NewTest, rules: true},
	"staff-test-due":     {officer: Words{"隔日檢測到期", "隔日检测到期", "Test of every second day is due", "隔日検査の期限", "격일 검사 기한", "Teste de dois em dois dias em falta"}, advice: evidence, lift: NewTest, rules: true},

	"vaccination-missing":    {officer: Words{"沒有完整疫苗記錄", "没有完整疫苗记录", "No complete vaccination stated", "接種完了の記録なし", "접종 완료 기록 없음", "Sem vacinação completa"}, advice: evidence, rules: true},
	"vaccination-too-recent": {officer: Words{"接種未滿規定天數", "接种未满规定天数", "Vaccinated too recently", "接種後の日数不足", "접종 후 일수 부족", "Vacinação demasiado recente"}, advice: evidence, rules: true},
	"temperature":            {officer: Words{"體溫偏高，請再量", "体温偏高，请再量", "Warm: measure again by hand", "体温が高い、再測定", "체온 높음, 다시 측정", "Quente: medir de novo à mão"}, advice: measure, rules: true},

	// Who and where.
	"child":               {officer: Words{"兒童，須由成人陪同到櫃位", "儿童，须由成人陪同到柜台", "A child, to the counter with an adult", "子ども、保護者と窓口へ", "어린이, 보호자와 창구로", "Criança, ao balcão com um adulto"}, advice: withSomeone, rules: true},
	"guardian-consent":    {officer: Words{"未成年，沒有監護人同意", "未成年，没有监护人同意", "A minor without a guardian's consent", "未成年、保護者の同意なし", "미성년자, 보호자 동의 없음", "Menor sem consentimento do tutor"}, advice: withSomeone, rules: true},
	"age-unknown":         {officer: Words{"碼內沒有年齡", "码内没有年龄", "No age stated", "年齢の記載なし", "나이 표시 없음", "Sem idade indicada"}, advice: evidence, rules: true},
	"not-today":           {officer: Words{"不是今天簽發的碼", "不是今天签发的码", "Issued on another day", "本日発行のコードではない", "오늘 발급된 코드가 아님", "Emitido noutro dia"}, advice: refresh, rules: true},
	"no-health-code":      {officer: Words{"沒有健康碼", "没有健康码", "No health code among them", "健康コードがない", "건강 코드 없음", "Sem código de saúde"}, advice: ownCode, rules: true},
	"gate-code-needed":    {officer: Words{"場所碼不註明持有人，須用過關碼", "进门码不注明持有人，须用过关码", "A code for doors: it does not say whose it is", "入場用コード、持ち主の記載なし", "출입용 코드, 소지자 표시 없음", "Código de porta: não diz de quem é"}, advice: ownCode, rules: true},
	"wrong-direction":     {officer: Words{"此通道方向不符", "此通道方向不符", "This lane is for the other direction", "通路の方向が違う", "통로 방향이 다름", "Passagem do sentido contrário"}, advice: notHere, rules: true},
	"endorsement-missing": {officer: Words{"旅行證件沒有所需簽註", "旅行证件没有所需签注", "No endorsement of the kind that is needed", "必要な種類の許可裏書がない", "필요한 종류의 허가 서명이 없음", "Sem o visto do tipo exigido"}, advice: evidence, rules: true},
	"document-mismatch":   {officer: Words{"證件與碼內所記不符", "证件与码内所记不符", "The document is not one that the code names", "証明書がコードの記載と一致しない", "신분증이 코드에 적힌 것과 다름", "O documento não é o que o código indica"}, rules: true},
	"document-missing":    {officer: Words{"沒有可核對的證件", "没有可核对的证件", "No document to compare with the code", "照合できる証明書がない", "대조할 신분증이 없음", "Sem documento para comparar com o código"}, advice: evidence, rules: true},
	"cohort-flagged":      {officer: Words{"屬須由職員跟進的群組", "属须由工作人员跟进的群组", "Of a group that staff are to see", "係員が確認する対象者", "직원이 확인해야 하는 대상", "De um grupo que o pessoal deve atender"}, rules: true},
	"isolation-required":  {officer: Words{"須先接受隔離安排", "须先接受隔离安排", "Isolation has to be arranged first", "先に隔離の手続きが必要", "먼저 격리 절차 필요", "É preciso tratar primeiro do isolamento"}, advice: setAmber, lift: Health, rules: true},
	"not-recognised":      {officer: Words{"此地此時不接受該簽發者的碼", "此地此时不接受该签发者的码", "This issuer's code is not recognised here and now", "この発行者のコードは現在ここでは不可", "이 발급자의 코드는 현재 이곳에서 인정되지 않음", "Emissor não reconhecido aqui e agora"}, advice: notHere, rules: true},
	"not-open-here":       {officer: Words{"此口岸或時段尚未開放", "此口岸或时段尚未开放", "Not open at this place or hour yet", "この場所・時間帯は未開放", "이 장소나 시간에는 미개방", "Ainda não aberto neste lugar ou hora"}, advice: notHere, rules: true},
	"not-resident":        {officer: Words{"不在住戶名單，請到登記點", "不在住户名单，请到登记点", "Not on the residents' list, to the registration desk", "居住者名簿にない、登録窓口へ", "주민 명단에 없음, 등록 창구로", "Fora da lista de residentes, ao balcão de registo"}, advice: notHere, rules: true},

	// Let in for a reason of their own.
	"not-required":  {officer: Words{"此處現時不要求出示碼", "此处现时不要求出示码", "No code is required here at present", "現在ここではコード不要", "현재 이곳은 코드가 필요 없음", "De momento não se exige código aqui"}, advice: good, rules: true},
	"exempt-age":    {officer: Words{"按年齡豁免", "按年龄豁免", "Exempt by age", "年齢により免除", "연령에 따라 면제", "Isento pela idade"}, advice: good, rules: true},
	"exempt-class":  {officer: Words{"屬豁免類別", "属豁免类别", "Of an exempt class", "免除区分に該当", "면제 대상", "De classe isenta"}, advice: good, rules: true},
	"return-scheme": {officer: Words{"回港計劃人士，黃碼不計", "回港计划人士，黄码不计", "Return scheme: amber for arrival does not count", "帰港制度の対象、到着による黄は除外", "귀환 제도 대상, 도착 사유 노란색 제외", "Regime de regresso: o amarelo da chegada não conta"}, advice: good, rules: true},
	"amber-allowed": {officer: Words{"此類場所准許黃碼進入", "此类场所准许黄码进入", "Amber is let in at this kind of place", "この種の場所は黄も入場可", "이런 장소는 노란색도 입장 가능", "Amarelo admitido neste tipo de lugar"}, advice: good, rules: true},
}

// public are the reasons of rules that say nothing of a person's health or circumstances:
// they are about the code, the lane or the hour.
var public = map[verdict.Reason]bool{verdict.Satisfied: true, verdict.NoRule: true, verdict.Undetermined: true, "not-today": true, "no-health-code": true,
	"gate-code-needed": true, "wrong-direction": true, "not-recognised": true, "not-open-here": true, "not-required": true}

// Private reports whether a reason is for the person and the staff alone, and not for a
// screen that others in the queue can read (R80). One that is not known is.
func Private(r verdict.Reason) bool {
	e, known := reasons[r]
	return !known || e.rules && !public[r]
}
