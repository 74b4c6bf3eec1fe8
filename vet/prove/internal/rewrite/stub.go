package rewrite

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// stubs puts a function before each of cgo's that call C: it judges integers, lends
// Go memory and takes it back. The stub itself only gets another name. Its body
// gives C the address of its first parameter, so that assigning to one of them there
// would change nothing.
//
// Source: writeDefsFunc in $GOROOT/src/cmd/cgo/out.go, go1.26.
func (f *file) stubs() {
	var tail strings.Builder
	for _, d := range f.ast.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok || fd.Body == nil || fd.Recv != nil {
			continue
		}
		name := fd.Name.Name
		c, ok := strings.CutPrefix(name, "_Cfunc_")
		if !ok {
			c, ok = strings.CutPrefix(name, "_C2func_")
		}
		if !ok || allocator(c) || !bytes.Contains([]byte(f.source(fd.Body)), []byte("_cgo_runtime_cgocall")) {
			continue
		}
		if text := f.wrapper(fd); text != "" {
			f.add(fd.Name.End(), closing, "__moho")
			tail.WriteString(text)
		}
	}
	f.tail = tail.String()
}

// allocator reports the functions of C's own heap, which get no Go memory, or get
// it by mistake and must see it.
func allocator(name string) bool {
	switch name {
	case "_CMalloc", "malloc", "free", "calloc", "realloc":
		return true
	}
	return false
}

func (f *file) wrapper(fd *ast.FuncDecl) string {
	var before, after strings.Builder
	result, resultType := "", ""
	var results []string
	if fd.Type.Results != nil {
		for _, r := range fd.Type.Results.List {
			for _, n := range r.Names {
				results = append(results, n.Name)
				if t := f.typeOf(r.Type); n.Name == "r1" && (f.isPointer(t) || isUnsafePointer(t)) {
					result, resultType = n.Name, f.source(r.Type)
				}
			}
		}
	}
	var params, lent []string
	for _, p := range fd.Type.Params.List {
		t := f.typeOf(p.Type)
		for _, n := range p.Names {
			params = append(params, n.Name)
			switch {
			case f.isPointer(t) || isUnsafePointer(t):
				fmt.Fprintf(&before, "_mohoGap(unsafe.Pointer(%s)); ", n.Name)
				fmt.Fprintf(&before, "_m%[1]s := %[1]s; %[1]s = (%[2]s)(_mohoLend(unsafe.Pointer(%[1]s))); ", n.Name, f.source(p.Type))
				if result != "" {
					fmt.Fprintf(&after, "%[1]s = (%[2]s)(_mohoResult(unsafe.Pointer(%[1]s), unsafe.Pointer(%[3]s), unsafe.Pointer(_m%[3]s))); ", result, resultType, n.Name)
				}
				fmt.Fprintf(&after, "_mohoBack(unsafe.Pointer(%[1]s), unsafe.Pointer(_m%[1]s), _mlent); ", n.Name)
				lent = append(lent, fmt.Sprintf("%[1]s != _m%[1]s", n.Name))
			case isInteger(t) && f.isWord(t):
				fmt.Fprintf(&before, "_mohoInt(%s, true); ", n.Name)
			}
		}
	}
	if before.Len() == 0 {
		return ""
	}
	list := ""
	if fd.Type.Results != nil {
		list = f.source(fd.Type.Results)
	}
	call := fd.Name.Name + "__moho(" + strings.Join(params, ", ") + ")"
	if len(results) > 0 {
		call = strings.Join(results, ", ") + " = " + call
	}
	if len(lent) > 0 {
		call += "; _mlent := " + strings.Join(lent, " || ")
	}
	return fmt.Sprintf("func %s%s %s { %s%s; %sreturn }\n", fd.Name.Name, f.source(fd.Type.Params), list, before.String(), call, after.String())
}

func isInteger(t types.Type) bool {
	b, ok := under[*types.Basic](t)
	return ok && b.Info()&types.IsInteger != 0
}
