package gotab_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"regexp"
	"strings"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// A module is a WebAssembly module as far as a test needs it.
type module struct {
	imports int      // functions
	bodies  [][]byte // of the code section
	names   map[uint32]string
	memory  []byte // as data segments leave it
}

// readModule reads a module that Go's linker wrote, from the specification
// alone: https://webassembly.github.io/spec/core/binary/modules.html.
func readModule(t *testing.T, path string) module {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := module{names: map[uint32]string{}}
	r := &leb{b: data[8:]}
	for len(r.b) > 0 {
		id := r.take(1)[0]
		s := &leb{b: r.take(r.u())}
		switch id {
		case 0: // custom
			if string(s.take(s.u())) == "name" {
				m.readNames(s)
			}
		case 2: // imports; Go's are all of functions
			for range s.u() {
				s.take(s.u())
				s.take(s.u())
				if s.take(1)[0] == 0 {
					m.imports++
				}
				s.u()
			}
		case 10: // code
			for range s.u() {
				m.bodies = append(m.bodies, s.take(s.u()))
			}
		case 11: // data
			for range s.u() {
				s.take(2) // memory 0, i32.const
				at := s.u()
				s.take(1) // end
				b := s.take(s.u())
				if n := at + len(b); n > len(m.memory) {
					m.memory = append(m.memory, make([]byte, n-len(m.memory))...)
				}
				copy(m.memory[at:], b)
			}
		}
	}
	return m
}

func (m *module) readNames(s *leb) {
	for len(s.b) > 0 {
		id := s.take(1)[0]
		sub := &leb{b: s.take(s.u())}
		if id != 1 { // functions
			continue
		}
		for range sub.u() {
			i := sub.u()
			m.names[uint32(i)] = string(sub.take(sub.u()))
		}
	}
}

// leb reads LEB128 numbers; those that Go writes here are not negative.
type leb struct{ b []byte }

func (r *leb) take(n int) []byte {
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *leb) u() int {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return int(v)
}

// TestWASM reads tables out of the linear memory of programs for WebAssembly and
// finds each function's body: the name section has the same name for it.
func TestWASM(t *testing.T) {
	for i, c := range []testbin.Config{
		{Go: "1.26.8", GOOS: "wasip1"},
		{Go: "1.27.3", GOOS: "wasip1"},
		{Go: "1.24.13", GOOS: "js"},
		{Go: "1.16.15", GOOS: "js"},
		{Go: "1.26.8", GOOS: "js"},
		{Go: "1.25.12", GOOS: "js"},
		{Go: "1.23.12", GOOS: "wasip1"},
		{Go: "1.22.12", GOOS: "js"},
		{Go: "1.21.13", GOOS: "wasip1"},
		{Go: "1.20.14", GOOS: "js"},
		{Go: "1.19.13", GOOS: "js"},
		{Go: "1.18.10", GOOS: "js"},
		{Go: "1.17.13", GOOS: "js"},
	} {
		c.GOARCH = "wasm"
		t.Run(c.String(), func(t *testing.T) {
			if i >= 4 {
				testbin.Long(t)
			}
			m := readModule(t, toy(t, c))
			mem := memory{arch.WASM, 0, m.memory}
			tab := findTable(t, mem)
			found := 0
			for i := range tab.NumFunc() {
				f, err := tab.Func(i)
				if err != nil {
					t.Fatal(err)
				}
				n, ok := f.CodeIndex()
				if !ok || int(n) >= len(m.bodies) {
					t.Errorf("%s: body %d of %d", f.Name(), n, len(m.bodies))
					continue
				}
				if want := m.names[n+uint32(m.imports)]; nameRegexp.ReplaceAllString(f.Name(), "_") != want &&
					!strings.Contains(f.Name(), "[...]") { // until Go 1.20 type arguments are left out
					t.Errorf("%s: body %d is of %s", f.Name(), n, want)
				}
				found++
			}
			f := one(t, tab, "main.taken")
			sp, err := f.MaxSPDelta()
			args, ok := f.Args()
			if err != nil || sp < 64 || !ok || args != 32 { // two words, one, and the result
				t.Errorf("main.taken: SP %d, %v; %d bytes of arguments, %v", sp, err, args, ok)
			}
			_, objects, err := f.StackObjects()
			for o := range objects {
				if o.Off >= 0 && o.Off < 8 || o.Off < -int64(sp) || o.Off+o.Size > 8+int64(args) {
					t.Errorf("main.taken: stack object %+v in a frame of %d", o, sp)
				}
			}
			if err != nil {
				t.Error(err)
			}
			types, methods := 0, 0
			for y, err := range tab.Types() {
				if err != nil {
					t.Fatal(err)
				}
				types++
				ms, err := tab.Methods(y)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range ms {
					if f, ok := tab.FuncAt(m.Func); m.Linked {
						methods++
						if !ok || f.Entry() != m.Func {
							t.Errorf("%s.%s is at %#x", y.Name, m.Name, m.Func)
						}
					}
				}
			}
			t.Logf("%d functions, %d types, %d methods", found, types, methods)
			if found < 1000 || types < 300 || methods < 50 {
				t.Errorf("%d functions, %d types, %d methods", found, types, methods)
			}
		})
	}
}

// nameRegexp matches what the linker writes as _ in the name section.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
var nameRegexp = regexp.MustCompile(`[^\w.]`)

// findTable finds the tables in memory, by their header and then the moduledata
// that points to it.
func findTable(t *testing.T, mem memory) *gotab.Table {
	t.Helper()
	for _, off := range gotab.FindHeaders(mem.data, mem.a, 10) {
		word := binary.LittleEndian.AppendUint64(nil, uint64(off))
		for at := 0; at < len(mem.data); at += 8 {
			i := bytes.Index(mem.data[at:], word)
			if i < 0 {
				break
			}
			if at += i; at%8 != 0 {
				at &^= 7
				continue
			}
			mod, err := gotab.ReadModule(mem, objfile.Addr(at))
			if err != nil {
				continue
			}
			tab, err := gotab.NewModule(mem, mod)
			if err != nil {
				t.Fatal(err)
			}
			return tab
		}
	}
	t.Fatal("no tables")
	return nil
}
