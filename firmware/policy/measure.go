package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"example.org/checkpoint/firmware/policy/lines"
)

// measure tells by how much a rule held: what was measured, and what would have
// been needed. It decides nothing.
type measure struct {
	program   cel.Program // nil for none
	cost      uint64
	unit      string
	threshold string
}

// comparisons are how a measured value is compared with a parameter.
var comparisons = map[string]string{"<=": "≤", ">=": "≥", "<": "<", ">": ">", "=": "=", "in": "in"}

// units go by the end of a parameter's name.
var units = []struct{ end, unit string }{{"_s", " s"}, {"_h", " h"}, {"_d", " d"}, {"_c10", " × 0.1 °C"}}

func (p *Policy) compileMeasure(env *cel.Env, e ruleEntry) (measure, error) {
	var m measure
	if e.Wanted != "" {
		sign, name, _ := strings.Cut(e.Wanted, " ")
		value, ok := p.find(name)
		if !ok || comparisons[sign] == "" {
			return m, fmt.Errorf("wanted %q: want a comparison and a window, date or list, such as \"<= test_h\"", lines.Clip(e.Wanted, maxWord))
		}
		for _, u := range units {
			if strings.HasSuffix(name, u.end) {
				m.unit = u.unit
			}
		}
		m.threshold = comparisons[sign] + " " + m.said(value)
		if s := p.sources[name]; s != "" {
			m.threshold += " (" + s + ")"
		}
	}
	if e.Measured == "" {
		return m, nil
	}
	c, err := p.parameters.compile(env, e.Measured)
	if err != nil {
		return m, fmt.Errorf("measured: %w", err)
	}
	if p.personal(c.expr) {
		return m, errors.New("measured: want nothing that rests on holder.birth or a stay's place, for it is written down; measure holder.age, or the days since")
	}
	switch c.typ.Kind() {
	case cel.IntKind, cel.DoubleKind, cel.StringKind, cel.DurationKind, cel.TimestampKind:
		m.program, m.cost = c.program, c.cost
		return m, nil
	}
	return m, errors.New("measured: want a number, a text, a time or a duration")
}

// personal reports whether an expression reads the holder's birth date, or a place where
// they were, itself or by a term. What is measured is kept in the journal, and these are not.
func (p *Policy) personal(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			found = found || e.AsSelect().FieldName() == "birth" || e.AsSelect().FieldName() == "place"
		case ast.IdentKind:
			i, ok := p.index[e.AsIdent()]
			found = found || ok && p.terms[i].personal
		}
	}))
	return found
}

// of measures a scene. What cannot be measured is left out.
func (m measure) of(s *scene) string {
	if m.program == nil {
		return ""
	}
	out, _, err := m.program.Eval(s)
	if err != nil {
		return ""
	}
	return m.said(out.Value())
}

func (m measure) said(value any) string {
	switch value := value.(type) {
	case int64:
		return fmt.Sprintf("%d%s", value, m.unit)
	case time.Duration:
		d := value.Truncate(time.Second)
		return fmt.Sprintf("%d h %d min %d s", int64(d.Hours()), int64(d.Minutes())%60, int64(d.Seconds())%60)
	case time.Time:
		return value.UTC().Format(time.RFC3339)
	case []string:
		return lines.Clip(strings.Join(value, " "), maxMeasured)
	}
	return lines.Clip(fmt.Sprint(value), maxMeasured)
}
