package words

import (
	"fmt"
	"strings"
	"time"

	"example.org/checkpoint/firmware/verdict"
)

// Auditor gives everything that a verdict of a time rests on, one fact after the other.
func Auditor(v verdict.Verdict, at time.Time, language string) string {
	said := func(w Words, value string) string { return w.In(language) + " " + value }
	reason := func(r verdict.Reason) string { return fmt.Sprintf("%s (%s)", r, Officer(r).In(language)) }
	found := ""
	if v.Ruled != "" {
		found = reason(v.Ruled)
	}
	parts := []string{fmt.Sprintf("%s: %s", outcomes[v.Outcome].In(language), reason(v.Reason)), at.UTC().Format(time.RFC3339)}
	for _, f := range []struct {
		label Words
		value string
	}{
		{ruledLabel, found}, {ruleLabel, v.Rule}, {citeLabel, v.Cite}, {measuredLabel, v.Measured}, {wantedLabel, v.Threshold},
		{setByLabel, v.SetBy}, {schemeLabel, strings.TrimSpace(v.Scheme + " " + v.Format)},
		{meaningLabel, both(v.Meaning, Meaning(v.Meaning), language)}, {provenanceLabel, both(v.Provenance, Provenance(v.Provenance), language)}, {clockLabel, v.Confidence},
	} {
		if f.value != "" {
			parts = append(parts, said(f.label, f.value))
		}
	}
	for _, risk := range []struct {
		label Words
		found verdict.Reason
	}{{personLabel, v.Person}, {placeLabel, v.Place}} {
		if risk.found == "" {
			parts = append(parts, said(risk.label, nothing.In(language)))
		} else {
			parts = append(parts, said(risk.label, reason(risk.found)))
		}
	}
	for _, l := range v.Lists {
		age := "?"
		if !l.Changed.IsZero() {
			age = at.Sub(l.Changed).Truncate(time.Second).String()
		}
		parts = append(parts, said(listLabel, fmt.Sprintf("%s, %s", strings.TrimSpace(l.Name+" "+l.Version), age)))
	}
	return strings.Join(parts, "; ")
}

// both gives a name and its words; nothing for no name.
func both(name string, w Words, language string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s)", name, w.In(language))
}

var outcomes = map[verdict.Outcome]Words{
	verdict.Refuse: {"拒絕", "拒绝", "Refused", "拒否", "거부", "Recusado"},
	verdict.Refer:  {"轉介職員", "转介人工", "Referred to staff", "係員へ案内", "직원에게 안내", "Encaminhado para o pessoal"},
	verdict.Admit:  {"准予通行", "准予通行", "Admitted", "通過許可", "통과 허가", "Admitido"},
}

var (
	ruledLabel      = Words{"規則原本判定", "规则原本判定", "the rules alone found", "規則のみの判定", "규칙만의 판정", "só pelas regras"}
	setByLabel      = Words{"紅碼設定者", "红码设定者", "red set by", "赤の設定機関", "빨간색 설정 기관", "vermelho definido por"}
	ruleLabel       = Words{"規則", "规则", "rule", "規則", "규칙", "regra"}
	citeLabel       = Words{"依據", "依据", "source", "根拠", "근거", "fonte"}
	measuredLabel   = Words{"量得", "测得", "measured", "測定値", "측정값", "medido"}
	wantedLabel     = Words{"要求", "要求", "wanted", "要件", "기준", "exigido"}
	schemeLabel     = Words{"簽發者", "签发者", "issuer", "発行者", "발급자", "emissor"}
	meaningLabel    = Words{"顏色的意思", "颜色的意思", "colour means", "色の意味", "색의 의미", "a cor significa"}
	provenanceLabel = Words{"申請人", "申请人", "applied for by", "申請者", "신청자", "pedido por"}
	clockLabel      = Words{"時鐘", "时钟", "clock", "時計", "시계", "relógio"}
	personLabel     = Words{"個人風險", "个人风险", "risk of the person", "本人のリスク", "본인 위험", "risco da pessoa"}
	placeLabel      = Words{"地方風險", "地方风险", "risk of places", "場所のリスク", "장소 위험", "risco de lugares"}
	listLabel       = Words{"名單", "名单", "list", "リスト", "목록", "lista"}
	nothing         = Words{"沒有發現", "没有发现", "none found", "該当なし", "해당 없음", "nada encontrado"}
)
