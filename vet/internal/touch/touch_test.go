package touch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

func TestImport(t *testing.T) {
	tests := []struct {
		path         string
		wide, narrow bool
	}{
		{"unsafe", true, true},
		{"C", true, true},
		{"syscall", true, true},
		{"runtime/cgo", true, true},
		{"golang.org/x/sys/unix", true, true},
		{"golang.org/x/sys/windows", true, true},
		{"sync/atomic", false, true},
		{"golang.org/x/sys/cpu", false, false},
		{"fmt", false, false},
		{"example.org/unsafe", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		if Import(tt.path, true) != tt.wide || Import(tt.path, false) != tt.narrow {
			t.Errorf("%q: %v with 64-bit words, %v with 32", tt.path, Import(tt.path, true), Import(tt.path, false))
		}
	}
}

func TestFiles(t *testing.T) {
	parse := func(src string) *ast.File {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	calm := parse("package p\nimport \"fmt\"\n")
	odd := parse("package p\nimport (\n\t\"fmt\"\n\tu `unsafe`\n)\n")
	if Files([]*ast.File{calm}, true) || !Files([]*ast.File{calm, odd}, true) || Files(nil, true) {
		t.Error("wrong by the files' import clauses")
	}
}

func TestImplementsMemory(t *testing.T) {
	for path, want := range map[string]bool{
		"runtime": true, "reflect": true, "internal/runtime/maps": true, "runtime/internal/sys": true,
		"runtime/cgo": false, "syscall": false, "internal/runtimex": false, "example.org/runtime": false,
	} {
		if ImplementsMemory(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
