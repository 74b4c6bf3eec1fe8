package listing

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"moho/arch"
	"moho/internal/cli"
)

// pairHead writes the facts of both sides in two columns.
func (p *Printer) pairHead(s *strings.Builder, a, b Side) {
	fmt.Fprintf(s, "%s  %s:%d\n", p.Style.Bold(escape(a.F.Name)), escape(shortFile(a.F.File)), a.F.Line)
	const name = 12
	w := max((p.Width-name-2)/2, 30)
	cell := func(text string, i int, bold bool) string {
		lines := cli.Reflow(text, w)
		if i >= len(lines) {
			return strings.Repeat(" ", w)
		}
		pad := strings.Repeat(" ", max(w-uniseg.StringWidth(lines[i]), 0))
		if bold {
			return p.Style.Bold(lines[i]) + pad
		}
		return lines[i] + pad
	}
	row := func(title, l, r string, bold bool) {
		for i := range max(len(cli.Reflow(l, w)), len(cli.Reflow(r, w))) {
			t := title
			if i > 0 {
				t = ""
			}
			line := fmt.Sprintf("%s%s  %s", p.Style.Dim(fmt.Sprintf("%-*s", name, t)), cell(l, i, bold), cell(r, i, bold))
			fmt.Fprintf(s, "%s\n", strings.TrimRight(line, " "))
		}
	}
	row("", a.Label, b.Label, true)
	for _, f := range pairFacts {
		if l, r := f.of(a), f.of(b); l != "" || r != "" {
			row(f.title, l, r, false)
		}
	}
	fmt.Fprintf(s, "\n")
	if a.P.Arch() == b.P.Arch() {
		return
	}
	for _, r := range roleRows(a.P.Arch(), b.P.Arch()) {
		row(r.title, r.left, r.right, false)
	}
	fmt.Fprintf(s, "\n")
}

type pairFact struct {
	title string
	of    func(Side) string
}

// pairFacts are the lines above two functions.
var pairFacts = []pairFact{
	{"text", func(s Side) string { return s.F.Frame.Text.String() }},
	{"size", func(s Side) string {
		return fmt.Sprintf("%d +%d padding, %d instructions", s.F.Size, s.F.Pad, len(s.F.Insts))
	}},
	{"frame", func(s Side) string {
		return strconv.Itoa(int(s.F.Function.Frame)) + " bytes at most below the entry SP"
	}},
	{"entry", func(s Side) string { return s.F.Frame.Opens.Words }},
	{"arguments", func(s Side) string { return s.F.Signature.Args }},
	{"results", func(s Side) string { return s.F.Signature.Results }},
}

// A roleRow maps a register of one architecture onto that of another.
type roleRow struct{ title, left, right string }

// A role is what a register is for, and on which architecture which one is.
type role struct {
	title string
	regs  map[*arch.Arch]string
}

// roles is the map between the architectures. The rule stands beside the name
// where the names alone mislead.
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md,
// $GOROOT/src/cmd/internal/obj/x86/obj6.go, arm64/obj7.go, wasm/wasmobj.go and
// a.out.go, go1.26.
var roles = []role{
	{"SP", map[*arch.Arch]string{
		arch.AMD64: "SP (rsp), a multiple of 8",
		arch.ARM64: "RSP (sp, not R31 = ZR), a multiple of 16",
		arch.WASM:  "global 0, 32 bits",
	}},
	{"return PC", map[*arch.Arch]string{
		arch.AMD64: "pushed by CALL: 0(entry SP)",
		arch.ARM64: "R30 (x30) at the entry; then 0(RSP) of the frame",
		arch.WASM:  "stored by the caller: 0(entry SP); PC_F<<16|PC_B",
	}},
	{"frame ptr", map[*arch.Arch]string{
		arch.AMD64: "BP (rbp) = entry SP-8, where the caller's is saved",
		arch.ARM64: "R29 (x29) = RSP-8, below SP, where the caller's is saved",
		arch.WASM:  "none",
	}},
	{"arguments", map[*arch.Arch]string{
		arch.AMD64: "memory ones and spill area from entry SP+8",
		arch.ARM64: "memory ones and spill area from entry SP+8",
		arch.WASM:  "all in memory from entry SP+8",
	}},
	{"integers", map[*arch.Arch]string{
		arch.AMD64: "AX BX CX DI SI R8 R9 R10 R11",
		arch.ARM64: "R0 … R15",
		arch.WASM:  "none",
	}},
	{"floats", map[*arch.Arch]string{
		arch.AMD64: "X0 … X14",
		arch.ARM64: "F0 … F15",
		arch.WASM:  "none",
	}},
	{"g", map[*arch.Arch]string{arch.AMD64: "R14", arch.ARM64: "R28 (x28)", arch.WASM: "global 2"}},
	{"closure", map[*arch.Arch]string{arch.AMD64: "DX (rdx)", arch.ARM64: "R26 (x26)", arch.WASM: "global 1 (CTXT)"}},
	{"zero", map[*arch.Arch]string{arch.AMD64: "X15, 16 bytes of zeros", arch.ARM64: "ZR", arch.WASM: "constants"}},
	{"linker's", map[*arch.Arch]string{
		arch.AMD64: "R12 R13 in prologues; R15 the GOT if linked dynamically",
		arch.ARM64: "R16 R17 (x16 x17) also in trampolines; R27 (REGTMP)",
		arch.WASM:  "PC_B (local 0), locals R0 …",
	}},
	{"never", map[*arch.Arch]string{arch.AMD64: "", arch.ARM64: "R18 (x18), the platform's", arch.WASM: ""}},
}

func roleRows(a, b *arch.Arch) []roleRow {
	var out []roleRow
	for _, r := range roles {
		if r.regs[a] != "" || r.regs[b] != "" {
			out = append(out, roleRow{r.title, r.regs[a], r.regs[b]})
		}
	}
	return out
}

// sourceText returns a source line with its indentation in blanks.
func sourceText(text string) string {
	return escape(strings.ReplaceAll(strings.TrimRight(text, " \t"), "\t", "  "))
}
