package screen

import "example.org/checkpoint/firmware/health"

// ailment is one condition in Chinese; its English is that of package health.
type ailment struct{ Hant, Hans, HantAction, HansAction string }

var ailments = map[health.Code]ailment{
	health.JournalDamaged: {"記錄曾損壞，已重新開始", "记录曾损坏，已重新开始",
		"保留狀態目錄內另存的檔案交技術員，並測試儲存裝置。之前用過的碼今日可能再獲接納一次。", "保留状态目录内另存的文件交技术员，并测试存储设备。之前用过的码今日可能再被接受一次。"},
	health.JournalFailed: {"無法寫入記錄", "无法写入记录",
		"重新啟動裝置；若再出現，更換儲存裝置。", "重新启动设备；若再出现，更换存储设备。"},
	health.JournalFull: {"記錄已滿", "记录已满",
		"恢復與中央的連線：中央確認後便會騰出空間。", "恢复与中央的连接：中央确认后便会腾出空间。"},
	health.GateLost: {"閘門沒有回應", "闸门没有响应",
		"檢查閘門控制板的電線及電源。", "检查闸门控制板的电线及电源。"},
	health.BeamStuck: {"光束持續被遮擋", "光束持续被遮挡",
		"移走通道內的物件，清潔光束鏡片，然後復位。", "移走通道内的物品，清洁光束镜片，然后复位。"},
	health.CameraLost: {"鏡頭沒有影像", "摄像头没有图像",
		"檢查鏡頭電線；若仍沒有影像，先重新啟動裝置，再更換鏡頭。", "检查摄像头电线；若仍没有图像，先重新启动设备，再更换摄像头。"},
	health.DisplayLost: {"通道顯示屏沒有回應", "通道显示屏没有响应",
		"檢查顯示屏電線並重新啟動。燈號及聲音仍會指示旅客。", "检查显示屏电线并重新启动。灯号及声音仍会指示旅客。"},
	health.TrustMissing: {"沒有安裝名單及規則", "没有安装名单及规则",
		"把裝置連接中央，或用 USB 手指安裝。", "把设备连接中央，或用 U 盘安装。"},
	health.BundleExpired: {"名單及規則已過可用期限", "名单及规则已过可用期限",
		"把裝置連接中央，或用 USB 手指安裝較新的一套。", "把设备连接中央，或用 U 盘安装较新的一套。"},
	health.ClockUntrusted: {"時間不可信", "时间不可信",
		"把裝置連接網絡以校正時間；若每次啟動後時間都不對，更換時鐘電池。", "把设备连接网络以校正时间；若每次启动后时间都不对，更换时钟电池。"},
	health.AlarmContact: {"大廈警報接點沒有訊號", "大厦警报接点没有信号",
		"檢查由大廈警報到閘門控制板的電線。", "检查由大厦警报到闸门控制板的电线。"},
	health.WatchdogLost: {"看門狗沒有回應", "看门狗没有响应",
		"重新啟動裝置；若再出現，請技術員檢查：裝置停頓將無人察覺。", "重新启动设备；若再出现，请技术员检查：设备停顿将无人察觉。"},
	health.DiskLow: {"儲存空間將滿", "存储空间将满",
		"請技術員移除舊檔案。記錄暫時仍有預留空間。", "请技术员移除旧文件。记录暂时仍有预留空间。"},
	health.BundleStale: {"名單及規則漸舊", "名单及规则渐旧",
		"檢查與中央的連線，或用 USB 手指安裝較新的一套。", "检查与中央的连接，或用 U 盘安装较新的一套。"},
	health.BundleRejected: {"新名單及規則被拒", "新名单及规则被拒",
		"通知中央：之前的一套仍然有效。", "通知中央：之前的一套仍然有效。"},
	health.CentreOffline: {"無法連接中央", "无法连接中央",
		"檢查網線及路由器。裝置會繼續自行判定。", "检查网线及路由器。设备会继续自行判定。"},
	health.CentreConflict: {"中央的記錄與本機不同", "中央的记录与本机不同",
		"不要改動裝置並通知中央。在副本上執行 checkpoint journal verify。", "不要改动设备并通知中央。在副本上执行 checkpoint journal verify。"},
	health.TooHot: {"裝置過熱", "设备过热",
		"清理通風口，遮擋陽光。", "清理通风口，遮挡阳光。"},
}

// conditionWords says what is wrong and what to do.
func conditionWords(c health.Condition) (title, action Words) {
	a := ailments[c.Code]
	return Words{a.Hant, a.Hans, c.Title}, Words{a.HantAction, a.HansAction, c.Action}
}
