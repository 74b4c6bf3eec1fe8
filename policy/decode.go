package policy

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"moho/policy/target"
)

// maxErrors is how many errors of one file are reported.
const maxErrors = 10

// A decoder turns a YAML tree into a [Policy], strictly, and remembers where
// each value stood so that checks on the values can say so too.
//
// yaml.Load into the struct would be shorter, but takes yes and off for
// booleans, expands aliases, and knows no nearest key.
type decoder struct {
	file  string
	lines []string
	errs  []*Error
	pos   map[string]*yaml.Node // by path: targets[0].goarch[1]
}

func (d *decoder) line(n int) string {
	const widest = 200
	if n < 1 || n > len(d.lines) {
		return ""
	}
	s := strings.TrimSuffix(d.lines[n-1], "\r")
	if len(s) > widest {
		s = strings.ToValidUTF8(s[:widest], "") + "…"
	}
	return s
}

func (d *decoder) errorAt(n *yaml.Node, format string, args ...any) *Error {
	return &Error{File: d.file, Line: n.Line, Col: n.Column, Msg: fmt.Sprintf(format, args...), Text: d.line(n.Line)}
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	if len(d.errs) < maxErrors {
		d.errs = append(d.errs, d.errorAt(n, format, args...))
	}
}

// failAt reports about the value at path, or about the nearest thing around it.
func (d *decoder) failAt(path, format string, args ...any) {
	for {
		if n, ok := d.pos[path]; ok {
			d.fail(n, format, args...)
			return
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	d.errs = append(d.errs, &Error{File: d.file, Line: 1, Col: 1, Msg: fmt.Sprintf(format, args...), Text: d.line(1)})
}

// join returns all errors in the order of the file.
func (d *decoder) join() error {
	slices.SortStableFunc(d.errs, func(a, b *Error) int { return cmp.Or(a.Line-b.Line, a.Col-b.Col) })
	if len(d.errs) == 1 {
		return d.errs[0]
	}
	var all []error
	for _, e := range d.errs {
		all = append(all, e)
	}
	return errors.Join(all...)
}

func (d *decoder) decode(n *yaml.Node, p *Policy) { d.value(n, reflect.ValueOf(p).Elem(), "", "") }

type fromText interface{ fromText(string) error }

// value decodes n into v. enum lists the allowed strings, separated by commas;
// "" allows all.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path, enum string) {
	d.pos[path] = n
	if !d.plain(n) {
		return
	}
	if ft, ok := v.Addr().Interface().(fromText); ok {
		if s, ok := d.scalar(n); ok {
			if err := ft.fromText(s); err != nil {
				d.fail(n, "%v", err)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, enum)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 || n.Value != "true" && n.Value != "false" {
			d.fail(n, "%s: want true or false, have %s", last(path), describe(n))
			return
		}
		v.SetBool(n.Value == "true")
	case reflect.String:
		s, ok := d.scalar(n)
		if !ok {
			return
		}
		if known := strings.Split(enum, ","); enum != "" && !slices.Contains(known, s) {
			d.fail(n, "%s: %q is not one of %s%s", last(path), s, strings.Join(known, ", "), target.Suggest(s, known))
			return
		}
		v.SetString(s)
	}
}

// plain refuses what YAML has and a policy does not need.
func (d *decoder) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.fail(n, "aliases are not allowed: write the value out")
	case n.Anchor != "":
		d.fail(n, "anchors are not allowed")
	case n.Style&yaml.TaggedStyle != 0:
		d.fail(n, "tags are not allowed: %s", n.Tag)
	default:
		return true
	}
	return false
}

// scalar returns the text of n as it stands in the file. Numbers are text too
// (goarch: 386); booleans and nulls are not, for they are what YAML made of
// something else.
func (d *decoder) scalar(n *yaml.Node) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		d.fail(n, "want one value, have %s", describe(n))
	case n.ShortTag() == "!!null":
		d.fail(n, "want a value, have nothing")
	case n.ShortTag() == "!!bool":
		d.fail(n, "want text, have the boolean %s; quote it if it is meant", n.Value)
	case n.Value == "":
		d.fail(n, "want a value, have an empty text")
	default:
		return n.Value, true
	}
	return "", false
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	fields, names := keysOf(v.Type())
	seen := d.keys(n, path)
	if seen == nil {
		return
	}
	known := true
	for _, kv := range seen {
		f, ok := fields[kv.key.Value]
		if !ok {
			known = false
			where := ""
			if path != "" {
				where = " in " + path
			}
			d.fail(kv.key, "unknown key %q%s%s", kv.key.Value, where, target.Suggest(kv.key.Value, names))
			continue
		}
		d.value(kv.val, v.FieldByIndex(f.Index), join(path, kv.key.Value), f.Tag.Get("enum"))
	}
	for _, name := range names {
		// A key that is unknown and one that is missing are one misspelling.
		if fields[name].Tag.Get("need") == "" || !known {
			continue
		}
		if !slices.ContainsFunc(seen, func(kv pair) bool { return kv.key.Value == name }) {
			d.fail(n, "key %q is missing", join(path, name))
		}
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path, enum string) {
	items := n.Content
	if n.Kind == yaml.ScalarNode && v.Type().Elem().Kind() == reflect.String {
		items = []*yaml.Node{n} // one value is a list of one
	} else if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s: want a list, have %s", last(path), describe(n))
		return
	}
	for i, item := range items {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(item, e, fmt.Sprintf("%s[%d]", path, i), enum)
		v.Set(reflect.Append(v, e))
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	for _, kv := range d.keys(n, path) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(kv.val, e, join(path, kv.key.Value), "")
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(reflect.ValueOf(kv.key.Value), e)
	}
}

type pair struct{ key, val *yaml.Node }

// keys returns the pairs of a map, each key once; nil if n is not a map.
func (d *decoder) keys(n *yaml.Node, path string) []pair {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%swant a map of keys, have %s", prefix(path), describe(n))
		return nil
	}
	out := []pair{}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if !d.plain(k) {
			continue
		}
		if k.Kind != yaml.ScalarNode {
			d.fail(k, "want a key, have %s", describe(k))
			continue
		}
		if line, dup := first[k.Value]; dup {
			d.fail(k, "key %q again; it is already on line %d", k.Value, line)
			continue
		}
		first[k.Value] = k.Line
		out = append(out, pair{k, n.Content[i+1]})
	}
	return out
}

// keysOf returns the fields of a struct by YAML key, and the keys in order.
func keysOf(t reflect.Type) (map[string]reflect.StructField, []string) {
	fields := map[string]reflect.StructField{}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if k := f.Tag.Get("yaml"); k != "" {
			fields[k] = f
			names = append(names, k)
		}
	}
	return fields, names
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return last(path) + ": "
}

func last(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// describe says what a node is, for "have …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Value == "" {
		return "nothing"
	}
	if len(n.Value) > 40 {
		return fmt.Sprintf("%.40q…", n.Value)
	}
	return fmt.Sprintf("%q", n.Value)
}
