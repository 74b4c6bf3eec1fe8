package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

const schemaFile = "../docs/schemas/policy.v1.json"

// TestSchemaAgrees compares the keys of the published schema with those of the
// Go types, at every level, and which of them are required.
func TestSchemaAgrees(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	compare(t, "policy", reflect.TypeFor[Policy](), root)
}

func compare(t *testing.T, path string, typ reflect.Type, schema map[string]any) {
	t.Helper()
	if schema["additionalProperties"] != false {
		t.Errorf("%s: the schema allows unknown keys", path)
	}
	fields, names := keysOf(typ)
	props, _ := schema["properties"].(map[string]any)
	var keys, need, required []string
	for k := range props {
		keys = append(keys, k)
	}
	for _, n := range names {
		if fields[n].Tag.Get("need") != "" {
			need = append(need, n)
		}
	}
	for _, r := range list(schema["required"]) {
		required = append(required, r.(string))
	}
	for _, s := range [][]string{keys, names, need, required} {
		slices.Sort(s)
	}
	if diff := cmp.Diff(names, keys); diff != "" {
		t.Errorf("%s: keys (-Go +schema):\n%s", path, diff)
	}
	if diff := cmp.Diff(need, required); diff != "" {
		t.Errorf("%s: required (-Go +schema):\n%s", path, diff)
	}
	for name, f := range fields {
		sub, _ := props[name].(map[string]any)
		ft := f.Type
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct {
			ft = ft.Elem()
			sub, _ = sub["items"].(map[string]any)
		}
		if _, custom := reflect.New(ft).Interface().(fromText); ft.Kind() == reflect.Struct && !custom {
			compare(t, path+"."+name, ft, sub)
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			raw, err := json.Marshal(sub)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Split(enum, ","); sub["enum"] != nil && !reflect.DeepEqual(list(sub["enum"]), anys(want)) {
				t.Errorf("%s.%s: enum is %s, want %v", path, name, raw, want)
			}
		}
	}
}

func list(v any) []any { l, _ := v.([]any); return l }

func anys(ss []string) (out []any) {
	for _, s := range ss {
		out = append(out, s)
	}
	return out
}

// TestSchemaJudges has the schema and Parse judge the same texts.
func TestSchemaJudges(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"full", full, true},
		{"least", head + tail, true},
		{"number as architecture", head + "targets: [{goos: linux, goarch: 386}]\n", true},
		{"size in bytes", head + tail + "binary: {maxSize: 1048576}\n", true},
		{"unknown key", head + tail + "cgo_enabled: true\n", false},
		{"unknown key inside", head + "targets: [{goos: linux, goarch: amd64, os: x}]\n", false},
		{"no targets", head + "targets: []\n", false},
		{"missing name", "apiVersion: moho/v1\n" + tail, false},
		{"severity", head + tail + "vet: {refuse: [urgent]}\n", false},
		{"one severity", head + tail + "vet: {refuse: high}\n", true},
		{"toolchain", head + tail + "toolchain: {go: latest}\n", false},
		{"text for boolean", head + tail + "cgo: \"yes\"\n", false},
		{"link", head + "targets: [{goos: linux, goarch: amd64, link: no-such}]\n", false},
		{"size", head + tail + "binary: {maxSize: big}\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, perr := Parse("moho.yaml", []byte(tt.text))
			var v any
			if err := yaml.Load([]byte(tt.text), &v); err != nil {
				t.Fatal(err)
			}
			serr := schema.Validate(jsonable(t, v))
			if (perr == nil) != tt.ok || (serr == nil) != tt.ok {
				t.Errorf("want ok=%v; Parse: %v; schema: %v", tt.ok, perr, serr)
			}
		})
	}
}

// jsonable turns what YAML makes of dates and of keys that are numbers back
// into the text that it was.
func jsonable(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(textKeys(v))
	if err != nil {
		t.Fatal(err)
	}
	s := strings.ReplaceAll(string(data), "T00:00:00Z", "")
	out, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func textKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for k, e := range v {
			out[fmt.Sprint(k)] = textKeys(e)
		}
		return out
	case map[string]any:
		for k, e := range v {
			v[k] = textKeys(e)
		}
	case []any:
		for i, e := range v {
			v[i] = textKeys(e)
		}
	}
	return v
}
