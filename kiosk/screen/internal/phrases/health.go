package phrases

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
	health.PrinterLost: {
		Words{Hant: "打印機沒有回應", Hans: "打印机没有响应", Ja: "プリンターが応答しない", Ko: "프린터가 응답하지 않음", Pt: "A impressora não responde"},
		Words{Hant: "檢查打印機的電源及電線；若仍無回應，關機後再開。", Hans: "检查打印机的电源及电线；若仍无响应，关机后再开。", Ja: "プリンターの電源と配線を確認してください。戻らなければ電源を入れ直します。", Ko: "프린터의 전원과 전선을 확인하세요. 돌아오지 않으면 껐다 켜세요.", Pt: "Verifique a alimentação e o cabo da impressora. Se não voltar, desligue-a e ligue-a."}},
	health.PrinterPaperOut: {
		Words{Hant: "打印機缺紙", Hans: "打印机缺纸", Ja: "プリンターの用紙がない", Ko: "프린터 용지 없음", Pt: "A impressora não tem papel"},
		Words{Hant: "放入新紙卷，紙條會自行重印。", Hans: "放入新纸卷，纸条会自行重印。", Ja: "新しいロール紙を入れてください。票は自動で刷り直されます。", Ko: "새 롤을 넣으세요. 쪽지는 저절로 다시 인쇄됩니다.", Pt: "Ponha um rolo novo. O talão volta a ser impresso por si."}},
	health.PrinterPaperLow: {
		Words{Hant: "打印機紙張將盡", Hans: "打印机纸张将尽", Ja: "プリンターの用紙が残り少ない", Ko: "프린터 용지가 거의 없음", Pt: "O papel da impressora está a acabar"},
		Words{Hant: "在下一位之前更換紙卷。", Hans: "在下一位之前更换纸卷。", Ja: "次の人の前にロール紙を交換してください。", Ko: "다음 사람 전에 롤을 바꾸세요.", Pt: "Mude o rolo antes da próxima pessoa."}},
	health.PrinterOpen: {
		Words{Hant: "打印機蓋未關", Hans: "打印机盖未关", Ja: "プリンターの蓋が開いている", Ko: "프린터 덮개가 열려 있음", Pt: "A tampa da impressora está aberta"},
		Words{Hant: "關好機蓋，紙條會自行重印。", Hans: "关好机盖，纸条会自行重印。", Ja: "蓋を閉めてください。票は自動で刷り直されます。", Ko: "덮개를 닫으세요. 쪽지는 저절로 다시 인쇄됩니다.", Pt: "Feche a tampa. O talão volta a ser impresso por si."}},
	health.PrinterJam: {
		Words{Hant: "打印機卡紙", Hans: "打印机卡纸", Ja: "プリンターに紙が詰まっている", Ko: "프린터에 종이가 걸림", Pt: "Há papel preso na impressora"},
		Words{Hant: "打開機蓋，取出卡紙並鬆開切刀，然後關蓋。", Hans: "打开机盖，取出卡纸并松开切刀，然后关盖。", Ja: "蓋を開け、詰まった紙を取りカッターを戻してから閉めてください。", Ko: "덮개를 열어 걸린 종이를 빼고 칼날을 푼 뒤 닫으세요.", Pt: "Abra a tampa, retire o papel preso e solte a guilhotina; depois feche-a."}},
	health.PrinterFailed: {
		Words{Hant: "打印機無法打印", Hans: "打印机无法打印", Ja: "プリンターが印刷できない", Ko: "프린터가 인쇄할 수 없음", Pt: "A impressora não consegue imprimir"},
		Words{Hant: "讓打印機冷卻，放開送紙鍵，然後關機再開；若仍無效，更換打印機。", Hans: "让打印机冷却，放开送纸键，然后关机再开；若仍无效，更换打印机。", Ja: "冷まし、紙送りボタンを離して、電源を入れ直してください。直らなければ交換します。", Ko: "식히고 급지 단추를 놓은 뒤 껐다 켜세요. 그래도 안 되면 교체하세요.", Pt: "Deixe-a arrefecer, solte o botão de avanço e desligue-a e ligue-a. Se não resultar, troque-a."}},
	health.CameraAway: {
		Words{Hant: "鏡頭沒有影像，其他裝置仍可讀碼", Hans: "摄像头没有图像，其他设备仍可读码", Ja: "カメラの映像がない。別の装置がコードを読む", Ko: "카메라 영상 없음, 다른 기기가 코드를 읽음", Pt: "A câmara não dá imagem; outro leitor ainda lê códigos"},
		Words{Hant: "檢查鏡頭的電線及電源；若仍沒有影像，更換鏡頭。", Hans: "检查摄像头的电线及电源；若仍没有图像，更换摄像头。", Ja: "カメラの配線と電源を確認してください。映らなければカメラを交換します。", Ko: "카메라의 전선과 전원을 확인하세요. 계속 없으면 카메라를 교체하세요.", Pt: "Verifique o cabo e a alimentação da câmara. Se não voltar, troque-a."}},
	health.CameraFrozen: {
		Words{Hant: "鏡頭影像停頓", Hans: "摄像头图像停顿", Ja: "カメラの映像が止まっている", Ko: "카메라 영상이 멈춤", Pt: "A imagem da câmara está parada"},
		Words{Hant: "暫時拔去鏡頭電源；若再出現，更換鏡頭。", Hans: "暂时拔去摄像头电源；若再出现，更换摄像头。", Ja: "カメラの電源を少しの間抜いてください。再発するなら交換します。", Ko: "카메라 전원을 잠시 뽑으세요. 또 나타나면 교체하세요.", Pt: "Tire por momentos a alimentação da câmara. Se voltar, troque-a."}},
	health.CameraBlack: {
		Words{Hant: "鏡頭影像全黑", Hans: "摄像头图像全黑", Ja: "カメラの映像が真っ暗", Ko: "카메라 영상이 새까맘", Pt: "A imagem da câmara está preta"},
		Words{Hant: "取下鏡頭蓋，或開燈照明。", Hans: "取下镜头盖，或开灯照明。", Ja: "レンズのキャップを外すか、照明をつけてください。", Ko: "렌즈 덮개를 벗기거나 불을 켜세요.", Pt: "Tire a tampa da lente, ou ilumine o local."}},
	health.CameraCovered: {
		Words{Hant: "鏡頭被遮擋", Hans: "摄像头被遮挡", Ja: "カメラが覆われている", Ko: "카메라가 가려짐", Pt: "Algo tapa a câmara"},
		Words{Hant: "移開遮擋並清潔鏡頭；若鏡頭改為對着空白牆壁，重新啟動裝置。", Hans: "移开遮挡并清洁镜头；若摄像头改为对着空白墙壁，重新启动设备。", Ja: "覆いを取りレンズを拭いてください。カメラを無地の壁に向けたなら装置を再起動します。", Ko: "가린 것을 치우고 렌즈를 닦으세요. 카메라를 빈 벽으로 돌렸다면 기기를 다시 시작하세요.", Pt: "Destape e limpe a lente. Se a câmara foi virada para uma parede lisa, reinicie o aparelho."}},
	health.ReaderLost: {
		Words{Hant: "此通道沒有裝置可讀碼", Hans: "此通道没有设备可读码", Ja: "この通路ではコードを読む装置がない", Ko: "이 통로에서 코드를 읽는 기기가 없음", Pt: "Nada lê códigos nesta passagem"},
		Words{Hant: "檢查掃描器及讀卡器的電線及電源，再更換。", Hans: "检查扫描器及读卡器的电线及电源，再更换。", Ja: "スキャナーとカード読取装置の配線と電源を確認し、次に交換してください。", Ko: "스캐너와 카드 판독기의 전선과 전원을 확인하고, 그다음 교체하세요.", Pt: "Verifique cabos e alimentação dos leitores de códigos e de cartões; depois troque-os."}},
	health.ScannerLost: {
		Words{Hant: "掃描器沒有回應", Hans: "扫描器没有响应", Ja: "コードスキャナーが応答しない", Ko: "코드 스캐너가 응답하지 않음", Pt: "O leitor de códigos não responde"},
		Words{Hant: "檢查電線；通道的其他讀碼裝置仍可使用。", Hans: "检查电线；通道的其他读码设备仍可使用。", Ja: "配線を確認してください。通路の他の読取装置は使えます。", Ko: "전선을 확인하세요. 통로의 다른 판독기는 계속 읽습니다.", Pt: "Verifique o cabo; os outros leitores da passagem continuam a ler."}},
	health.ScannerChanged: {
		Words{Hant: "掃描器設定被更改", Hans: "扫描器设置被更改", Ja: "コードスキャナーの設定が変わった", Ko: "코드 스캐너의 설정이 바뀜", Pt: "O leitor de códigos foi reconfigurado"},
		Words{Hant: "掃描其設定頁，並查看誰曾向它出示條碼。", Hans: "扫描其设置页，并查看谁曾向它出示条码。", Ja: "設定シートを読ませ、誰がコードをかざしたか確かめてください。", Ko: "설정표를 읽히고, 누가 코드를 보였는지 살펴보세요.", Pt: "Leia a folha de configuração e veja quem lhe mostrou códigos."}},
	health.ScannerUnsafe: {
		Words{Hant: "掃描器可能會在畫面上輸入文字", Hans: "扫描器可能会在画面上输入文字", Ja: "スキャナーが画面に入力しかねない", Ko: "스캐너가 화면에 글자를 입력할 수 있음", Pt: "O leitor poderia escrever num ecrã"},
		Words{Hant: "拔下掃描器並通知技術員。", Hans: "拔下扫描器并通知技术员。", Ja: "スキャナーを抜き、技術者に知らせてください。", Ko: "스캐너를 뽑고 기술자에게 알리세요.", Pt: "Desligue-o e avise o técnico."}},
	health.DocumentReaderLost: {
		Words{Hant: "證件閱讀器沒有回應", Hans: "证件阅读器没有响应", Ja: "書類読取装置が応答しない", Ko: "문서 판독기가 응답하지 않음", Pt: "O leitor de documentos não responde"},
		Words{Hant: "檢查電線及電源；恢復之前由職員查看證件。", Hans: "检查电线及电源；恢复之前由工作人员查看证件。", Ja: "配線と電源を確認してください。戻るまで係員が書類を確かめます。", Ko: "전선과 전원을 확인하세요. 돌아올 때까지 직원이 문서를 봅니다.", Pt: "Verifique o cabo e a alimentação. Até voltar, o pessoal verifica os documentos."}},
	health.DocumentDoubtful: {
		Words{Hant: "有證件未能確實讀取", Hans: "有证件未能确实读取", Ja: "書類を確実に読み取れなかった", Ko: "문서를 확실히 읽지 못함", Pt: "Um documento não foi lido com certeza"},
		Words{Hant: "請親自查看證件：所讀內容一概未採信。", Hans: "请亲自查看证件：所读内容一概未采信。", Ja: "書類をご自身で確かめてください。読んだ内容は何も採用していません。", Ko: "문서를 직접 보세요. 읽은 내용은 아무것도 받아들이지 않았습니다.", Pt: "Veja o documento: nada do que foi lido se deu por certo."}},
	health.CardReaderLost: {
		Words{Hant: "讀卡器沒有回應", Hans: "读卡器没有响应", Ja: "カード読取装置が応答しない", Ko: "카드 판독기가 응답하지 않음", Pt: "O leitor de cartões não responde"},
		Words{Hant: "檢查電線；若仍無回應，先重新啟動裝置，再更換讀卡器。", Hans: "检查电线；若仍无响应，先重新启动设备，再更换读卡器。", Ja: "配線を確認してください。戻らなければ装置を再起動し、次に読取装置を交換します。", Ko: "전선을 확인하세요. 돌아오지 않으면 기기를 다시 시작하고, 그다음 판독기를 교체하세요.", Pt: "Verifique o cabo. Se não voltar, reinicie o aparelho e depois troque o leitor."}},
	health.ThermalLost: {
		Words{Hant: "測溫器沒有回應", Hans: "测温器没有响应", Ja: "温度計が応答しない", Ko: "온도계가 응답하지 않음", Pt: "O termómetro não responde"},
		Words{Hant: "檢查電線；恢復之前，規則要求時由職員量度。", Hans: "检查电线；恢复之前，规则要求时由工作人员测量。", Ja: "配線を確認してください。戻るまで、規則が求める場合は係員が測ります。", Ko: "전선을 확인하세요. 돌아올 때까지 규칙이 요구하면 직원이 잽니다.", Pt: "Verifique o cabo. Até voltar, o pessoal mede onde as regras o pedem."}},
	health.GateDoor: {
		Words{Hant: "閘門沒有按指令動作", Hans: "闸门没有按指令动作", Ja: "ゲートの扉が指示どおりに動かない", Ko: "게이트 문이 지시대로 움직이지 않음", Pt: "A folha da porta não faz o que lhe mandam"},
		Words{Hant: "查看甚麼阻擋門扇或門鎖，再請人檢查驅動器及接點。", Hans: "查看什么阻挡门扇或门锁，再请人检查驱动器及触点。", Ja: "扉や錠を妨げる物を探し、次に駆動部と接点を点検させてください。", Ko: "문짝이나 자물쇠를 막는 것을 찾고, 그다음 구동부와 접점을 점검하게 하세요.", Pt: "Procure o que prende a folha ou o trinco; depois mande ver o motor e os contactos."}},
	health.DoorForced: {
		Words{Hant: "閘門被強行推開", Hans: "闸门被强行推开", Ja: "ゲートの扉がこじ開けられた", Ko: "게이트 문이 강제로 열림", Pt: "A porta foi forçada"},
		Words{Hant: "查看誰曾通過，檢查門扇及門鎖，然後復位。", Hans: "查看谁曾通过，检查门扇及门锁，然后复位。", Ja: "誰が通ったか確かめ、扉と錠を点検してから復帰してください。", Ko: "누가 지나갔는지 보고 문짝과 자물쇠를 점검한 뒤 복구하세요.", Pt: "Veja quem passou, verifique a folha e o trinco, e reponha."}},
	health.CabinetOpen: {
		Words{Hant: "閘機機箱未關", Hans: "闸机机箱未关", Ja: "ゲートの筐体が開いている", Ko: "게이트 함이 열려 있음", Pt: "O armário da porta está aberto"},
		Words{Hant: "關上機箱，並查看曾被怎樣動過。", Hans: "关上机箱，并查看曾被怎样动过。", Ja: "閉めて、何をされたか確かめてください。", Ko: "닫고, 무엇을 건드렸는지 살펴보세요.", Pt: "Feche-o e veja o que lhe fizeram."}},
	health.KeyStuck: {
		Words{Hant: "閘機鑰匙一直在轉動位置", Hans: "闸机钥匙一直在转动位置", Ja: "ゲートの鍵が回されたまま", Ko: "게이트 열쇠가 돌려진 채로 있음", Pt: "Uma chave da porta continua rodada"},
		Words{Hant: "把鑰匙轉回，或鬆開它。", Hans: "把钥匙转回，或松开它。", Ja: "鍵を戻すか、外してください。", Ko: "열쇠를 되돌리거나 푸세요.", Pt: "Rode-a de volta, ou solte-a."}},
	health.GateHeld: {
		Words{Hant: "閘門一直開着", Hans: "闸门一直开着", Ja: "ゲートが開いたまま", Ko: "게이트가 열린 채로 있음", Pt: "A porta continua aberta"},
		Words{Hant: "查看旅客是否需要協助，請停留的人前行，移走物件；否則將會警報。", Hans: "查看旅客是否需要协助，请停留的人前行，移走物品；否则将会报警。",
			Ja: "助けが要る人か確かめ、立ち止まる人を進ませ、物を取り除いてください。そのままでは警報になります。", Ko: "도움이 필요한지 보고, 서 있는 사람은 지나가게 하고 물건을 치우세요. 그러지 않으면 경보가 울립니다.",
			Pt: "Veja se a pessoa precisa de ajuda; peça a quem lá está que avance e retire o que lá estiver. Senão, segue-se o alarme."}},
	health.HallAway: {
		Words{Hant: "大堂的集線主機沒有回應", Hans: "大厅的集线主机没有响应", Ja: "ホールのハブが応答しない", Ko: "홀의 허브가 응답하지 않음", Pt: "O nó da sala não responde"},
		Words{Hant: "檢查該主機的電源及網絡；恢復之前改問中央，需時較長。", Hans: "检查该主机的电源及网络；恢复之前改问中央，用时较长。", Ja: "ハブの電源とネットワークを確認してください。戻るまではセンターに問い合わせ、時間がかかります。",
			Ko: "허브의 전원과 네트워크를 확인하세요. 돌아올 때까지 중앙에 물으며 더 오래 걸립니다.", Pt: "Verifique a alimentação e a rede do nó. Até voltar pergunta-se ao centro, o que demora mais."}},
	health.HallAlone: {
		Words{Hant: "無法查詢碼曾否在其他通道使用", Hans: "无法查询码曾否在其他通道使用", Ja: "コードが他の通路で使われたか確認できない", Ko: "코드가 다른 통로에서 쓰였는지 물을 수 없음", Pt: "Não se pode perguntar se um código foi usado noutra passagem"},
		Words{Hant: "先檢查本裝置的網絡，再檢查主機；其間同一碼可能在每部裝置各獲接納一次，事後會查出。", Hans: "先检查本设备的网络，再检查主机；其间同一码可能在每台设备各被接受一次，事后会查出。",
			Ja: "この装置のネットワーク、次にハブを確認してください。それまで同じコードが装置ごとに一度ずつ通ることがあり、後で判明します。",
			Ko: "이 기기의 네트워크를, 그다음 허브를 확인하세요. 그때까지 같은 코드가 기기마다 한 번씩 받아들여질 수 있으며 나중에 드러납니다.",
			Pt: "Verifique a rede deste aparelho e depois o nó. Até lá um código pode ser aceite uma vez em cada aparelho; descobre-se depois."}},
	health.HallLied: {
		Words{Hant: "主機有並非本大堂裝置所作的記錄", Hans: "主机有并非本大厅设备所作的记录", Ja: "ホールの装置が作っていない記録がハブにある", Ko: "홀의 어느 기기도 만들지 않은 기록이 허브에 있음", Pt: "O nó tem registos que nenhum aparelho da sala fez"},
		Words{Hant: "通知中央：主機可能被人動過。該等記錄不獲採信。一日內再無此等記錄即自行解除。", Hans: "通知中央：主机可能被人动过。该等记录不被采信。一日内再无此类记录即自行解除。",
			Ja: "センターに連絡してください。ハブに手が加えられた恐れがあります。その記録は信用されません。一日現れなければ表示は自動で消えます。",
			Ko: "중앙에 알리세요. 누군가 허브를 건드렸을 수 있습니다. 그런 기록은 믿지 않습니다. 하루 동안 나타나지 않으면 저절로 해제됩니다.",
			Pt: "Avise o centro: alguém pode ter mexido no nó. Esses registos não são aceites. O aviso termina por si após um dia sem nenhum."}},
	health.AdmissionEnds: {
		Words{Hant: "本裝置的中央准入即將或已經屆滿", Hans: "本设备的中央准入即将或已经到期", Ja: "センターへの接続許可がまもなく切れるか、切れている", Ko: "중앙 접속 허가가 곧 끝나거나 끝났음", Pt: "A admissão do aparelho no centro está a terminar ou terminou"},
		Words{Hant: "連接中央：裝置每小時要求新的准入。若未獲發，請中央重新准入，再重新啟動裝置。", Hans: "连接中央：设备每小时请求新的准入。若未获发，请中央重新准入，再重新启动设备。",
			Ja: "センターに接続してください。装置は毎時、新しい許可を求めます。得られなければ、センターに許可し直してもらい、装置を再起動してください。",
			Ko: "중앙에 연결하세요. 기기가 매시간 새 허가를 요청합니다. 받지 못하면 중앙에서 다시 허가하게 하고 기기를 다시 시작하세요.",
			Pt: "Ligue o aparelho ao centro: pede uma nova a cada hora. Se não a receber, peça ao centro que o admita de novo e reinicie-o."}},
}

// Condition says what is wrong and what to do.
func Condition(c health.Condition) (title, action Words) {
	a := ailments[c.Code]
	a.Title.En, a.Action.En = c.Title, c.Action
	return a.Title, a.Action
}
