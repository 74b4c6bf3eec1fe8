package asm

import (
	"bytes"
	"encoding/binary"

	"moho/arch"
	"moho/gotab"
)

// A StackCheck is how a function makes sure, before it makes its frame, that
// its stack has room for it. Its text is "small", "medium", "huge", "none" or
// "unknown".
type StackCheck uint8

const (
	UnknownCheck StackCheck = iota // the architecture's code is not read, or the function has none
	NoCheck                        // NOSPLIT, or a frame so small that none is needed
	SmallCheck                     // frame up to 128 bytes: SP is compared with the guard
	MediumCheck                    // up to 4096 (on wasm any): SP less the frame is
	HugeCheck                      // more: and that subtraction must not borrow
)

var checkNames = [...]string{"unknown", "none", "small", "medium", "huge"}

// String returns unknown, none, small, medium or huge.
func (c StackCheck) String() string { return checkNames[min(int(c), len(checkNames)-1)] }

// MarshalText gives JSON the words of String.
func (c StackCheck) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// StackCheck returns how fn checks its stack, from the first bytes of its code:
// the comparison with g.stackguard0 (or stackguard1, on the system stack) that
// the assembler puts there, and the branch after it, which must stay within the
// function. It does not allocate and is cheap enough to be asked of every
// function of a program. A check behind the call that the compiler's debugging
// flag maymorestack puts in front is not seen.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go and arm64/obj7.go
// (stacksplit), wasm/wasmobj.go (preprocess), go1.18 to go1.27.
func (p *Program) StackCheck(fn gotab.Func) StackCheck {
	if p.Arch() == arch.WASM {
		body, _ := p.WASMBody(fn)
		return checkWASM(body)
	}
	code, err := p.Code(fn)
	if err != nil {
		return UnknownCheck
	}
	return p.checkOf(code)
}

// checkOf is StackCheck for the code of a function, not on WASM.
func (p *Program) checkOf(code []byte) StackCheck {
	if len(code) == 0 {
		return UnknownCheck
	}
	switch p.Arch() {
	case arch.AMD64:
		return checkAMD64(code)
	case arch.ARM64:
		return checkARM64(code)
	}
	return UnknownCheck
}

// A matcher passes over instructions that it knows.
type matcher struct {
	code []byte
	at   int
}

// skip passes over lit and n bytes after it.
func (m *matcher) skip(lit string, n int) bool {
	rest := m.code[m.at:]
	if len(rest) < len(lit)+n || string(rest[:len(lit)]) != lit {
		return false
	}
	m.at += len(lit) + n
	return true
}

// jcc passes over a conditional branch that stays within the function.
func (m *matcher) jcc(short, long string) bool {
	var off int
	switch {
	case m.skip(short, 1):
		off = int(int8(m.code[m.at-1]))
	case m.skip(long, 4):
		off = int(int32(binary.LittleEndian.Uint32(m.code[m.at-4:])))
	default:
		return false
	}
	to := m.at + off
	return 0 <= to && to < len(m.code)
}

// checkAMD64 looks for one of
//
//	CMPQ SP, 16(g); JLS
//	LEAQ -n(SP), R12; CMPQ R12, 16(g); JLS
//	MOVQ SP, R12; SUBQ $n, R12; JCS; CMPQ R12, 16(g); JLS
//
// In ABIInternal g is in R14; in ABI0 up to three moves load R14 or CX with it.
func checkAMD64(code []byte) StackCheck {
	m := matcher{code: code}
	for range 3 {
		if !m.loadG() {
			break
		}
	}
	kind, cmp, cmpCX := SmallCheck, "\x49\x3b\x66", "\x48\x3b\x61"
	switch {
	case m.skip("\x4c\x8d\x64\x24", 1), m.skip("\x4c\x8d\xa4\x24", 4):
		kind = MediumCheck
	case m.skip("\x49\x89\xe4", 0):
		kind = HugeCheck
		if !m.skip("\x49\x81\xec", 4) || !m.jcc("\x72", "\x0f\x82") {
			return NoCheck
		}
	}
	if kind != SmallCheck {
		cmp, cmpCX = "\x4d\x3b\x66", "\x4c\x3b\x61"
	}
	if !m.skip(cmp, 1) && !m.skip(cmpCX, 1) {
		return NoCheck
	}
	if guard := m.code[m.at-1]; guard != 16 && guard != 24 || !m.jcc("\x76", "\x0f\x86") {
		return NoCheck
	}
	return kind
}

