package words

// advice is what a person is told about a reason.
type advice uint8

const (
	seeStaff    advice = iota // nothing the person could do, nor needs to know more of
	good                      // admitted
	again                     // hold it up better
	whole                     // the code is cut off or bent
	ownCode                   // another kind of code
	oneCode                   // one at a time
	inApp                     // no screenshot
	refresh                   // fetch it anew
	tooEarly                  // not valid yet
	device                    // the device cannot decide
	full                      // no quota, or halted
	setRed                    // people set it
	setAmber                  // watched
	evidence                  // of a test or a vaccination
	withSomeone               // a child
	notHere                   // another rule, lane or place
	measure                   // a second measurement
)

// advices are the sentences; {n} is the officer's phrase.
var advices = map[advice]Words{
	seeStaff: {"請找職員，他們會協助你；這不表示你做錯了甚麼。", "请找工作人员，他们会协助您；这不表示您做错了什么。",
		"Please see the staff. They will help you; you have done nothing wrong.", "係員にお声がけください。お手伝いします。あなたに落ち度はありません。",
		"직원에게 문의해 주세요. 도와드리겠습니다. 잘못하신 것은 없습니다.", "Dirija-se ao pessoal. Vão ajudá-lo; não fez nada de errado."},
	good: {"可以通行。", "可以通行。", "You may pass.", "お通りください。", "통과하실 수 있습니다.", "Pode passar."},
	again: {"請調高亮度，離遠一點，拿穩再掃。", "请调高亮度，离远一点，拿稳再扫。", "Turn up the brightness and hold the code still, a little further away.",
		"画面を明るくし、少し離して動かさずにかざしてください。", "화면을 밝게 하고 조금 떨어뜨려 움직이지 않게 대 주세요.", "Aumente o brilho e segure o código imóvel, um pouco mais longe."},
	whole: {"請攤平紙碼或重新打開應用程式，出示整個碼。", "请摊平纸码或重新打开应用程序，出示整个码。", "Show the whole code, flat and unfolded, or open it again in your app.",
		"紙は折らずに広げ、またはアプリで開き直し、コード全体をかざしてください。", "종이는 펴고, 또는 앱에서 다시 열어 코드 전체를 보여 주세요.", "Mostre o código inteiro, liso, ou abra-o de novo na aplicação."},
	ownCode: {"這不是在此使用的碼，請出示你的健康碼或通關碼。", "这不是在此使用的码，请出示您的健康码或通关码。", "That is not a code for this place. Show your health or passage code.",
		"ここで使うコードではありません。ご自身の健康コードまたは通関コードをかざしてください。", "이곳에서 쓰는 코드가 아닙니다. 본인의 건강 코드나 통관 코드를 보여 주세요.",
		"Esse código não serve aqui. Mostre o seu código de saúde ou de passagem."},
	oneCode: {"請每次只出示一個你自己的碼。", "请每次只出示一个您自己的码。", "Show one code at a time, and only your own.",
		"コードは一度に一つ、ご自身のものだけをかざしてください。", "코드는 한 번에 하나, 본인 것만 보여 주세요.", "Mostre um código de cada vez, e só o seu."},
	inApp: {"請在應用程式內開啟；截圖或列印本不能用。", "请在应用程序内打开；截图或打印件不能用。", "Open the code in your app. A screenshot or a print of it does not work.",
		"アプリでコードを開いてください。画面の写しや印刷は使えません。", "앱에서 코드를 여세요. 캡처나 인쇄물은 쓸 수 없습니다.", "Abra o código na aplicação. Uma captura ou impressão não serve."},
	refresh: {"你的碼已不能使用（{n}）。請在應用程式內更新，或到櫃位領取新碼。", "您的码已不能使用（{n}）。请在应用程序内刷新，或到柜台领取新码。",
		"Your code cannot be used any more ({n}). Refresh it in your app, or get a new one at a counter.",
		"このコードはもう使えません（{n}）。アプリで更新するか、窓口で新しいコードを受け取ってください。", "이 코드는 더 이상 쓸 수 없습니다 ({n}). 앱에서 새로 고치거나 창구에서 새 코드를 받으세요.",
		"O seu código já não serve ({n}). Atualize-o na aplicação ou peça um novo ao balcão."},
	tooEarly: {"你的碼尚未生效，請看碼上的日期。", "您的码尚未生效，请看码上的日期。", "Your code does not count yet. Check the date on it.",
		"このコードはまだ有効ではありません。日付をご確認ください。", "아직 유효하지 않은 코드입니다. 날짜를 확인하세요.", "O seu código ainda não é válido. Veja a data."},
	device: {"這部裝置現在不能判斷，不是你的問題。請找職員。", "这台设备现在不能判断，不是您的问题。请找工作人员。", "This device cannot decide at the moment; it is not about you. Please see the staff.",
		"この装置では今判断できません。あなたの問題ではありません。係員にお声がけください。", "이 기기가 지금 판단할 수 없습니다. 본인 문제가 아닙니다. 직원에게 문의하세요.",
		"Este aparelho não consegue decidir agora; não é por sua causa. Dirija-se ao pessoal."},
	full: {"暫時不能通行（{n}）。請找職員。", "暂时不能通行（{n}）。请找工作人员。", "Nobody can pass at the moment ({n}). Please see the staff.",
		"現在は通行できません（{n}）。係員にお声がけください。", "지금은 통과할 수 없습니다 ({n}). 직원에게 문의하세요.", "De momento não se pode passar ({n}). Dirija-se ao pessoal."},
	setRed: {"簽發你的碼的部門把它設為紅碼。原因：{n}。這部裝置不會自行設為紅碼。", "签发您的码的部门把它设为红码。原因：{n}。这台设备不会自行设为红码。",
		"The authority that issued your code has set it to red. Reason: {n}. This device never sets a code to red by itself.",
		"コードの発行機関が赤に設定しています。理由：{n}。この装置が赤にすることはありません。", "코드 발급 기관이 빨간색으로 설정했습니다. 사유: {n}. 이 기기가 빨간색으로 바꾸는 일은 없습니다.",
		"A autoridade emissora pôs o seu código a vermelho. Motivo: {n}. Este aparelho nunca põe um código a vermelho."},
	setAmber: {"你的碼需要職員再看一看。原因：{n}。", "您的码需要工作人员再看一看。原因：{n}。", "Staff need to take a look at your code. Reason: {n}.",
		"係員がコードを確認します。理由：{n}。", "직원이 코드를 확인해야 합니다. 사유: {n}.", "O pessoal precisa de ver o seu código. Motivo: {n}."},
	evidence: {"還差一項證明：{n}。請把證明交給職員看。", "还差一项证明：{n}。请把证明交给工作人员看。", "One proof is still needed: {n}. Show staff what you have.",
		"証明が一つ足りません：{n}。お持ちのものを係員にお見せください。", "증명 하나가 더 필요합니다: {n}. 가지고 계신 것을 직원에게 보여 주세요.",
		"Falta uma prova: {n}. Mostre ao pessoal o que tem."},
	withSomeone: {"請與家長或監護人一起到櫃位。", "请与家长或监护人一起到柜台。", "Please come to the counter with a parent or guardian.",
		"保護者と一緒に窓口へお越しください。", "보호자와 함께 창구로 와 주세요.", "Venha ao balcão com um dos pais ou tutor."},
	notHere: {"你的碼在這裡不適用：{n}。職員會告訴你可用的通道。", "您的码在这里不适用：{n}。工作人员会告诉您可用的通道。", "Your code does not count here: {n}. Staff will show you a lane that takes it.",
		"このコードはここでは使えません：{n}。使える通路を係員がご案内します。", "이 코드는 여기서 쓸 수 없습니다: {n}. 직원이 이용할 통로를 안내합니다.",
		"O seu código não serve aqui: {n}. O pessoal indicará outra passagem."},
	measure: {"職員會再為你量一次體溫。", "工作人员会再为您量一次体温。", "Staff will take your temperature once more.",
		"係員がもう一度体温を測ります。", "직원이 체온을 한 번 더 잽니다.", "O pessoal vai medir de novo a sua temperatura."},
}

