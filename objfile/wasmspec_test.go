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

// suites are the ones of it whose modules are those of the core specification,
// 1.0 and 2.0. The others test proposals that Go does not emit.
var suites = []string{"v1", "v2"}

// A specCommand is one line of a suite: what a module must be.
type specCommand struct {
	Type       string `json:"type"`
	Filename   string `json:"filename"`
	ModuleType string `json:"module_type"`
	Text       string `json:"text"`
	Line       int    `json:"line"`
}

// TestSpecSuite reads every module of the specification's tests. Valid ones are
// valid; malformed and invalid ones are errors that say where, in bounded memory.
func TestSpecSuite(t *testing.T) {
	var mod struct{ Dir string }
	if err := json.Unmarshal([]byte(testbin.Run(t, "go", "mod", "download", "-json", wazero)), &mod); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	accepted := map[string]int{}
	for _, suite := range suites {
		dir := filepath.Join(mod.Dir, "internal", "integration_test", "spectest", suite, "testdata")
		lists, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(lists) == 0 {
			t.Fatalf("%s: no lists: %v", dir, err)
		}
		for _, list := range lists {
			specList(t, suite, list, counts, accepted)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%-24s %d", k, counts[k])
	}
	if want := map[string]int{
		"v1: invalid: invalid result arity": 4, // several results, and several tables, came with 2.0
		"v1: invalid: multiple tables":      3,
		"v1: invalid: type mismatch":        1, // labels of br_table may differ in type where nothing arrives
	}; !maps.Equal(accepted, want) {
		t.Errorf("accepted %v, want %v", accepted, want)
	}
	if counts["valid"] < 1000 || counts["invalid"] < 2000 || counts["malformed"] < 500 {
		t.Errorf("too few modules: %v", counts)
	}
}

func specList(t *testing.T, suite, list string, counts, accepted map[string]int) {
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
		if counts[kind]++; c.ModuleType == "text" {
			counts[kind+", as text"]++
		}
		where := fmt.Sprintf("%s line %d", filepath.Base(list), c.Line)
		testbin.Bounded(t, len(data), func() { err = validate(c.Filename, data) })
		switch {
		case kind == "valid" && err != nil:
			t.Errorf("%s: valid: %v", where, err)
		case kind != "valid" && err == nil:
			accepted[suite+": "+kind+": "+c.Text]++
		case kind != "valid" && !errors.Is(err, objfile.ErrFormat):
			t.Errorf("%s: untyped: %v", where, err)
		}
	}
}

// TestOtherProposals reads the modules of proposals that are not validated here:
// whatever the answer is, it is harmless.
func TestOtherProposals(t *testing.T) {
	var mod struct{ Dir string }
	if err := json.Unmarshal([]byte(testbin.Run(t, "go", "mod", "download", "-json", wazero)), &mod); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, suite := range []string{"threads", "tail-call", "extended-const", "exception-handling", "typed-function-references"} {
		files, err := filepath.Glob(filepath.Join(mod.Dir, "internal", "integration_test", "spectest", suite, "testdata", "*.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			n++
			testbin.Bounded(t, len(data), func() { err = validate(name, data) })
			if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit) {
				t.Errorf("%s: untyped: %v", name, err)
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d modules", n)
	}
}

// validate opens a module and checks its instructions.
func validate(name string, data []byte) error {
	f, err := objfile.NewBytes(name, data)
	if err != nil {
		return err
	}
	if err := f.ValidateWASM(); err != nil {
		return err
	}
	read(f)
	return nil
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
