package policy

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Types of the vocabulary.
var (
	codeType   = cel.ObjectType("checkpoint.Code")
	reasonType = cel.ObjectType("checkpoint.Reason")
	holderType = cel.ObjectType("checkpoint.Holder")
	doseType   = cel.ObjectType("checkpoint.Dose")
	testType   = cel.ObjectType("checkpoint.Test")
	stayType   = cel.ObjectType("checkpoint.Stay")
	clockType  = cel.ObjectType("checkpoint.Clock")
	laneType   = cel.ObjectType("checkpoint.Lane")
	venueType  = cel.ObjectType("checkpoint.Venue")
	faceType   = cel.ObjectType("checkpoint.Face")
	windowType = cel.ObjectType("checkpoint.Windows")
	dateType   = cel.ObjectType("checkpoint.Dates")
	listType   = cel.ObjectType("checkpoint.Lists")
)

// variables is what a rule may ask, by name. A date is the first moment of that
// day in the issuing scheme's zone. Days count local calendar days from a date or
// moment to now (0 is today), left those to an end; set_by is the scheme and the
// first authority that a reason names; lists are latest first.
var variables = map[string]*cel.Type{
	"now":                     cel.TimestampType,
	"clock":                   clockType,
	"lane":                    laneType,
	"codes":                   cel.ListType(codeType),
	"holder":                  holderType,
	"doses":                   cel.ListType(doseType),
	"tests":                   cel.ListType(testType),
	"stays":                   cel.ListType(stayType),
	"document":                cel.MapType(cel.StringType, cel.DynType),
	"resident":                cel.BoolType,
	"venue":                   venueType,
	"face":                    faceType,
	"temperature":             cel.DoubleType,
	"temperature_uncertainty": cel.DoubleType,
}

// members are the parts of the types. Those of parameterTypes come from the policy file.
var members = map[string]map[string]*cel.Type{
	clockType.TypeName(): {"confidence": cel.StringType},
	laneType.TypeName(): {"site": cel.StringType, "kind": cel.StringType, "direction": cel.StringType,
		"venue_class": cel.StringType},
	codeType.TypeName(): {"format": cel.StringType, "kind": cel.StringType, "scheme": cel.StringType, "profile": cel.StringType,
		"colour": cel.StringType, "meaning": cel.StringType, "reasons": cel.ListType(reasonType),
		"provenance": cel.StringType, "holder_bound": cel.BoolType, "fresh": cel.BoolType,
		"issued": cel.TimestampType, "expires": cel.TimestampType, "local_day": cel.StringType, "days": cel.IntType, "set_by": cel.StringType,
		"status_age": cel.DurationType, "revocation_age": cel.DurationType, "trust_age": cel.DurationType,
		"converts_to": cel.ListType(cel.StringType)},
	reasonType.TypeName(): {"class": cel.IntType, "since": cel.TimestampType, "until": cel.TimestampType,
		"authority": cel.StringType, "days": cel.IntType, "left": cel.IntType},
	holderType.TypeName(): {"age_band": cel.IntType, "birth": cel.TimestampType, "age": cel.IntType,
		"exempt": cel.ListType(cel.StringType), "guardian_consent": cel.BoolType},
	doseType.TypeName():  {"day": cel.TimestampType, "product": cel.StringType, "number": cel.IntType, "of": cel.IntType, "days": cel.IntType},
	testType.TypeName():  {"sampled": cel.TimestampType, "kind": cel.StringType, "negative": cel.BoolType, "days": cel.IntType},
	stayType.TypeName():  {"place": cel.StringType, "last": cel.TimestampType, "risk": cel.BoolType, "days": cel.IntType},
	venueType.TypeName(): {"inside": cel.IntType, "capacity": cel.IntType},
	faceType.TypeName():  {"checked": cel.BoolType, "similarity": cel.DoubleType, "liveness": cel.StringType},
}

// object is a value of one of the types. A member that it lacks is absent: has()
// is false and reading it is an error.
type object struct {
	typ    *cel.Type
	values map[string]any
}

func (o object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %s", o.typ, t)
}

func (o object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.typ
	}
	return types.NewErr("%s is no %s", o.typ, t)
}

func (o object) Equal(ref.Val) ref.Val { return types.NewErr("%s cannot be compared", o.typ) }
func (o object) Type() ref.Type        { return o.typ }
func (o object) Value() any            { return o }

// vocabulary tells CEL our types beside its own.
type vocabulary struct {
	*types.Registry
	members map[string]map[string]*cel.Type
}

// vocabularyWith returns the vocabulary with the parameters of one policy.
func vocabularyWith(parameters map[string]map[string]*cel.Type) (*vocabulary, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	v := &vocabulary{registry, map[string]map[string]*cel.Type{}}
	for name, m := range members {
		v.members[name] = m
	}
	for name, m := range parameters {
		v.members[name] = m
	}
	return v, nil
}

func (v *vocabulary) FindStructType(name string) (*types.Type, bool) {
	if _, ok := v.members[name]; ok {
		return types.NewTypeTypeWithParam(cel.ObjectType(name)), true
	}
	return v.Registry.FindStructType(name)
}

func (v *vocabulary) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	t, ok := v.members[name][field]
	if !ok {
		return v.Registry.FindStructFieldType(name, field)
	}
	return &types.FieldType{
		Type: t,
		IsSet: func(o any) bool {
			_, ok := o.(object).values[field]
			return ok
		},
		GetFrom: func(o any) (any, error) {
			if value, ok := o.(object).values[field]; ok {
				return value, nil
			}
			return nil, fmt.Errorf("%s is absent", field)
		},
	}, true
}

// NewValue refuses: rules judge, they do not make facts.
func (v *vocabulary) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ours := v.members[name]; ours {
		return types.NewErr("rules cannot make a %s", name)
	}
	return v.Registry.NewValue(name, fields)
}

func (v *vocabulary) NativeToValue(value any) ref.Val {
	switch value := value.(type) {
	case object:
		return value
	case []any:
		return types.NewDynamicList(v, value)
	}
	return v.Registry.NativeToValue(value)
}