// Body is who can change what a reason rests on (R80, R81). The zero Body: nobody is named.
type Body uint8

const (
	_ Body = iota
	Health
	Hospital
	NewTest
	Community
	Issuer
	Time
)

var lifts = map[Body]Words{
	Health: {"只有衞生或疾控部門可以解除。", "只有卫生或疾控部门可以解除。", "Only the health or disease control authority can lift it.",
		"解除できるのは保健当局だけです。", "보건 당국만 해제할 수 있습니다.", "Só a autoridade de saúde o pode levantar."},
	Hospital: {"由主診醫院或醫療機構解除。", "由主诊医院或医疗机构解除。", "The hospital or clinic in charge can lift it.",
		"担当の病院・医療機関が解除できます。", "담당 병원이나 의료기관이 해제할 수 있습니다.", "O hospital ou a clínica responsável pode levantá-lo."},
	NewTest: {"新的檢測結果會改變它。", "新的检测结果会改变它。", "A new test changes it.", "新しい検査結果で変わります。", "새 검사 결과로 바뀝니다.", "Um novo teste muda-o."},
	Community: {"請向所屬社區查詢如何解除。", "请向所属社区查询如何解除。", "Ask the community office where you stay how it is lifted.",
		"解除については滞在先の地域窓口にお尋ねください。", "해제 방법은 머무는 지역 사무소에 문의하세요.", "Pergunte no serviço comunitário onde está alojado como é levantado."},
	Issuer: {"簽發你的碼的部門可以更正。", "签发您的码的部门可以更正。", "The authority that issued your code can correct it.",
		"コードの発行機関が訂正できます。", "코드 발급 기관이 바로잡을 수 있습니다.", "A autoridade emissora pode corrigi-lo."},
	Time: {"期限過後，向簽發部門領取新碼即可。", "期限过后，向签发部门领取新码即可。", "Once the period is over, the issuer gives you a new code.",
		"期間が過ぎれば、発行機関から新しいコードを受け取れます。", "기간이 지나면 발급 기관에서 새 코드를 받을 수 있습니다.", "Passado o prazo, o emissor dá-lhe um novo código."},
}

// setBy is said of a red code; {n} is scheme and department.
var setBy = Words{"設定者：{n}。", "设定者：{n}。", "Set by: {n}.", "設定した機関：{n}。", "설정 기관: {n}.", "Definido por: {n}."}

var enquiries = Words{"查詢：{n}。", "查询：{n}。", "Questions: {n}.", "お問い合わせ：{n}。", "문의: {n}.", "Informações: {n}."}
