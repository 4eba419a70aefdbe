package screen

// labels of the attendant's page.
var labels = map[string]Words{
	"title":      {"通道總覽", "通道总览", "Lanes"},
	"language":   {"語言", "语言", "Language"},
	"connecting": {"正在連接裝置", "正在连接设备", "Connecting to the device"},
	"stopped":    {"資料停在 {time}，以下可能不是現況", "数据停在 {time}，以下可能不是现况", "Data stopped at {time}. What follows may not be true now"},
	"nodata":     {"與裝置失去聯絡", "与设备失去联系", "No word from the device"},

	"online":  {"已連接中央", "已连接中央", "Connected to the centre"},
	"offline": {"離線運作", "离线运行", "Working offline"},

	"lane":      {"{n} 號通道", "{n} 号通道", "Lane {n}"},
	"device":    {"裝置", "设备", "Device"},
	"attention": {"需要處理", "需要处理", "Needs you"},
	"calm":      {"沒有通道需要處理", "没有通道需要处理", "No lane needs you"},
	"measured":  {"量得 {n}", "测得 {n}", "Measured {n}"},
	"threshold": {"要求 {n}", "要求 {n}", "needed {n}"},
	"rule":      {"規則 {n}", "规则 {n}", "Rule {n}"},

	"events":  {"最近事件", "最近事件", "Latest events"},
	"none":    {"未有事件", "暂无事件", "No events yet"},
	"time":    {"時間", "时间", "Time"},
	"where":   {"通道", "通道", "Lane"},
	"result":  {"結果", "结果", "Result"},
	"details": {"詳情", "详情", "Details"},

	"health":  {"裝置狀況", "设备状况", "Device"},
	"healthy": {"一切正常", "一切正常", "All in order"},

	"sync":     {"中央同步", "中央同步", "Centre"},
	"queue":    {"待傳送事件", "待传送事件", "Events to send"},
	"oldest":   {"其中最舊", "其中最旧", "Oldest of them"},
	"accepted": {"中央最近接收", "中央最近接收", "Last taken by the centre"},

	"lists":     {"名單及規則", "名单及规则", "Lists and rules"},
	"version":   {"版本", "版本", "Version"},
	"activated": {"生效", "生效", "In force since"},
	"tried":     {"最近查詢更新", "最近查询更新", "Last asked for news"},
	"changed":   {"內容最近改變", "内容最近改变", "Content last changed"},
	"more":      {"另有 {n} 份較新", "另有 {n} 份较新", "{n} more, newer"},

	"never":   {"從未", "从未", "never"},
	"now":     {"不足一分鐘", "不足一分钟", "under a minute"},
	"minutes": {"{n} 分鐘前", "{n} 分钟前", "{n} min ago"},
	"hours":   {"{n} 小時前", "{n} 小时前", "{n} h ago"},
	"days":    {"{n} 日前", "{n} 天前", "{n} d ago"},
}
