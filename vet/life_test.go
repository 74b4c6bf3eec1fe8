package vet_test

import (
	"slices"
	"testing"

	"moho/internal/testbin"
	"moho/vet"
)

// TestNoescapeC: the line that promises is reported, which cannot carry a mark.
func TestNoescapeC(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := write(t, map[string]string{
		"go.mod": "module noescape.test\n\ngo 1.24\n",
		"main.go": `package main

/*
#cgo noescape keep
#cgo noescape look
static int *kept;
static void keep(int *p) { kept = p; }
static int look(int *p) { return *p; }
*/
import "C"

func keep() {
	var n C.int
	C.keep(&n)
}

func look() C.int {
	n := C.int(3)
	return C.look(&n)
}

func main() {
	keep()
	look()
}
`,
	})
	got := lines(run(t, vet.Options{Dir: dir}))
	got = slices.DeleteFunc(got, func(s string) bool { return s == "main.go:14 c-retains-go" })
	if !slices.Equal(got, []string{"main.go:4 noescape-lie"}) {
		t.Errorf("findings = %v", got)
	}
}
