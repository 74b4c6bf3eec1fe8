package debuginfo_test

import (
	"reflect"
	"testing"

	"moho/debuginfo"
	"moho/internal/testbin"
)

const pathProgram = `package main

import "fmt"

type base struct{ id int32 }

type thing struct {
	base
	name  string
	items []pair
	any   any
	str   fmt.Stringer
	grid  [2][3]int16
	z     complex128
	m     map[string]int
	c     chan int
	f     func(int) bool
	p     *thing
	empty struct{}
	last  bool
}

type pair struct{ x, y uint8 }

//go:noinline
func use(t thing, list []string, e error) int { return len(t.name) + len(list) + len(t.items) }

func main() { println(use(thing{}, nil, nil)) }
`

// TestPathAt names the parts of Go's types.
func TestPathAt(t *testing.T) {
	for _, release := range []string{"1.20.14", "1.24.13", "1.26.8"} {
		if release == "1.20.14" && !testbin.IsLong() {
			continue
		}
		t.Run(release, func(t *testing.T) {
			d := open(t, testbin.Build(t, testbin.Main(pathProgram), testbin.Config{Go: release, GOOS: "linux", GOARCH: "amd64"}))
			vars := map[string]debuginfo.Var{}
			for f, err := range d.Funcs() {
				if err != nil {
					t.Fatal(err)
				}
				if f.Name() != "main.use" {
					continue
				}
				b, err := f.Body()
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range b.Vars {
					vars[v.Name] = v
				}
			}
			for _, tt := range []struct {
				name string
				off  uint64
				path string
				typ  string
				kind reflect.Kind
			}{
				{"t", 0, ".base.id", "int32", reflect.Int32},
				{"t", 2, ".base.id+2", "int32", reflect.Int32},
				{"t", 8, ".name.ptr", "*uint8", reflect.Pointer},
				{"t", 16, ".name.len", "int", reflect.Int},
				{"t", 24, ".items.ptr", "*main.pair", reflect.Pointer},
				{"t", 32, ".items.len", "int", reflect.Int},
				{"t", 40, ".items.cap", "int", reflect.Int},
				{"t", 56, ".any.data", "unsafe.Pointer", reflect.UnsafePointer},
				{"t", 72, ".str.data", "unsafe.Pointer", reflect.UnsafePointer},
				{"t", 80, ".grid[0][0]", "int16", reflect.Int16},
				{"t", 90, ".grid[1][2]", "int16", reflect.Int16},
				{"t", 96, ".z.real", "", reflect.Invalid},
				{"t", 104, ".z.imag", "", reflect.Invalid},
				{"t", 112, ".m", "map[string]int", reflect.Map},
				{"t", 120, ".c", "chan int", reflect.Chan},
				{"t", 128, ".f", "func(int) bool", reflect.Func},
				{"t", 136, ".p", "*main.thing", reflect.Pointer},
				{"t", 144, ".last", "bool", reflect.Bool},
				{"list", 0, ".ptr", "*string", reflect.Pointer},
				{"list", 16, ".cap", "int", reflect.Int},
				{"e", 8, ".data", "unsafe.Pointer", reflect.UnsafePointer},
			} {
				v, ok := vars[tt.name]
				if !ok {
					t.Fatalf("no variable %s among %d", tt.name, len(vars))
				}
				path, typ := v.Type.PathAt(tt.off)
				if path != tt.path || typ.Name() != tt.typ || typ.Kind() != tt.kind {
					t.Errorf("%s+%d is %s of type %q, %v; want %s, %q, %v", tt.name, tt.off, path, typ.Name(), typ.Kind(), tt.path, tt.typ, tt.kind)
				}
			}
			for name, want := range map[string]string{"list": "string", "t": ""} {
				if got := vars[name].Type.Elem().Name(); got != want {
					t.Errorf("%s has elements of type %q, want %q", name, got, want)
				}
			}
			for off, want := range map[uint64]string{48: ".any.type", 64: ".str.tab"} {
				if got, _ := vars["t"].Type.PathAt(off); got != want {
					t.Errorf("t+%d is %s, want %s", off, got, want)
				}
			}
			if n := vars["t"].Type.Size(); n != 152 {
				t.Errorf("t has %d bytes, want 152", n)
			}
		})
	}
}