// loadG passes over a move of a 64-bit word, from memory or constant, to R14 or
// CX. Where g lies depends on the operating system and on how it was linked.
func (m *matcher) loadG() bool {
	b := m.code[m.at:]
	n := 0
	if len(b) > 0 && (b[0] == 0x64 || b[0] == 0x65) { // FS, GS
		n = 1
	}
	if len(b) < n+4 || b[n]&0xf8 != 0x48 { // REX.W
		return false
	}
	rex, op, modrm := b[n], b[n+1], b[n+2]
	var reg byte
	switch op {
	case 0x8b: // MOVQ m, r
		reg = rex&4<<1 | modrm>>3&7
	case 0xc7: // MOVQ $imm, r
		reg = rex&1<<3 | modrm&7
	}
	if reg != 14 && reg != 1 {
		return false
	}
	n += 3
	switch mod, rm := modrm>>6, modrm&7; {
	case op == 0xc7:
		if mod != 3 {
			return false
		}
		n += 4
	case mod == 3:
		return false
	case mod == 0 && rm == 5: // relative to the PC
		n += 4
	default:
		if rm == 4 { // SIB; with mod 0 and base 5 an address of 32 bits follows
			if mod == 0 && b[n]&7 == 5 {
				n += 4
			}
			n++
		}
		n += int([]byte{0, 1, 4}[mod])
	}
	if n > len(b) {
		return false
	}
	m.at += n
	return true
}

// checkARM64 looks for MOVD 16(g), R16 and one of
//
//	CMP R16, RSP; BLS                                (Go 1.18: MOVD RSP, R17; CMP R16, R17; BLS)
//	SUB $n, RSP, R17; CMP R16, R17; BLS
//	SUBS $n, RSP, R17; BLO; CMP R16, R17; BLS        (n may be loaded into R27 first)
//
// g is in R28.
func checkARM64(code []byte) StackCheck {
	const cmpR17 = 0xeb10023f
	w := func(i int) uint32 {
		if 4*i+4 > len(code) {
			return 0
		}
		return binary.LittleEndian.Uint32(code[4*i:])
	}
	branch := func(i int, cond uint32) bool {
		to := i + int(int32(w(i)<<8)>>13)
		return w(i)&0xff00001f == 0x54000000|cond && 0 <= to && 4*to < len(code)
	}
	const lo, ls = 3, 9
	if w(0) != 0xf9400b90 && w(0) != 0xf9400f90 { // 16(R28) and 24(R28)
		return NoCheck
	}
	i := 1
	for i < 5 && loadsR27(w(i)) {
		i++
	}
	switch {
	case w(i) == 0xeb3063ff && branch(i+1, ls):
		return SmallCheck
	case w(i) == 0x910003f1 && w(i+1) == cmpR17 && branch(i+2, ls):
		return SmallCheck
	case w(i)&0xff8003ff == 0xd10003f1 && w(i+1) == cmpR17 && branch(i+2, ls):
		return MediumCheck
	case (w(i)&0xff8003ff == 0xf10003f1 || w(i) == 0xeb3b63f1) && branch(i+1, lo) && w(i+2) == cmpR17 && branch(i+3, ls):
		return HugeCheck
	}
	return NoCheck
}

// loadsR27 reports whether w is MOVZ, MOVN, MOVK or ORR of a constant to R27.
func loadsR27(w uint32) bool {
	return w&31 == 27 && (w>>23&0x3f == 0x25 || w&0x7f8003e0 == 0x320003e0)
}

// funcValueOffset is what the PC of the first function is, as an index: function
// values below it are no code.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
const funcValueOffset = 0x1000

// WASMBody returns the body of fn in a WASM module, which begins with its
// locals; not ok in other programs, and if there is none.
func (p *Program) WASMBody(fn gotab.Func) ([]byte, bool) {
	index := uint64(fn.Entry())>>16 - funcValueOffset + uint64(p.File.WASMNumImports())
	if p.Arch() != arch.WASM || index > 1<<32-1 {
		return nil, false
	}
	f, ok := p.File.WASMFunc(uint32(index))
	if !ok {
		return nil, false
	}
	return p.File.WASMBody(f), true
}

// checkWASM looks for
//
//	local.get SP; global.get g; i32.wrap_i64; i32.load offset=16; [i32.const n; i32.add]; i32.le_u; if
//
// which stands behind the jump to where the function goes on.
func checkWASM(body []byte) StackCheck {
	const guard = "\x20\x01\x23\x02\xa7\x28\x02\x10"
	if len(body) == 0 {
		return UnknownCheck
	}
	at := bytes.Index(body, []byte(guard))
	if at < 0 {
		return NoCheck
	}
	m := matcher{code: body, at: at + len(guard)}
	kind := SmallCheck
	if m.skip("\x41", 0) {
		kind = MediumCheck
		_, n := binary.Varint(body[m.at:]) // for its length, which a signed number has too
		if n <= 0 {
			return NoCheck
		}
		if m.at += n; !m.skip("\x6a", 0) {
			return NoCheck
		}
	}
	if !m.skip("\x4d\x04\x40", 0) {
		return NoCheck
	}
	return kind
}
