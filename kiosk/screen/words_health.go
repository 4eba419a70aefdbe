package screen

import "example.org/checkpoint/firmware/health"

// ailment is one condition and what to do about it; its English is that of package health.
type ailment struct{ Title, Action Words }

var ailments = map[health.Code]ailment{
	health.JournalDamaged: {
		Words{Hant: "記錄曾損壞，已重新開始", Hans: "记录曾损坏，已重新开始", Ja: "記録が損傷し、新しく開始した", Ko: "기록이 손상되어 새로 시작함", Pt: "O registo estava danificado e recomeçou"},
		Words{Hant: "保留狀態目錄內另存的檔案交技術員，並測試儲存裝置。之前用過的碼今日可能再獲接納一次。", Hans: "保留状态目录内另存的文件交技术员，并测试存储设备。之前用过的码今日可能再被接受一次。",
			Ja: "状態フォルダーに取り置いたファイルを技術者に渡し、記憶装置を検査させてください。使用済みのコードが今日もう一度通ることがあります。",
			Ko: "상태 폴더에 따로 둔 파일을 기술자에게 주고 저장 장치를 점검하게 하세요. 이미 쓴 코드가 오늘 한 번 더 받아들여질 수 있습니다.",
			Pt: "Guarde para o técnico o ficheiro posto de lado na pasta de estado e mande testar o disco. Códigos já usados podem hoje ser aceites mais uma vez."}},
	health.JournalFailed: {
		Words{Hant: "無法寫入記錄", Hans: "无法写入记录", Ja: "記録を書き込めない", Ko: "기록을 쓸 수 없음", Pt: "Não se consegue escrever o registo"},
		Words{Hant: "裝置會自行再試，無須重新啟動；若持續數分鐘，更換儲存裝置。", Hans: "设备会自行再试，无须重新启动；若持续数分钟，更换存储设备。",
			Ja: "自動で再試行します。再起動は不要です。数分続くなら記憶装置を交換してください。", Ko: "스스로 다시 시도하므로 다시 시작할 필요가 없습니다. 몇 분 계속되면 저장 장치를 교체하세요.",
			Pt: "Volta a tentar por si, sem reiniciar. Se durar minutos, substitua o disco."}},
	health.JournalFull: {
		Words{Hant: "記錄已滿", Hans: "记录已满", Ja: "記録がいっぱい", Ko: "기록이 가득 참", Pt: "O registo está cheio"},
		Words{Hant: "恢復與中央的連線：中央確認後便會騰出空間。", Hans: "恢复与中央的连接：中央确认后便会腾出空间。", Ja: "センターとの接続を回復してください。確認済みの分が空きます。", Ko: "중앙과의 연결을 복구하세요. 확인된 만큼 자리가 납니다.", Pt: "Restabeleça a ligação ao centro: o que ele confirma liberta espaço."}},
	health.GateLost: {
		Words{Hant: "閘門沒有回應", Hans: "闸门没有响应", Ja: "ゲートが応答しない", Ko: "게이트가 응답하지 않음", Pt: "A porta não responde"},
		Words{Hant: "檢查閘門控制板的電線及電源。", Hans: "检查闸门控制板的电线及电源。", Ja: "ゲート基板の配線と電源を確認してください。", Ko: "게이트 기판의 전선과 전원을 확인하세요.", Pt: "Verifique o cabo e a alimentação da placa da porta."}},
	health.BeamStuck: {
		Words{Hant: "光束持續被遮擋", Hans: "光束持续被遮挡", Ja: "光線が遮られたまま", Ko: "광선이 계속 가려짐", Pt: "Um feixe de luz continua interrompido"},
		Words{Hant: "移走通道內的物件，清潔光束鏡片，然後復位。", Hans: "移走通道内的物品，清洁光束镜片，然后复位。", Ja: "通路内の物を取り除き、レンズを拭いてから復帰してください。", Ko: "통로의 물건을 치우고 렌즈를 닦은 뒤 복구하세요.", Pt: "Retire o que estiver na passagem, limpe as lentes e reponha."}},
	health.CameraLost: {
		Words{Hant: "鏡頭沒有影像", Hans: "摄像头没有图像", Ja: "カメラの映像がない", Ko: "카메라 영상 없음", Pt: "A câmara não dá imagem"},
		Words{Hant: "檢查鏡頭電線；若仍沒有影像，先重新啟動裝置，再更換鏡頭。", Hans: "检查摄像头电线；若仍没有图像，先重新启动设备，再更换摄像头。", Ja: "カメラの配線を確認してください。映らなければ装置を再起動し、次にカメラを交換します。", Ko: "카메라 전선을 확인하세요. 계속 없으면 기기를 다시 시작하고, 그다음 카메라를 교체하세요.", Pt: "Verifique o cabo da câmara. Se não voltar, reinicie o aparelho e depois troque a câmara."}},
	health.DisplayLost: {
		Words{Hant: "通道顯示屏沒有回應", Hans: "通道显示屏没有响应", Ja: "通路の画面が応答しない", Ko: "통로 화면이 응답하지 않음", Pt: "O ecrã da passagem não responde"},
		Words{Hant: "檢查顯示屏電線並重新啟動。燈號及聲音仍會指示旅客。", Hans: "检查显示屏电线并重新启动。灯号及声音仍会指示旅客。", Ja: "画面の配線を確認し、再起動してください。灯火と音は案内を続けます。", Ko: "화면 전선을 확인하고 다시 켜세요. 등과 소리는 계속 안내합니다.", Pt: "Verifique o cabo do ecrã e reinicie-o. A luz e o som continuam a guiar as pessoas."}},
	health.TrustMissing: {
		Words{Hant: "沒有安裝名單及規則", Hans: "没有安装名单及规则", Ja: "リストと規則が入っていない", Ko: "목록과 규칙이 설치되지 않음", Pt: "Não há listas nem regras instaladas"},
		Words{Hant: "把裝置連接中央，或用 USB 手指安裝。", Hans: "把设备连接中央，或用 U 盘安装。", Ja: "センターに接続するか、USB メモリから入れてください。", Ko: "중앙에 연결하거나 USB로 설치하세요.", Pt: "Ligue o aparelho ao centro, ou instale-as por USB."}},
	health.BundleExpired: {
		Words{Hant: "名單及規則已過可用期限", Hans: "名单及规则已过可用期限", Ja: "リストと規則の期限切れ", Ko: "목록과 규칙의 기한이 지남", Pt: "As listas e regras passaram do prazo"},
		Words{Hant: "把裝置連接中央，或用 USB 手指安裝較新的一套。", Hans: "把设备连接中央，或用 U 盘安装较新的一套。", Ja: "センターに接続するか、USB メモリから新しいものを入れてください。", Ko: "중앙에 연결하거나 USB로 더 최신 것을 설치하세요.", Pt: "Ligue o aparelho ao centro, ou instale umas mais recentes por USB."}},
	health.ClockUntrusted: {
		Words{Hant: "時間不可信", Hans: "时间不可信", Ja: "時刻を信用できない", Ko: "시각을 믿을 수 없음", Pt: "A hora não é de confiança"},
		Words{Hant: "把裝置連接網絡以校正時間；若每次啟動後時間都不對，更換時鐘電池。", Hans: "把设备连接网络以校正时间；若每次启动后时间都不对，更换时钟电池。", Ja: "ネットワークに接続して時刻を合わせてください。起動のたびに狂うなら電池を交換してください。", Ko: "네트워크에 연결해 시각을 맞추세요. 켤 때마다 틀리면 시계 전지를 교체하세요.", Pt: "Ligue o aparelho à rede para acertar a hora. Se falhar a cada arranque, troque a pilha do relógio."}},
	health.AlarmContact: {
		Words{Hant: "大廈警報接點沒有訊號", Hans: "大厦警报接点没有信号", Ja: "建物の警報接点から信号がない", Ko: "건물 경보 접점의 신호 없음", Pt: "O contacto de alarme do edifício não dá sinal"},
		Words{Hant: "檢查由大廈警報到閘門控制板的電線。", Hans: "检查由大厦警报到闸门控制板的电线。", Ja: "建物の警報からゲート基板への配線を確認してください。", Ko: "건물 경보에서 게이트 기판까지의 전선을 확인하세요.", Pt: "Verifique o fio do alarme do edifício até à placa da porta."}},
	health.WatchdogLost: {
		Words{Hant: "看門狗沒有回應", Hans: "看门狗没有响应", Ja: "監視回路が応答しない", Ko: "감시 장치가 응답하지 않음", Pt: "O vigilante não responde"},
		Words{Hant: "重新啟動裝置；若再出現，請技術員檢查：裝置停頓將無人察覺。", Hans: "重新启动设备；若再出现，请技术员检查：设备停顿将无人察觉。", Ja: "装置を再起動してください。再発するなら技術者へ。停止しても気付けません。", Ko: "기기를 다시 시작하세요. 또 나타나면 기술자에게 맡기세요. 멈춰도 모르게 됩니다.", Pt: "Reinicie o aparelho. Se voltar, chame o técnico: um bloqueio passaria despercebido."}},
	health.DiskLow: {
		Words{Hant: "儲存空間將滿", Hans: "存储空间将满", Ja: "記憶装置の空きが少ない", Ko: "저장 공간이 거의 참", Pt: "O disco está quase cheio"},
		Words{Hant: "請技術員移除舊檔案。記錄暫時仍有預留空間。", Hans: "请技术员移除旧文件。记录暂时仍有预留空间。", Ja: "技術者に古いファイルを消させてください。記録用の予備は当分あります。", Ko: "기술자에게 오래된 파일을 지우게 하세요. 기록용 예비 공간은 당분간 있습니다.", Pt: "Peça ao técnico que apague ficheiros antigos. O registo ainda tem espaço reservado."}},
	health.BundleStale: {
		Words{Hant: "名單及規則漸舊", Hans: "名单及规则渐旧", Ja: "リストと規則が古くなっている", Ko: "목록과 규칙이 오래되어 감", Pt: "As listas e regras estão a ficar velhas"},
		Words{Hant: "檢查與中央的連線，或用 USB 手指安裝較新的一套。", Hans: "检查与中央的连接，或用 U 盘安装较新的一套。", Ja: "センターとの接続を確認するか、USB メモリから新しいものを入れてください。", Ko: "중앙과의 연결을 확인하거나 USB로 더 최신 것을 설치하세요.", Pt: "Verifique a ligação ao centro, ou instale umas mais recentes por USB."}},
	health.BundleRejected: {
		Words{Hant: "新名單及規則被拒", Hans: "新名单及规则被拒", Ja: "新しいリストと規則を拒否した", Ko: "새 목록과 규칙이 거부됨", Pt: "Listas e regras novas foram recusadas"},
		Words{Hant: "通知中央：之前的一套仍然有效。", Hans: "通知中央：之前的一套仍然有效。", Ja: "センターに知らせてください。以前のものが引き続き有効です。", Ko: "중앙에 알리세요. 이전 것이 계속 유효합니다.", Pt: "Avise o centro: as anteriores continuam em vigor."}},
	health.CentreOffline: {
		Words{Hant: "無法連接中央", Hans: "无法连接中央", Ja: "センターに接続できない", Ko: "중앙에 연결할 수 없음", Pt: "Não se chega ao centro"},
		Words{Hant: "檢查網線及路由器。裝置會繼續自行判定。", Hans: "检查网线及路由器。设备会继续自行判定。", Ja: "配線とルーターを確認してください。装置は自分で判定を続けます。", Ko: "네트워크 선과 공유기를 확인하세요. 기기는 스스로 계속 판정합니다.", Pt: "Verifique o cabo de rede e o router. O aparelho continua a decidir sozinho."}},
	health.CentreConflict: {
		Words{Hant: "中央的記錄與本機不同", Hans: "中央的记录与本机不同", Ja: "センターの記録と食い違う", Ko: "중앙의 기록과 다름", Pt: "O registo do centro difere deste"},
		Words{Hant: "不要改動裝置並通知中央。在副本上執行 checkpoint journal verify。", Hans: "不要改动设备并通知中央。在副本上执行 checkpoint journal verify。", Ja: "装置に触れず、センターに知らせてください。複製に対して checkpoint journal verify を実行します。", Ko: "기기를 그대로 두고 중앙에 알리세요. 사본에서 checkpoint journal verify를 실행합니다.", Pt: "Não mexa no aparelho e avise o centro. Corra checkpoint journal verify sobre uma cópia."}},
	health.TooHot: {
		Words{Hant: "裝置過熱", Hans: "设备过热", Ja: "装置が熱すぎる", Ko: "기기가 너무 뜨거움", Pt: "O aparelho está demasiado quente"},
		Words{Hant: "清理通風口，遮擋陽光。", Hans: "清理通风口，遮挡阳光。", Ja: "通気口を空け、日光を遮ってください。", Ko: "통풍구를 비우고 햇빛을 가리세요.", Pt: "Desimpeça as grelhas e proteja-o do sol."}},
	health.OrderHalts: {
		Words{Hant: "中央命令暫停通行", Hans: "中央命令暂停通行", Ja: "本部の命令により停止中", Ko: "중앙 명령으로 중지됨", Pt: "Suspenso por ordem do centro"},
		Words{Hant: "請旅客前往櫃位。只有中央可下令重開，然後由主管在此確認。", Hans: "请旅客前往柜台。只有中央可下令重开，然后由主管在此确认。", Ja: "窓口へ案内してください。再開を命じるのは本部だけで、その後ここで責任者が同意します。", Ko: "창구로 안내하세요. 재개는 중앙만 명령할 수 있고, 그 뒤 책임자가 여기서 동의합니다.", Pt: "Encaminhe as pessoas para o balcão. Só o centro pode mandar reabrir; depois um supervisor confirma aqui."}},
	health.OrderWaits: {
		Words{Hant: "中央已下令重開", Hans: "中央已下令重开", Ja: "本部が再開を命じた", Ko: "중앙이 재개를 명령함", Pt: "O centro mandou reabrir"},
		Words{Hant: "主管確認通道可以開放後，轉動主管鑰匙。", Hans: "主管确认通道可以开放后，转动主管钥匙。", Ja: "責任者が通路を確かめ、責任者の鍵を回してください。", Ko: "책임자가 통로를 확인하고 책임자 열쇠를 돌리세요.", Pt: "Um supervisor verifica se a passagem pode abrir e roda a chave de supervisor."}},
	health.OrderOverdue: {
		Words{Hant: "中央的命令已到覆核時間", Hans: "中央的命令已到复核时间", Ja: "本部の命令の見直し時期", Ko: "중앙 명령의 재검토 시기", Pt: "Uma ordem do centro está por rever"},
		Words{Hant: "向中央查詢。命令在中央另行通知前仍然有效。", Hans: "向中央查询。命令在中央另行通知前仍然有效。", Ja: "本部に問い合わせてください。命令は取り消されるまで有効です。", Ko: "중앙에 문의하세요. 명령은 달리 알릴 때까지 유효합니다.", Pt: "Pergunte ao centro. A ordem vale até que ele diga o contrário."}},
}

// conditionWords says what is wrong and what to do.
func conditionWords(c health.Condition) (title, action Words) {
	a := ailments[c.Code]
	a.Title.En, a.Action.En = c.Title, c.Action
	return a.Title, a.Action
}
