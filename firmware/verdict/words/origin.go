package words

// meanings are what a scheme, or its signed mapping, says that a colour means; provenances
// are who applied for a code (R74). Colours mean different things in different schemes, so
// staff and auditors are told the meaning.
var (
	meanings = map[string]Words{
		"may-cross":      {"可過關", "可过关", "may cross", "通過可", "통과 가능", "pode atravessar"},
		"low-risk-self":  {"低風險，本人申請", "低风险，本人申请", "low risk, by own application", "低リスク・本人申請", "저위험, 본인 신청", "baixo risco, pedido pelo próprio"},
		"low-risk-proxy": {"低風險，由他人申請", "低风险，由他人申请", "low risk, applied for by another", "低リスク・代理申請", "저위험, 대리 신청", "baixo risco, pedido por outra pessoa"},
		"watch":          {"需要留意", "需要留意", "to be watched", "要注意", "주의 대상", "em observação"},
		"high-risk":      {"高風險", "高风险", "high risk", "高リスク", "고위험", "alto risco"},
	}
	provenances = map[string]Words{
		"self":     {"本人", "本人", "the holder", "本人", "본인", "o próprio"},
		"relative": {"親屬或監護人", "亲属或监护人", "a relative or guardian", "親族または保護者", "친족 또는 보호자", "um familiar ou tutor"},
		"worker":   {"基層工作人員", "基层工作人员", "a worker", "係員", "담당 직원", "um funcionário"},
	}
)

// Meaning says what a colour means; a meaning without words as it is named.
func Meaning(m string) Words { return named(meanings, m) }

// Provenance says who applied for a code.
func Provenance(p string) Words { return named(provenances, p) }

func named(in map[string]Words, name string) Words {
	if w, ok := in[name]; ok {
		return w
	}
	return Words{name, name, name, name, name, name}
}
