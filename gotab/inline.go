package gotab

import (
	"encoding/binary"
	"strings"

	"moho/objfile"
)

// MaxInlineDepth bounds how many inlined calls one PC can be in. The deepest PC
// of the go command, 14,864 functions of Go 1.26, is in 7.
const MaxInlineDepth = 256

// An InlineFrame is one call, physical or inlined, that a PC is in. StartLine
// is 0 where the table does not say (before Go 1.20).
type InlineFrame struct {
	Func      string // as the linker wrote it
	File      string
	Line      int
	StartLine int
	FuncID    uint8
	Inlined   bool
}

// An inlined is one entry of an inline tree.
type inlined struct {
	id        uint8
	name      uint32
	parentPC  int32 // offset of an instruction at the call site
	startLine int32
}

// inlinedAt reads entry i of the inline tree of f.
//
// Source: inlinedCall in $GOROOT/src/runtime/symtab.go, go1.16 to go1.19
// (20 bytes), and $GOROOT/src/runtime/symtabinl.go, go1.20 and newer (16 bytes).
func (f Func) inlinedAt(i int32) (inlined, bool) {
	base, ok := f.FuncData(FuncDataInlTree)
	if !ok || i < 0 {
		return inlined{}, false
	}
	le := binary.LittleEndian
	if f.t.hdr.version < V120 {
		b, err := f.t.mem.Slice(base+20*objfile.Addr(i), 20)
		if err != nil {
			return inlined{}, false
		}
		return inlined{id: b[2], name: le.Uint32(b[12:]), parentPC: int32(le.Uint32(b[16:]))}, true
	}
	b, err := f.t.mem.Slice(base+16*objfile.Addr(i), 16)
	if err != nil {
		return inlined{}, false
	}
	return inlined{id: b[0], name: le.Uint32(b[4:]), parentPC: int32(le.Uint32(b[8:])), startLine: int32(le.Uint32(b[12:]))}, true
}

// Frames appends the calls that pc, in f, is in, innermost first; the last is f
// itself. pc is the instruction to look up: for a return address subtract 1
// first. Where the position is unknown File is "". A malformed tree loses
// inlined calls, never f.
//
// Source: $GOROOT/src/runtime/symtabinl.go (inlineUnwinder), go1.26.
func (t *Table) Frames(dst []InlineFrame, f Func, pc PC) []InlineFrame {
	rel := f.rel(pc)
	for range MaxInlineDepth {
		file, line, _ := f.fileLine(rel)
		i, ok := f.value(f.pcdataOff(PCDataInlTreeIndex), rel)
		if ok && i >= 0 {
			if in, ok := f.inlinedAt(i); ok && in.parentPC >= 0 {
				dst = append(dst, InlineFrame{
					Func: t.name(in.name), File: file, Line: line,
					StartLine: int(in.startLine), FuncID: in.id, Inlined: true,
				})
				rel = uint64(in.parentPC)
				continue
			}
		}
		return append(dst, InlineFrame{
			Func: f.Name(), File: file, Line: line, StartLine: f.StartLine(), FuncID: uint8(f.ID()),
		})
	}
	return append(dst, InlineFrame{Func: f.Name(), StartLine: f.StartLine(), FuncID: uint8(f.ID())})
}

// PrintName shortens the type arguments in a function's name to [...], as
// tracebacks do.
//
// Source: $GOROOT/src/runtime/traceback.go (funcNamePiecesForPrint), go1.26.
func PrintName(name string) string {
	i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']')
	if i < 0 || j <= i {
		return name
	}
	return name[:i] + "[...]" + name[j+1:]
}

// WrapperID returns the FuncID of functions that the compiler generated, which
// tracebacks leave out. The number differs between releases; it has always
// been the one after that of runtime.systemstack_switch. Not ok when the
// program has no such function.
func (t *Table) WrapperID() (FuncID, bool) {
	for _, f := range t.FuncNamed("runtime.systemstack_switch") {
		if id := f.ID(); id != 0 && id < 0xff {
			return id + 1, true
		}
	}
	return 0, false
}
