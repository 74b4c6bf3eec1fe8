package listing

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"moho/arch"
	"moho/asm"
	"moho/asm/frame"
	"moho/gotab"
	"moho/internal/cli"
)

// A Style marks text for a terminal; *cli.UI is one.
type Style interface {
	Bold(string) string
	Dim(string) string
	Good(string) string
	Odd(string) string
}

// A Printer writes Funcs for people.
type Printer struct {
	W       io.Writer
	Arch    *arch.Arch
	Style   Style
	Width   int // columns
	Sources *Sources
	Samples func(pc uint64, n int) (int64, bool) // of a profile, in n bytes at pc; nil for none
	Total   int64                                // of the profile
}

// Columns of a row: line, PC, SP, marks, and then the instruction.
const (
	lineWidth  = 5
	spWidth    = 6
	markWidth  = 3
	instrWidth = 36
)

// Func writes f: what is known of the whole, then its code. The error is the
// writer's.
func (p *Printer) Func(f *Func) error {
	var b strings.Builder
	p.head(&b, f)
	p.titles(&b, f)
	var last Inst
	for i := range f.Insts {
		x := &f.Insts[i]
		if i == 0 || x.File != last.File || x.Line != last.Line || x.Func != last.Func {
			p.source(&b, f, x, i == 0 || x.Func != last.Func || x.File != last.File)
		}
		p.row(&b, f, x)
		last = *x
		if b.Len() > 64<<10 {
			if _, err := io.WriteString(p.W, b.String()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(p.W, b.String())
	return err
}

// head writes the lines above the code.
func (p *Printer) head(b *strings.Builder, f *Func) {
	text := f.Frame.Text.String()
	if f.Frame.Name == "" {
		text = "TEXT " + f.Name + "(SB)"
	}
	fmt.Fprintf(b, "%s\n", p.Style.Bold(escape(text)))
	fact := func(name, value string) {
		for i, line := range cli.Reflow(value, p.Width-12) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(b, "  %s%s\n", p.Style.Dim(fmt.Sprintf("%-10s", name)), line)
		}
	}
	if f.File != "" {
		fact("declared", escape(shortFile(f.File))+":"+strconv.Itoa(f.Line))
	}
	abi := f.Frame.Text.ABI
	if abi.Known() {
		fact("abi", fmt.Sprintf("%s, %s%s", abi.Value, abi.How, because(abi.Why)))
	} else {
		fact("abi", "unknown"+because(abi.Why))
	}
	size := fmt.Sprintf("%d bytes at 0x%x", f.Size, uint64(f.Entry))
	if p.Arch == arch.WASM {
		size = fmt.Sprintf("%d bytes, function %d of Go", f.Size, uint64(f.Entry)>>16)
	}
	if f.Pad > 0 {
		size += fmt.Sprintf(", %d of padding behind", f.Pad)
	}
	fact("size", size)
	args := "arguments of unknown size"
	if f.ArgsKnown {
		args = fmt.Sprintf("%d bytes of arguments and results in the caller's", f.Args)
	}
	foreign := f.Flags&asm.Foreign != 0
	if !foreign {
		fact("frame", fmt.Sprintf("%d bytes, %s", f.Frame.Max, args))
	}
	if f.Signature.Args != "" {
		fact("arguments", f.Signature.Args)
		fact("results", f.Signature.Results)
	}
	if w := f.Frame.Opens.Words; w != "" {
		fact("entry", w)
	}
	if !foreign {
		fact("pcsp", pcsp(f.Rows))
	}
	if p.Samples != nil {
		sum := int64(0)
		for i := range f.Insts {
			n, _ := p.Samples(f.Insts[i].PC, f.Insts[i].Len)
			sum += n
		}
		fact("profile", fmt.Sprintf("%d of %d samples, %.1f%%", sum, p.Total, 100*float64(sum)/float64(max(p.Total, 1))))
	}
	if len(f.Flags.Names()) > 0 {
		fact("flags", strings.Join(f.Flags.Names(), ", "))
	}
	for _, g := range f.Gaps {
		fact("unknown", escape(g.String()))
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// pcsp writes the rows of pcsp as +offset:value.
func pcsp(rows []gotab.Row) string {
	var words []string
	for _, r := range rows {
		words = append(words, fmt.Sprintf("+%x:%d", r.Start, r.Value))
	}
	return strings.Join(words, " ")
}

func (p *Printer) pcWidth(f *Func) int {
	if p.Arch == arch.WASM {
		return len(strconv.FormatUint(f.Size, 16))
	}
	return len(strconv.FormatUint(uint64(f.Entry)+f.Size, 16))
}

func (p *Printer) titles(b *strings.Builder, f *Func) {
	pc, mark := "PC", ""
	if p.Arch == arch.WASM {
		pc, mark = "OFF", "PC_B"
	}
	s := fmt.Sprintf("%*s  %-*s %*s %-*s %s", lineWidth, "LINE", p.pcWidth(f), pc, spWidth, "SP", markWidth, mark, "INSTRUCTION")
	if p.Samples != nil {
		s = fmt.Sprintf("%*s %s", sampleWidth, "SAMPLES", s)
	}
	fmt.Fprintf(b, "%s\n", p.Style.Dim(s))
}

// source writes the source line of the instructions that follow. change says
// that they come out of another function than those before.
func (p *Printer) source(b *strings.Builder, f *Func, x *Inst, change bool) {
	text, ok := p.Sources.Line(x.File, x.Line)
	where := ""
	switch {
	case x.Depth > 0 && change:
		where = fmt.Sprintf("%s, inlined from %s:%d", escape(gotab.PrintName(x.Func)), escape(shortFile(x.File)), x.Line)
	case change && len(f.Insts) > 0 && x != &f.Insts[0]:
		where = fmt.Sprintf("%s:%d", escape(shortFile(x.File)), x.Line)
	}
	indent := strings.Repeat(" ", p.indent())
	if where != "" && (x.Depth > 0 || ok) {
		fmt.Fprintf(b, "%s%s\n", indent, p.Style.Dim(cli.Clipped("── "+where, p.Width-len(indent), cli.Clip)))
	}
	if ok {
		line := fmt.Sprintf("%*d  %s", lineWidth, x.Line, sourceText(text))
		fmt.Fprintf(b, "%s%s\n", indent, p.Style.Good(cli.Clipped(line, p.Width-len(indent), cli.Clip)))
	}
}

func (p *Printer) indent() int {
	if p.Samples != nil {
		return sampleWidth + 1
	}
	return 0
}

// row writes one instruction.
func (p *Printer) row(b *strings.Builder, f *Func, x *Inst) {
	sp := "?"
	if x.HasSP {
		sp = strconv.Itoa(int(x.SP))
	}
	marks := x.Mark
	if marks == "" {
		marks = x.Class.String()
	}
	pc := fmt.Sprintf("%0*x", p.pcWidth(f), x.PC)
	if p.Samples != nil {
		b.WriteString(p.samples(x) + " ")
	}
	sp = fmt.Sprintf("%*s", spWidth, sp)
	if !x.HasSP {
		sp = p.Style.Odd(sp)
	}
	dim := func(s string) string { return s }
	if x.Class&(frame.Prologue|frame.Epilogue|frame.Morestack) != 0 {
		dim = p.Style.Dim
	}
	text := escape(x.Text)
	line := ""
	if x.Line > 0 {
		line = strconv.Itoa(x.Line)
	}
	fmt.Fprintf(b, "%*s  %s %s %s ", lineWidth, line, p.Style.Dim(pc), sp, p.Style.Odd(fmt.Sprintf("%-*s", markWidth, marks)))
	left := p.indent() + lineWidth + 2 + p.pcWidth(f) + 1 + spWidth + 1 + markWidth + 1
	if len(x.Notes) == 0 {
		b.WriteString(dim(cli.Clipped(text, p.Width-left, cli.Clip)) + "\n")
		return
	}
	width := max(instrWidth, uniseg.StringWidth(text)+1)
	room := p.Width - left - width - 2
	notes := strings.Join(x.Notes, "  ")
	if room < min(16, len(notes)) { // on a line of its own
		b.WriteString(dim(text) + "\n" + strings.Repeat(" ", left+instrWidth))
		room, width = p.Width-left-instrWidth-2, 0
	} else {
		b.WriteString(dim(text) + strings.Repeat(" ", max(width-uniseg.StringWidth(text), 0)))
	}
	for i, line := range cli.Reflow(notes, room) {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", left+max(width, instrWidth)))
		}
		b.WriteString(p.Style.Dim("; ") + p.Style.Dim(line) + "\n")
	}
}

const sampleWidth = 8

func (p *Printer) samples(x *Inst) string {
	n, ok := p.Samples(x.PC, x.Len)
	if !ok || n == 0 {
		return strings.Repeat(" ", sampleWidth)
	}
	return p.Style.Odd(fmt.Sprintf("%*d", sampleWidth, n))
}
