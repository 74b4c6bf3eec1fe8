package objfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// wazero carries the specification's test suites, compiled.
const wazero = "github.com/tetratelabs/wazero@v1.12.0"

// suites are versions 1.0 and 2.0 of the core specification, and what became
// part of it later. The last two are opened, but not validated.
var suites = []string{"v1", "v2", "extended-const", "tail-call", "threads", "exception-handling", "typed-function-references"}

func validated(suite string) bool {
	return suite != "exception-handling" && suite != "typed-function-references"
}

// A specCommand is one line of a suite: what a module must be.
type specCommand struct {
	Type       string `json:"type"`
	Filename   string `json:"filename"`
	ModuleType string `json:"module_type"`
	Text       string `json:"text"`
	Line       int    `json:"line"`
}

// TestSpecSuite reads every module of the specification's tests. Valid ones open
// and are valid; malformed ones do not open; invalid ones are not valid, and open
// only if nothing but the types of operands is wrong. Errors say where, memory is
// bounded.
func TestSpecSuite(t *testing.T) {
	testbin.Serial(t)
	var mod struct{ Dir string }
	if err := json.Unmarshal([]byte(testbin.Run(t, "go", "mod", "download", "-json", wazero)), &mod); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	accepted, opened := map[string]int{}, map[string]int{}
	for _, suite := range suites {
		dir := filepath.Join(mod.Dir, "internal", "integration_test", "spectest", suite, "testdata")
		lists, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(lists) == 0 {
			t.Fatalf("%s: no lists: %v", dir, err)
		}
		for _, list := range lists {
			specList(t, suite, list, counts, accepted, opened)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%-24s %d", k, counts[k])
	}
	if want := map[string]int{
		// Made valid by 2.0: several results, several tables.
		"v1: invalid: invalid result arity": 4,
		"v1: invalid: multiple tables":      3,
		// Labels of br_table may differ in type where nothing arrives.
		"v1: invalid: type mismatch": 1,
		// Made valid by 3.0: constants may refer to any global before them.
		"v2: invalid: unknown global": 6,
	}; !maps.Equal(accepted, want) {
		t.Errorf("accepted %v, want %v", accepted, want)
	}
	for kind, want := range map[string]int{
		"valid": 2856, "malformed, binary": 1384, "invalid": 3593,
		"malformed, binary, opened": 0, "valid, opened": 2856, "invalid, opened": 2980,
	} {
		if counts[kind] != want {
			t.Errorf("%s: %d modules, want %d", kind, counts[kind], want)
		}
	}
	for text := range maps.Keys(opened) {
		if !slices.ContainsFunc(operandErrors, func(s string) bool { return strings.HasPrefix(text, s) }) {
			t.Errorf("opened %d invalid modules: %s", opened[text], text)
		}
	}
}

// operandErrors are what is wrong with the invalid modules that open.
var operandErrors = []string{
	"type mismatch", "uninitialized local",
	"invalid result arity", // of an untyped select; with several results, valid since 2.0
	"multiple tables",      // valid since 2.0
	"unknown global",       // valid since 3.0
	"unknown type",         // a type that refers to itself: valid since 3.0
}

func specList(t *testing.T, suite, list string, counts, accepted, opened map[string]int) {
	t.Helper()
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var spec struct{ Commands []specCommand }
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	for _, c := range spec.Commands {
		kind := map[string]string{
			"module": "valid", "assert_invalid": "invalid", "assert_malformed": "malformed",
			"assert_unlinkable": "valid", "assert_uninstantiable": "valid",
		}[c.Type]
		if kind == "" || c.Filename == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(filepath.Dir(list), c.Filename))
		if err != nil {
			t.Fatal(err)
		}
		if c.ModuleType == "text" {
			kind += ", text"
		} else if kind == "malformed" {
			kind += ", binary"
		}
		counts[kind]++
		where := fmt.Sprintf("%s %s line %d", suite, filepath.Base(list), c.Line)
		var open, valid error
		testbin.Bounded(t, len(data), func() { open, valid = validate(c.Filename, data) })
		if open == nil {
			counts[kind+", opened"]++
			if kind == "invalid" {
				opened[c.Text]++
			}
		}
		switch {
		case kind == "valid" && (open != nil || valid != nil && validated(suite)):
			t.Errorf("%s: valid: %v, %v", where, open, valid)
		case kind == "invalid" && open == nil && valid == nil:
			accepted[suite+": "+kind+": "+c.Text]++
		}
		for _, err := range []error{open, valid} {
			if err != nil && !errors.Is(err, objfile.ErrFormat) {
				t.Errorf("%s: untyped: %v", where, err)
			}
		}
	}
}

// validate opens a module, reads all of it, and checks its instructions.
func validate(name string, data []byte) (open, valid error) {
	f, open := objfile.NewBytes(name, data)
	if open != nil {
		return open, nil
	}
	read(f)
	return nil, f.ValidateWASM()
}

// TestGoModulesAreValid validates what Go's compiler makes.
func TestGoModulesAreValid(t *testing.T) {
	eachFormat(t, func(t *testing.T, c testbin.Config, path string) {
		if c.GOARCH != "wasm" {
			return
		}
		if err := open(t, path).ValidateWASM(); err != nil {
			t.Error(err)
		}
	})
	elf := open(t, testbin.Build(t, testbin.Main("package main\n\nfunc main() {}\n"), testbin.Config{}))
	if err := elf.ValidateWASM(); err == nil || !strings.Contains(err.Error(), "no WASM module") {
		t.Errorf("of ELF: %v", err)
	}
}
