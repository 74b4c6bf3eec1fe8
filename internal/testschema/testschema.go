// Package testschema checks in tests that what moho prints is what
// docs/schemas promises.
package testschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"moho/docs/schemas"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// base is the URL under which the schemas find each other. Nothing is loaded
// from anywhere else.
const base = "moho:///schemas/"

var compiler = sync.OnceValues(func() (*jsonschema.Compiler, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{})
	c.AssertFormat()
	names, err := fs.Glob(schemas.Files, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := schemas.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := c.AddResource(base+name, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
})

var mu sync.Mutex // a Compiler is not safe for concurrent use

// Compile returns the schema in the named file of docs/schemas, at the given
// pointer inside it ("" for all of it).
func Compile(file, pointer string) (*jsonschema.Schema, error) {
	c, err := compiler()
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	return c.Compile(base + file + "#" + pointer)
}

// Check returns an error unless data is one JSON value of the kind
// moho/KIND/v1, for example "report".
func Check(kind string, data []byte) error {
	s, err := Compile(kind+".v1.json", "")
	if err != nil {
		return err
	}
	return validate(s, data)
}

// Valid fails the test unless [Check] is content.
func Valid(t testing.TB, kind string, data []byte) {
	t.Helper()
	if err := Check(kind, data); err != nil {
		t.Errorf("not a valid moho/%s/v1: %v\n%.2000s", kind, err, data)
	}
}

// CheckLines returns the items of a JSON-lines list of the kind moho/KIND/v1. It
// returns an error unless there is a header, then items, then an end that
// counts them, each as the schema wants it.
func CheckLines(kind string, data []byte) ([]json.RawMessage, error) {
	header, err := Compile(kind+".v1.json", "/$defs/header")
	if err != nil {
		return nil, err
	}
	item, err := Compile(kind+".v1.json", "/$defs/item")
	if err != nil {
		return nil, err
	}
	end, err := Compile("common.json", "/$defs/end")
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutSuffix(string(data), "\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) < 2 {
		return nil, fmt.Errorf("%d lines, want a header and an end with line feeds", len(lines))
	}
	var items []json.RawMessage
	for i, line := range lines {
		schema := item
		switch i {
		case 0:
			schema = header
		case len(lines) - 1:
			schema = end
		default:
			items = append(items, json.RawMessage(line))
		}
		if err := validate(schema, []byte(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	var last struct{ Items int }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		return nil, err
	}
	if last.Items != len(items) {
		return nil, fmt.Errorf("the end counts %d items, there are %d", last.Items, len(items))
	}
	return items, nil
}

// ValidLines fails the test unless [CheckLines] is content, and returns the items.
func ValidLines(t testing.TB, kind string, data []byte) []json.RawMessage {
	t.Helper()
	items, err := CheckLines(kind, data)
	if err != nil {
		t.Errorf("not valid moho/%s/v1 lines: %v", kind, err)
	}
	return items
}

func validate(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
