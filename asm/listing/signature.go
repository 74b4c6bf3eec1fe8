package listing

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"moho/arch"
	"moho/asm"
	"moho/debuginfo"
	"moho/evidence"
	"moho/gotab"
	"moho/objfile"
)

// Signatures says where functions take their arguments and leave their results,
// from the types in DWARF and the rules of ABIInternal. It must not be used
// concurrently.
type Signatures struct {
	p     *asm.Program
	data  *debuginfo.Data
	cache map[gotab.PC]Signature
}

// NewSignatures returns Signatures of p. The error wraps debuginfo.ErrNone in a
// stripped program. The first question reads the headers of all of DWARF.
func NewSignatures(p *asm.Program) (*Signatures, error) {
	d, err := debuginfo.Open(p.File)
	if err != nil {
		return nil, err
	}
	return &Signatures{p: p, data: d, cache: map[gotab.PC]Signature{}}, nil
}

// A regFile is the registers for arguments and results in the order of
// ABIInternal.
type regFile struct {
	ints, floats []string
}

// Source: $GOROOT/src/cmd/compile/abi-internal.md, go1.26.
var regFiles = map[*arch.Arch]regFile{
	arch.AMD64: {strings.Fields("AX BX CX DI SI R8 R9 R10 R11"), numbered("X", 15)},
	arch.ARM64: {numbered("R", 16), numbered("F", 16)},
	arch.WASM:  {},
}

func numbered(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%d", prefix, i))
	}
	return out
}

// Of returns the signature of the function at entry, whose convention is abi.
// What DWARF does not say is "".
func (s *Signatures) Of(entry gotab.PC, abi string) Signature {
	if s == nil {
		return Signature{}
	}
	if sig, ok := s.cache[entry]; ok {
		return sig
	}
	sig, err := s.read(entry, abi)
	if err != nil {
		sig = Signature{}
	}
	s.cache[entry] = sig
	return sig
}

var (
	errNoFunc = errors.New("DWARF has no such function")
	errDict   = errors.New("a generic function, perhaps with a dictionary that takes a register")
)

func (s *Signatures) read(entry gotab.PC, abi string) (Signature, error) {
	f, ok, err := s.data.FuncAt(objfile.Addr(entry))
	if err != nil {
		return Signature{}, err
	}
	if !ok || f.Low != objfile.Addr(entry) {
		return Signature{}, errNoFunc
	}
	dict, known := evidence.DictParam(f.Name(), s.p.Table.Version() < gotab.V120)
	if !known {
		return Signature{}, errDict
	}
	body, err := f.Body()
	if err != nil {
		return Signature{}, err
	}
	files := regFiles[s.p.Arch()]
	if abi != "ABIInternal" {
		files = regFile{} // all of ABI0 is in memory
	}
	in, out := newAssigner(files), newAssigner(files)
	var args, results []string
	n := 0 // parameters so far
	for _, v := range body.Vars {
		if v.Inline != -1 {
			continue
		}
		switch v.Kind {
		case debuginfo.Param:
			if n == dict {
				args = append(args, in.dict())
			}
			n++
			args = append(args, v.Name+" "+in.assign(v.Type))
		case debuginfo.Result:
			name := v.Name
			if strings.HasPrefix(name, "~r") {
				name = typeName(v.Type)
			}
			results = append(results, name+" "+out.assign(v.Type))
		}
	}
	if n == dict {
		args = append(args, in.dict())
	}
	return Signature{Args: orNone(args), Results: orNone(results)}, nil
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return escape(strings.Join(list, ", "))
}

func typeName(t debuginfo.Type) string {
	if n := t.Name(); n != "" {
		return n[strings.LastIndexByte(n, '/')+1:]
	}
	return "?"
}

// An assigner gives registers to values one after the other.
type assigner struct {
	files       regFile
	ints, float int // that are taken
}

func newAssigner(f regFile) *assigner { return &assigner{files: f} }

// dict takes the register of the pointer to a dictionary.
func (a *assigner) dict() string {
	if a.ints >= len(a.files.ints) {
		return ".dict memory"
	}
	a.ints++
	return ".dict " + a.files.ints[a.ints-1]
}

// assign returns where a value of type t goes: all of its parts in registers, or
// all of it in memory.
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md (register-assignment), go1.26.
func (a *assigner) assign(t debuginfo.Type) string {
	ints, floats := a.ints, a.float
	var regs []string
	size := t.Size()
	const longest = 512 // bytes: more parts than there are registers
	if size == 0 {
		if k := t.Kind(); k == reflect.Invalid {
			return "?"
		}
		return "-"
	}
	if size > longest {
		return "memory"
	}
	for off := uint64(0); off < size; {
		path, part := t.PathAt(off)
		n := part.Size()
		kind := part.Kind()
		half := strings.HasSuffix(path, ".real") || strings.HasSuffix(path, ".imag")
		if half && kind == reflect.Invalid && !many(path) { // of a complex number, whose halves have no type
			if floats >= len(a.files.floats) {
				return "memory"
			}
			regs = append(regs, a.files.floats[floats])
			floats++
			off++
			continue
		}
		if n == 0 || strings.Contains(path, "+") { // padding, or a type that is not known
			off++
			continue
		}
		if many(path) {
			return "memory"
		}
		switch kind {
		case reflect.Float32, reflect.Float64:
			if floats >= len(a.files.floats) {
				return "memory"
			}
			regs = append(regs, a.files.floats[floats])
			floats++
		case reflect.Invalid:
			return "?"
		default:
			if ints >= len(a.files.ints) {
				return "memory"
			}
			regs = append(regs, a.files.ints[ints])
			ints++
		}
		off += n
	}
	a.ints, a.float = ints, floats
	return strings.Join(regs, ":")
}

// many reports whether path leads into an array of more than one element: such
// a value is never in registers.
func many(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] == '[' && !strings.HasPrefix(path[i:], "[0]") {
			return true
		}
	}
	return false
}
