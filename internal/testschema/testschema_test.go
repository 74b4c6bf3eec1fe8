package testschema

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moho/docs/schemas"
)

// TestSchemasAreSchemas: every file is valid JSON Schema 2020-12 and says so,
// and all references between the files resolve.
func TestSchemasAreSchemas(t *testing.T) {
	names, err := fs.Glob(schemas.Files, "*.json")
	if err != nil || len(names) < 5 {
		t.Fatalf("schemas %q, %v", names, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if _, err := Compile(name, ""); err != nil {
				t.Fatal(err)
			}
			data, _ := schemas.Files.ReadFile(name)
			var s struct {
				Schema string `json:"$schema"`
				Title  string
				Defs   map[string]json.RawMessage `json:"$defs"`
			}
			if err := json.Unmarshal(data, &s); err != nil {
				t.Fatal(err)
			}
			if s.Schema != "https://json-schema.org/draft/2020-12/schema" || s.Title == "" {
				t.Errorf("$schema %q, title %q", s.Schema, s.Title)
			}
			for def := range s.Defs {
				if _, err := Compile(name, "/$defs/"+def); err != nil {
					t.Errorf("$defs/%s: %v", def, err)
				}
			}
		})
	}
}

var kind = regexp.MustCompile(`"moho/([a-z]+)/v1"`)

// TestEveryKindHasASchema: what the code calls a kind is described here.
func TestEveryKindHasASchema(t *testing.T) {
	found := map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		for _, m := range kind.FindAllSubmatch(data, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("kinds %v, %v", found, err)
	}
	for k := range found {
		data, err := schemas.Files.ReadFile(k + ".v1.json")
		if err != nil {
			t.Errorf("moho/%s/v1: %v", k, err)
		} else if !strings.Contains(string(data), `"const": "moho/`+k+`/v1"`) {
			t.Errorf("%s.v1.json does not fix the schema field", k)
		}
	}
}

const (
	header = `{"schema":"moho/goroutines/v1","target":{"kind":"elf-core","arch":"amd64","buildID":{},"pid":7},"count":1}`
	item   = `{"id":1,"status":"waiting","waitReason":"select","system":false,"thread":0,"createdBy":null,"stack":{"size":2048,"used":null}}`
	end    = `{"end":true,"complete":true,"items":1,"gaps":[]}`
)

func TestCheckLines(t *testing.T) {
	for _, tt := range []struct{ name, in, err string }{
		{"good", header + "\n" + item + "\n" + end + "\n", ""},
		{"no items", header + "\n" + strings.Replace(end, "1", "0", 1) + "\n", ""},
		{"cut off", header + "\n" + item + "\n", "line 2"},
		{"last line cut", header + "\n" + item + "\n" + end, "line feeds"},
		{"nothing", "", "want a header"},
		{"no header", item + "\n" + end + "\n", "line 1"},
		{"wrong count", header + "\n" + end + "\n", "counts 1 items, there are 0"},
		{"item after the end", header + "\n" + end + "\n" + item + "\n", "line 2"},
		{"another status", header + "\n" + strings.Replace(item, "waiting", "asleep", 1) + "\n" + end + "\n", "line 2"},
		{"frames without truncated", header + "\n" + strings.Replace(item, `"id":1`, `"id":1,"frames":[]`, 1) + "\n" + end + "\n", "line 2"},
		{"address as a number", header + "\n" + strings.Replace(item, `"id":1`, `"id":1,"truncated":"","frames":[{"func":"f","file":"","line":0,"pc":1,"sp":"0x0","inlined":false}]`, 1) + "\n" + end + "\n", "line 2"},
		{"no JSON", header + "\n{\n" + end + "\n", "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			items, err := CheckLines("goroutines", []byte(tt.in))
			switch {
			case tt.err == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want one with %q", err, tt.err)
			case err != nil && items != nil:
				t.Errorf("items %s beside an error", items)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	if err := Check("version", []byte(`{"schema":"moho/version/v1","version":"v1","go":"go1.26.8"}`)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		`{"schema":"moho/version/v2","version":"v1","go":"go1.26.8"}`,
		`{"schema":"moho/version/v1","version":"v1"}`,
		`{"schema":"moho/version/v1","version":"v1","go":"go1.26.8"} {}`,
		``,
	} {
		if err := Check("version", []byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if err := Check("nonsense", []byte(`{}`)); err == nil {
		t.Error("a kind without a schema was taken")
	}
}
