package listing

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"moho/asm"
	"moho/asm/frame"
	"moho/gotab"
	"moho/internal/cli"
)

// A Side is a function with the program that it is of.
type Side struct {
	P     *asm.Program
	F     *Func
	Label string // above its column
}

// A runKey says what a run of instructions is: the same part of the same
// source line, up to the same call. Instructions themselves can't be compared
// across architectures.
type runKey struct {
	part frame.Class
	fn   string
	line int
	call string // that ends it
}

// A run is neighbouring instructions of one key.
type run struct {
	key    runKey
	lo, hi int
}

// runs cuts a function where the source line changes, or its part: prologue,
// body, epilogue, call of morestack.
// Where one side is WASM, which has no parts and one line for each resume block,
// only calls count.
func runs(f *Func, parts frame.Class) []run {
	var out []run
	for i := range f.Insts {
		x := &f.Insts[i]
		k := runKey{part: x.Class & parts, fn: gotab.PrintName(x.Func), line: x.Line}
		if parts == 0 {
			k = runKey{}
		}
		if k.part&(frame.Prologue|frame.Morestack) != 0 {
			k.fn, k.line = "", 0 // the line of these is not always that of the declaration
		}
		if n := len(out); n > 0 && out[n-1].key == k { // not if it ended with a call
			out[n-1].hi = i + 1
		} else {
			out = append(out, run{k, i, i + 1})
		}
		if x.Callee != "" {
			out[len(out)-1].key.call = x.Callee
		}
	}
	return out
}

// Pair writes two functions side by side, aligned by source line in the order
// of their blocks. The error is the writer's.
func (p *Printer) Pair(a, b Side) error {
	var s strings.Builder
	p.pairHead(&s, a, b)
	parts := frame.Prologue | frame.Epilogue | frame.Morestack
	if !a.P.Arch().BytePC || !b.P.Arch().BytePC {
		parts = 0
	}
	ra, rb := runs(a.F, parts), runs(b.F, parts)
	w := p.pairWidth()
	fmt.Fprintf(&s, "%s\n", p.Style.Dim(fmt.Sprintf("%*s  %-*s │ %s", lineWidth, "LINE", w, sideTitle(a), sideTitle(b))))
	last := runKey{}
	for _, m := range align(keys(ra), keys(rb)) {
		var x, y run
		from := a
		i := m.a
		if m.a >= 0 {
			x = ra[m.a]
		}
		if m.b >= 0 {
			y = rb[m.b]
			if m.a < 0 {
				from, i = b, y.lo
			}
		}
		if m.a >= 0 {
			i = x.lo
		}
		at := &from.F.Insts[i]
		if k := (runKey{fn: gotab.PrintName(at.Func), line: at.Line}); k != last {
			p.pairSource(&s, at, k.fn != last.fn && last.fn != "")
			last = k
		}
		rows, down := max(x.hi-x.lo, y.hi-y.lo), 0
		if x.key.call != "" { // calls of one function stand on one row
			down = rows
		}
		for n := range rows {
			p.pairRow(&s, a.F.inst(x, n, down), b.F.inst(y, n, down), w)
		}
		if s.Len() > 64<<10 {
			if _, err := io.WriteString(p.W, s.String()); err != nil {
				return err
			}
			s.Reset()
		}
	}
	s.WriteByte('\n')
	_, err := io.WriteString(p.W, s.String())
	return err
}

// inst returns instruction n of a run, or nil. With down the run is at the end
// of that many rows, else at their beginning.
func (f *Func) inst(r run, n, down int) *Inst {
	if down > 0 {
		n -= down - (r.hi - r.lo)
	}
	if n < 0 || n >= r.hi-r.lo {
		return nil
	}
	return &f.Insts[r.lo+n]
}

func keys(rs []run) []runKey {
	out := make([]runKey, len(rs))
	for i := range rs {
		out[i] = rs[i].key
	}
	return out
}

func sideTitle(s Side) string { return fmt.Sprintf("%4s %5s     %s", "+OFF", "SP", s.Label) }

// pairWidth returns the columns of one side.
func (p *Printer) pairWidth() int { return max((p.Width-lineWidth-2-3)/2, 40) }

func (p *Printer) pairSource(s *strings.Builder, x *Inst, change bool) {
	text, ok := p.Sources.Line(x.File, x.Line)
	if change && x.Depth > 0 {
		where := fmt.Sprintf("── %s, inlined from %s:%d", escape(gotab.PrintName(x.Func)), escape(shortFile(x.File)), x.Line)
		fmt.Fprintf(s, "%s\n", p.Style.Dim(cli.Clipped(where, p.Width, cli.Clip)))
	}
	if ok {
		line := fmt.Sprintf("%*d  %s", lineWidth, x.Line, sourceText(text))
		fmt.Fprintf(s, "%s\n", p.Style.Good(cli.Clipped(line, p.Width, cli.Clip)))
	}
}

// pairRow writes one line; either side may be nil.
func (p *Printer) pairRow(s *strings.Builder, l, r *Inst, w int) {
	line := 0
	if l != nil {
		line = l.Line
	} else {
		line = r.Line
	}
	left, n := p.pairCell(l, w)
	right, _ := p.pairCell(r, w)
	row := fmt.Sprintf("%*d  %s%s │ %s", lineWidth, line, left, strings.Repeat(" ", max(w-n, 0)), right)
	s.WriteString(strings.TrimRight(row, " ") + "\n")
}

// pairCell returns one side of a row and its width.
func (p *Printer) pairCell(x *Inst, w int) (string, int) {
	if x == nil {
		return "", 0
	}
	sp := "?"
	if x.HasSP {
		sp = strconv.Itoa(int(x.SP))
	}
	mark := x.Mark
	if mark == "" {
		mark = x.Class.String()
	}
	lead := fmt.Sprintf("%4x %5s %-2s ", x.Off, sp, mark)
	text := escape(x.Text)
	if x.callSite >= 0 {
		for _, n := range x.Notes {
			if strings.HasPrefix(n, "{") && uniseg.StringWidth(lead+text+n)+2 <= w {
				text += " " + n
			}
		}
	}
	text = cli.Clipped(text, w-len(lead), cli.Clip)
	n := len(lead) + uniseg.StringWidth(text)
	if x.Class&(frame.Prologue|frame.Epilogue|frame.Morestack) != 0 {
		text = p.Style.Dim(text)
	}
	return p.Style.Dim(lead[:4]) + lead[4:] + text, n
}
