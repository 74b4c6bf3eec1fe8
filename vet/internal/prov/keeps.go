package prov

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// KeepsIntegers reports functions whose callers' pointers the compiler keeps
// alive, and where it matters in place, while the call lasts: those marked with
// a directive, and the system call functions of the standard library, which are.
func KeepsIntegers(p *ssafn.Program, f *ssa.Function) bool {
	if IsKernel(f) {
		return true
	}
	d := p.Decl(f)
	if d == nil || d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if c.Text == "//go:uintptrescapes" || c.Text == "//go:uintptrkeepalive" {
			return true
		}
	}
	return false
}

// IsKernel reports functions that hand integers to the operating system or to
// a procedure in a library, as package unsafe's rule (4) knows them, and the
// declarations without body by which packages reach the same functions.
//
// Source: $GOROOT/src/syscall/syscall_linux.go, dll_windows.go,
// syscall_darwin.go (go:uintptrkeepalive, go:uintptrescapes), go1.26.
func IsKernel(f *ssa.Function) bool {
	if f == nil {
		return false
	}
	base, path := f.Name(), ""
	if f.Pkg != nil {
		path = f.Pkg.Pkg.Path()
	}
	if f.Signature.Recv() != nil {
		if path != "syscall" && path != "golang.org/x/sys/windows" {
			return false
		}
		name := f.String()
		return base == "Call" && strings.HasSuffix(name, "Proc).Call")
	}
	stem := strings.ToLower(base)
	for _, prefix := range []string{"syscall_", "libc_", "runtime_", "raw", "allthreads"} {
		stem = strings.TrimPrefix(stem, prefix)
	}
	switch stem {
	case "syscall", "syscall6", "syscall9", "syscall12", "syscall15", "syscall18", "syscalln",
		"syscall6x", "syscallx", "syscallptr", "syscallnoerror", "vforksyscall", "sysvicall6":
	default:
		return false
	}
	switch path {
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows", "golang.org/x/sys/plan9",
		"internal/runtime/syscall", "internal/runtime/syscall/linux", "internal/syscall/unix", "github.com/ebitengine/purego":
		return true
	}
	return len(f.Blocks) == 0 && f.Signature.Results().Len() > 0
}
