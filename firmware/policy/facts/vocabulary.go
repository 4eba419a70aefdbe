// Package facts is the vocabulary of the rules: what verified credentials, signed
// lists and the lane's devices state, in types that CEL checks.
package facts

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The types of the vocabulary and their members. A date is the first moment of that
// day in the issuing scheme's zone. Days count local calendar days from a date or
// moment to now (0 is today), left those to an end; set_by is the scheme and the first
// authority that a reason names; said is class and source in one.
var (
	reasonType = NewType("checkpoint.Reason", map[string]*cel.Type{"class": cel.IntType, "since": cel.TimestampType,
		"until": cel.TimestampType, "authority": cel.StringType, "days": cel.IntType, "left": cel.IntType})
	codeType = NewType("checkpoint.Code", map[string]*cel.Type{"format": cel.StringType, "kind": cel.StringType,
		"scheme": cel.StringType, "profile": cel.StringType, "colour": cel.StringType, "meaning": cel.StringType,
		"reasons": cel.ListType(reasonType.cel), "provenance": cel.StringType, "holder_bound": cel.BoolType, "fresh": cel.BoolType,
		"issued": cel.TimestampType, "expires": cel.TimestampType, "local_day": cel.StringType, "days": cel.IntType,
		"set_by": cel.StringType, "status_age": cel.DurationType, "revocation_age": cel.DurationType,
		"trust_age": cel.DurationType, "converts_to": cel.ListType(cel.StringType)})
	exemptionType = NewType("checkpoint.Exemption", map[string]*cel.Type{"class": cel.StringType, "source": cel.StringType,
		"said": cel.StringType})
	holderType = NewType("checkpoint.Holder", map[string]*cel.Type{"age_band": cel.IntType, "birth": cel.TimestampType,
		"age": cel.IntType, "exempt": cel.ListType(cel.StringType), "exemptions": cel.ListType(exemptionType.cel),
		"endorsements": cel.ListType(cel.StringType), "cohorts": cel.ListType(cel.StringType), "guardian_consent": cel.BoolType})
	doseType = NewType("checkpoint.Dose", map[string]*cel.Type{"day": cel.TimestampType, "product": cel.StringType,
		"number": cel.IntType, "of": cel.IntType, "days": cel.IntType})
	testType = NewType("checkpoint.Test", map[string]*cel.Type{"sampled": cel.TimestampType, "kind": cel.StringType,
		"negative": cel.BoolType, "days": cel.IntType})
	stayType = NewType("checkpoint.Stay", map[string]*cel.Type{"place": cel.StringType, "last": cel.TimestampType,
		"risk": cel.BoolType, "days": cel.IntType})
	clockType = NewType("checkpoint.Clock", map[string]*cel.Type{"confidence": cel.StringType})
	laneType  = NewType("checkpoint.Lane", map[string]*cel.Type{"site": cel.StringType, "kind": cel.StringType,
		"direction": cel.StringType, "venue_class": cel.StringType})
	documentType = NewType("checkpoint.Document", map[string]*cel.Type{"type": cel.StringType, "match": cel.BoolType})
	venueType    = NewType("checkpoint.Venue", map[string]*cel.Type{"inside": cel.IntType, "capacity": cel.IntType})
	faceType     = NewType("checkpoint.Face", map[string]*cel.Type{"checked": cel.BoolType, "similarity": cel.DoubleType,
		"liveness": cel.StringType})
)

// The variables by their place in Facts.
const (
	now = iota
	clock
	lane
	codes
	holder
	doses
	tests
	stays
	document
	resident
	venue
	face
	temperature
	uncertainty
	count
)

// variables is what a rule may ask. Lists of doses, tests and stays are latest first.
var variables = [count]struct {
	name string
	typ  *cel.Type
}{
	{"now", cel.TimestampType}, {"clock", clockType.cel}, {"lane", laneType.cel}, {"codes", cel.ListType(codeType.cel)},
	{"holder", holderType.cel}, {"doses", cel.ListType(doseType.cel)}, {"tests", cel.ListType(testType.cel)},
	{"stays", cel.ListType(stayType.cel)}, {"document", documentType.cel}, {"resident", cel.BoolType}, {"venue", venueType.cel},
	{"face", faceType.cel}, {"temperature", cel.DoubleType}, {"temperature_uncertainty", cel.DoubleType},
}

var places = func() map[string]int {
	out := map[string]int{}
	for i, v := range variables {
		out[v.name] = i
	}
	return out
}()

// objects are the types by their names.
var objects = map[string]*Type{reasonType.name: reasonType, codeType.name: codeType, exemptionType.name: exemptionType,
	holderType.name: holderType, doseType.name: doseType, testType.name: testType, stayType.name: stayType, clockType.name: clockType,
	laneType.name: laneType, documentType.name: documentType, venueType.name: venueType, faceType.name: faceType}

// Known reports whether a variable has that name.
func Known(name string) bool { _, ok := places[name]; return ok }

// Vocabulary tells CEL our types beside its own: it is its provider and its adapter.
type Vocabulary struct {
	*types.Registry
	more map[string]*Type
}

// NewVocabulary returns the vocabulary with some types more.
func NewVocabulary(more ...*Type) (*Vocabulary, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	v := &Vocabulary{registry, map[string]*Type{}}
	for _, t := range more {
		v.more[t.name] = t
	}
	return v, nil
}

// Variables declares what a rule may ask.
func (v *Vocabulary) Variables() []cel.EnvOption {
	out := []cel.EnvOption{cel.CustomTypeAdapter(v), cel.CustomTypeProvider(v)}
	for _, f := range variables {
		out = append(out, cel.Variable(f.name, f.typ))
	}
	return out
}

func (v *Vocabulary) find(name string) (*Type, bool) {
	t, ok := objects[name]
	if !ok {
		t, ok = v.more[name]
	}
	return t, ok
}

// FindStructType is of types.Provider.
func (v *Vocabulary) FindStructType(name string) (*types.Type, bool) {
	if t, ok := v.find(name); ok {
		return types.NewTypeTypeWithParam(t.cel), true
	}
	return v.Registry.FindStructType(name)
}

// FindStructFieldType is of types.Provider.
func (v *Vocabulary) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	t, ok := v.find(name)
	if !ok {
		return v.Registry.FindStructFieldType(name, field)
	}
	i, ok := t.index[field]
	if !ok {
		return nil, false
	}
	missing := &Missing{t.said + "." + field}
	return &types.FieldType{
		Type:  t.members[field],
		IsSet: func(o any) bool { return o.(*Object).values[i] != nil },
		GetFrom: func(o any) (any, error) {
			if value := o.(*Object).values[i]; value != nil {
				return value, nil
			}
			return nil, missing
		},
	}, true
}

// NewValue refuses: rules judge, they do not make facts.
func (v *Vocabulary) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ours := v.find(name); ours {
		return types.NewErr("rules cannot make a %s", name)
	}
	return v.Registry.NewValue(name, fields)
}

// NativeToValue is of types.Adapter.
func (v *Vocabulary) NativeToValue(value any) ref.Val {
	if val, ok := value.(ref.Val); ok {
		return val
	}
	return v.Registry.NativeToValue(value)
}

// Missing is the error of a rule that reads a fact which is not there.
type Missing struct{ Fact string }

func (m *Missing) Error() string { return fmt.Sprintf("%s is absent", m.Fact) }
