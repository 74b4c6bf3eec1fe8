package asm

import (
	"fmt"

	"moho/gotab"
	"moho/objfile"
)

// Body returns what a listing of fn shows: its Code; what lies up to the next
// function where the table does not say how long it is; on wasm the body of the
// module's function, from the declarations of locals to the end. The error wraps
// objfile.ErrFormat or objfile.ErrUnmapped.
func (p *Program) Body(fn gotab.Func) ([]byte, error) {
	if p.Arch().BytePC {
		if p.Foreign(fn) {
			return p.File.Slice(objfile.Addr(fn.Entry()), int(fn.Next()-fn.Entry()))
		}
		return p.Code(fn)
	}
	body, ok := p.WASMBody(fn)
	if !ok {
		return nil, fmt.Errorf("%s: the module has no body for %s: %w", p.File.Name(), fn.Name(), objfile.ErrUnmapped)
	}
	return body, nil
}

// WASMName appends the name of the function that a module calls by index: the
// pclntab's, or that of an import.
func (p *Program) WASMName(dst []byte, index uint64) []byte {
	n := uint64(p.File.WASMNumImports())
	if index >= n && index-n < 1<<32 {
		if fn, ok := p.Table.FuncAt(gotab.PC(index-n+funcValueOffset) << 16); ok && fn.Entry()>>16 == gotab.PC(index-n+funcValueOffset) {
			from := len(dst)
			dst = fn.AppendName(dst)
			return append(dst[:from], visible(dst[from:])...)
		}
	}
	if index >= n {
		return append(dst, visible([]byte(p.File.WASMFuncName(uint32(index))))...)
	}
	for i, im := range p.File.WASMImports() {
		if uint64(i) == index {
			return append(dst, visible([]byte(im.Module+"."+im.Name))...)
		}
	}
	return dst
}
