package facts

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Type is a type of objects: named members, of which each may be absent.
type Type struct {
	name    string // "checkpoint.Holder"
	said    string // "holder"
	cel     *cel.Type
	members map[string]*cel.Type
	names   []string
	index   map[string]int
}

// NewType makes a type.
func NewType(name string, members map[string]*cel.Type) *Type {
	t := &Type{name: name, said: strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]), cel: cel.ObjectType(name),
		members: members, names: slices.Sorted(maps.Keys(members)), index: map[string]int{}}
	for i, member := range t.names {
		t.index[member] = i
	}
	return t
}

// CEL returns the type as rules know it.
func (t *Type) CEL() *cel.Type { return t.cel }

// Object is a value of a Type. A member that it lacks is absent: has() is false and
// reading it is an error.
type Object struct {
	typ    *Type
	values []ref.Val
}

// New makes an object without members.
func (t *Type) New() *Object { return &Object{t, make([]ref.Val, len(t.names))} }

// Set sets a member of its type to a value of Go: string, int64, bool, float64,
// time.Time, time.Duration or []string. A member that the type has not is left out.
func (o *Object) Set(name string, value any) {
	if i, ok := o.typ.index[name]; ok {
		o.values[i] = val(value)
	}
}

// With returns an object that differs in one member.
func (o *Object) With(name string, value any) *Object {
	again := &Object{o.typ, slices.Clone(o.values)}
	again.Set(name, value)
	return again
}

// Get returns a member as a value of Go; nil if it is absent.
func (o *Object) Get(name string) any {
	if i, ok := o.typ.index[name]; ok && o.values[i] != nil {
		return o.values[i].Value()
	}
	return nil
}

// Names lists the members that are there, sorted.
func (o *Object) Names() []string {
	var out []string
	for i, v := range o.values {
		if v != nil {
			out = append(out, o.typ.names[i])
		}
	}
	return out
}

// Text returns a member that is a text; empty if it is absent.
func (o *Object) Text(name string) string {
	s, _ := o.values[o.typ.index[name]].(types.String)
	return string(s)
}

// Int returns a member that is a number, and whether it is there.
func (o *Object) Int(name string) (int64, bool) {
	n, ok := o.values[o.typ.index[name]].(types.Int)
	return int64(n), ok
}

// Reasons returns the reasons of a code.
func (o *Object) Reasons() []ref.Val { return items(o.values[codeType.index["reasons"]]) }

// text sets a member unless the text is empty, which means absent.
func (o *Object) text(name, value string) {
	if value != "" {
		o.values[o.typ.index[name]] = types.String(value)
	}
}

func (o *Object) number(name string, n int64) { o.values[o.typ.index[name]] = types.Int(n) }

func (o *Object) moment(name string, t time.Time) {
	o.values[o.typ.index[name]] = types.Timestamp{Time: t}
}

func (o *Object) set(name string, v ref.Val) { o.values[o.typ.index[name]] = v }

func (o *Object) has(name string) bool { return o.values[o.typ.index[name]] != nil }

func (o *Object) time(name string) (time.Time, bool) {
	t, ok := o.values[o.typ.index[name]].(types.Timestamp)
	return t.Time, ok
}

// ConvertToNative is of ref.Val, as all that follow.
func (o *Object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %s", o.typ.name, t)
}

func (o *Object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.typ.cel
	}
	return types.NewErr("%s is no %s", o.typ.name, t)
}

func (o *Object) Equal(ref.Val) ref.Val { return types.NewErr("%s cannot be compared", o.typ.name) }
func (o *Object) Type() ref.Type        { return o.typ.cel }
func (o *Object) Value() any            { return o }

// list makes a value of a list.
func list(of []ref.Val) ref.Val { return types.NewRefValList(types.DefaultTypeAdapter, of) }

// items returns what is in a list; nil if it is none.
func items(v ref.Val) []ref.Val {
	if v == nil {
		return nil
	}
	out, _ := v.Value().([]ref.Val)
	return out
}

// val makes a value of CEL of one of Go.
func val(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case string:
		return types.String(v)
	case int64:
		return types.Int(v)
	case bool:
		return types.Bool(v)
	case float64:
		return types.Double(v)
	case time.Time:
		return types.Timestamp{Time: v}
	case time.Duration:
		return types.Duration{Duration: v}
	case []string:
		return types.NewStringList(types.DefaultTypeAdapter, v)
	}
	return types.NewErr("no value of a rule")
}
