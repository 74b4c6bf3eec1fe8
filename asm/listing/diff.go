package listing

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"moho/asm"
	"moho/internal/cli"
)

// A Difference is one function in two programs of one architecture.
type Difference struct {
	Name    string
	A, B    *Func
	Removed int // instructions that only A has
	Added   int // that only B has

	matches []match
}

// Diff compares two functions by the text of their instructions, addresses
// aside. Names of data count only with symbols, when both programs have them.
func Diff(a, b *Func, symbols bool) Difference {
	d := Difference{Name: a.Name, A: a, B: b, matches: align(instKeys(a, symbols), instKeys(b, symbols))}
	for _, m := range d.matches {
		switch {
		case m.a < 0:
			d.Added++
		case m.b < 0:
			d.Removed++
		}
	}
	return d
}

// Same reports whether the code is the same, and what tables say of it.
func (d *Difference) Same() bool {
	return d.Added == 0 && d.Removed == 0 && d.A.Function.Frame == d.B.Function.Frame && d.A.Args == d.B.Args
}

func instKeys(f *Func, symbols bool) []string {
	out := make([]string, len(f.Insts))
	for i := range f.Insts {
		out[i] = f.Insts[i].bare
		if symbols {
			out[i] = f.Insts[i].key
		}
	}
	return out
}

// Diff writes what is different, with a few instructions around it. The error is
// the writer's.
func (p *Printer) Diff(d *Difference, a, b *asm.Program) error {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n", p.Style.Bold(escape(d.Name)))
	t := cli.NewTable(cli.Column{}, cli.Column{Right: true, Fit: cli.ClipTop}, cli.Column{Right: true, Fit: cli.ClipTop}, cli.Column{})
	t.Row("", a.File.Name(), b.File.Name())
	t.Row("  go", a.GoVersion(), b.GoVersion())
	number := func(name string, x, y int64) {
		delta := ""
		if x != y {
			delta = fmt.Sprintf("%+d", y-x)
		}
		t.Row("  "+name, strconv.FormatInt(x, 10), strconv.FormatInt(y, 10), delta)
	}
	number("size", int64(d.A.Size), int64(d.B.Size))
	number("instructions", int64(len(d.A.Insts)), int64(len(d.B.Insts)))
	number("frame", int64(d.A.Function.Frame), int64(d.B.Function.Frame))
	number("args", int64(d.A.Args), int64(d.B.Args))
	number("calls", int64(len(d.A.Frame.Calls)), int64(len(d.B.Frame.Calls)))
	t.Row("  check", d.A.Check.String(), d.B.Check.String())
	if err := t.WriteTo(&s, p.Width); err != nil {
		return err
	}
	if d.Added == 0 && d.Removed == 0 {
		fmt.Fprintf(&s, "  the same instructions\n\n")
	} else {
		p.hunks(&s, d)
	}
	_, err := io.WriteString(p.W, s.String())
	return err
}

// around is how many equal instructions stand around different ones.
const around = 2

func (p *Printer) hunks(s *strings.Builder, d *Difference) {
	near := make([]bool, len(d.matches))
	for i, m := range d.matches {
		if m.a < 0 || m.b < 0 {
			for j := max(i-around, 0); j <= min(i+around, len(near)-1); j++ {
				near[j] = true
			}
		}
	}
	line := 0
	for i, m := range d.matches {
		if !near[i] {
			continue
		}
		f, x, sign := d.A, m.a, " "
		switch {
		case m.a < 0:
			f, x, sign = d.B, m.b, "+"
		case m.b < 0:
			sign = "-"
		}
		in := &f.Insts[x]
		if i == 0 || !near[i-1] {
			where := fmt.Sprintf("@@ %s:%d", escape(shortFile(in.File)), in.Line)
			if text, ok := p.Sources.Line(in.File, in.Line); ok && in.Line != line {
				where += "  " + strings.TrimSpace(sourceText(text))
			}
			fmt.Fprintf(s, "%s\n", p.Style.Dim(cli.Clipped(where, p.Width, cli.Clip)))
		}
		line = in.Line
		p.diffRow(s, in, sign)
	}
	s.WriteByte('\n')
}

func (p *Printer) diffRow(s *strings.Builder, in *Inst, sign string) {
	sp := "?"
	if in.HasSP {
		sp = strconv.Itoa(int(in.SP))
	}
	text := fmt.Sprintf("%s %5d %5s %6s  %s", sign, in.Line, fmt.Sprintf("+%x", in.Off), sp, escape(in.Text))
	switch sign {
	case "+":
		text = p.Style.Good(text)
	case "-":
		text = p.Style.Odd(text)
	}
	s.WriteString(text + "\n")
}
