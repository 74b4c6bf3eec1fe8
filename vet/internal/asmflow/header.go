package asmflow

import (
	"errors"
	"fmt"
	"go/constant"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"moho/vet/internal/asmtext"
)

// headers are the ones that Go ships and that any assembly may include; what a
// toolchain has under pkg/include comes first.
//
// Source: $GOROOT/src/runtime/textflag.h and funcdata.h, go1.26.
var headers = map[string]string{
	"textflag.h": `#define NOPROF 1
#define DUPOK 2
#define NOSPLIT 4
#define RODATA 8
#define NOPTR 16
#define WRAPPER 32
#define NEEDCTXT 64
#define TLSBSS 256
#define NOFRAME 512
#define REFLECTMETHOD 1024
#define TOPFRAME 2048
#define ABIWRAPPER 4096
`,
	"funcdata.h": `#define PCDATA_UnsafePoint 0
#define PCDATA_StackMapIndex 1
#define PCDATA_InlTreeIndex 2
#define PCDATA_ArgLiveIndex 3
#define PCDATA_PanicBounds 4
#define FUNCDATA_ArgsPointerMaps 0
#define FUNCDATA_LocalsPointerMaps 1
#define FUNCDATA_StackObjects 2
#define FUNCDATA_InlTree 3
#define FUNCDATA_OpenCodedDeferInfo 4
#define FUNCDATA_ArgInfo 5
#define FUNCDATA_ArgLiveInfo 6
#define FUNCDATA_WrapInfo 7
#define GO_ARGS FUNCDATA $0, go_args_stackmap(SB)
#define GO_RESULTS_INITIALIZED PCDATA $1, $1
#define NO_LOCAL_POINTERS FUNCDATA $1, no_pointers_stackmap(SB)
`,
}

// include finds what #include names, the way the go command has the assembler
// do it: beside the file, what the compiler says of the package, the
// toolchain's own.
func (p *Program) include(dir string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if filepath.IsAbs(name) {
			return nil, errors.New("an absolute name is not followed")
		}
		if name == "go_asm.h" {
			return p.asmHeader(), nil
		}
		var dirs []string
		dirs = append(dirs, dir)
		for _, root := range []string{p.Target.GOROOT, rootAbove(dir)} {
			if root != "" {
				dirs = append(dirs, filepath.Join(root, "pkg", "include"))
			}
		}
		for _, d := range dirs {
			text, err := readSource(filepath.Join(d, filepath.FromSlash(name)))
			if err == nil || !errors.Is(err, os.ErrNotExist) {
				return text, err
			}
		}
		if text, ok := headers[name]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
}

// readSource reads a regular file that is not larger than the parser takes.
// Errors do not name it: they go into reports.
func readSource(name string) ([]byte, error) {
	fi, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, os.ErrNotExist
	case err != nil:
		return nil, errors.New("can't be read")
	case !fi.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case fi.Size() > asmtext.MaxSource:
		return nil, fmt.Errorf("has %d bytes, more than MaxSource = %d", fi.Size(), asmtext.MaxSource)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.New("can't be read")
	}
	return text, nil
}

// rootAbove returns the Go tree that a package of the standard library lies in.
func rootAbove(dir string) string {
	for range 16 {
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		if filepath.Base(dir) == "src" {
			return up
		}
		dir = up
	}
	return ""
}

// asmHeader is go_asm.h: constants, and sizes and offsets of structs.
//
// Source: $GOROOT/src/cmd/compile/internal/gc/export.go (dumpasmhdr), go1.26.
func (p *Program) asmHeader() []byte {
	if p.header != nil {
		return p.header
	}
	var b strings.Builder
	scope := p.pkg.Scope()
	for _, name := range scope.Names() {
		switch o := scope.Lookup(name).(type) {
		case *types.Const:
			switch o.Val().Kind() {
			case constant.Int, constant.Bool:
				fmt.Fprintf(&b, "#define const_%s %s\n", name, o.Val().ExactString())
			}
		case *types.TypeName:
			named, ok := o.Type().(*types.Named)
			if !ok || o.IsAlias() || named.TypeParams().Len() > 0 {
				continue
			}
			st, ok := named.Underlying().(*types.Struct)
			if !ok {
				continue
			}
			fields := make([]*types.Var, st.NumFields())
			for i := range fields {
				fields[i] = st.Field(i)
			}
			fmt.Fprintf(&b, "#define %s__size %d\n", name, p.sizes.Sizeof(st))
			for i, off := range p.sizes.Offsetsof(fields) {
				if fields[i].Name() != "_" {
					fmt.Fprintf(&b, "#define %s_%s %d\n", name, fields[i].Name(), off)
				}
			}
		}
	}
	p.header = []byte(b.String())
	return p.header
}
