package vet_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
	"moho/vet"
)

const withoutHeaders = `package c

/*
#include <library_that_nobody_has.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

type Conn struct {
	handle C.lib_conn
	name   string
}

func Open() *Conn {
	c := &Conn{}
	runtime.SetFinalizer(c, (*Conn).Close)
	C.lib_open(&c.handle)
	return c
}

func (c *Conn) Close() { C.lib_close(c.handle) }

func (c *Conn) Bad() bool {
	return C.lib_ping(c.handle) != 0 // HAZARD: keepalive
}

func (c *Conn) BadErr(b []byte) (int, error) {
	n, err := C.lib_write(c.handle, unsafe.Pointer(&b[0]), C.size_t(len(b))) // HAZARD: keepalive
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

func Bad2(a, b *Conn) {
	C.lib_join(a.handle, b.handle) // HAZARD: keepalive
	runtime.KeepAlive(a)
}

func (c *Conn) BadBranch(n int) int {
	if n > 3 {
		return int(C.lib_ping(c.handle)) // HAZARD: keepalive
	}
	return len(c.name)
}

func (c *Conn) Good() bool {
	ok := C.lib_ping(c.handle) != 0
	runtime.KeepAlive(c)
	return ok
}

func (c *Conn) GoodDefer() bool {
	defer runtime.KeepAlive(c)
	return C.lib_ping(c.handle) != 0
}

func (c *Conn) GoodLoop() {
	for i := 0; i < len(c.name); i++ {
		C.lib_ping(c.handle)
	}
}

func (c *Conn) GoodAfter() string {
	C.lib_ping(c.handle)
	return c.name
}
`

// TestWithoutHeaders looks at a package whose C headers are missing.
func TestWithoutHeaders(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := write(t, map[string]string{"go.mod": "module c.test\n\ngo 1.24\n", "c.go": withoutHeaders})
	r, err := vet.Run(t.Context(), vet.Options{Dir: dir})
	if _, ok := errors.AsType[*vet.LoadError](err); !ok {
		t.Errorf("error = %v, want the compiler's", err)
	}
	if d := cmp.Diff(marks(t, dir), lines(r)); d != "" {
		t.Errorf("findings (-marked +reported):\n%s", d)
	}
	if len(r.Gaps) == 0 || r.Gaps[0].What != "package analysed without what C declares" {
		t.Errorf("gaps = %v", r.Gaps)
	}
}

// TestFixInCgoFile wants the edits of a fix in the user's file, where cgo has
// been over the package.
func TestFixInCgoFile(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	const source = `package c

// #include <stdlib.h>
import "C"

import "unsafe"

func F(b *[4]int32) byte {
	defer C.free(C.malloc(1))
	s := (*[1 << 20]byte)(unsafe.Pointer(b))[0:9]
	return s[8]
}
`
	dir := write(t, map[string]string{"go.mod": "module c.test\n\ngo 1.24\n", "c.go": source})
	r := run(t, vet.Options{Dir: dir})
	if len(r.Findings) != 1 || len(r.Findings[0].Fixes) != 1 {
		t.Fatalf("findings = %+v", r.Findings)
	}
	e := r.Findings[0].Fixes[0].Edits[0]
	if got := source[:e.Start] + e.New + source[e.End:]; e.File != "c.go" || !strings.Contains(got, "[0:9:9]") {
		t.Errorf("edit %+v gives\n%s", e, got)
	}
}
