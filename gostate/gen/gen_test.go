package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
)

// TestTableIsGenerated compares the committed table with what the toolchains
// say now.
func TestTableIsGenerated(t *testing.T) {
	testbin.Long(t)
	for _, tc := range toolchains {
		testbin.Toolchain(t, tc[len("go"):])
	}
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "internal", "layout", "table.go"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("table.go is not what go generate writes:\n%s", d)
	}
}
