package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/asm/frame"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
)

// framePoint answers for a stopped thread.
func (a *app) framePoint(cmd *cobra.Command, p *asm.Program, l *frame.Layouts, ff frameFlags) error {
	pc, err := strconv.ParseUint(ff.pc, 0, 64)
	if err != nil {
		return usage(cmd, fmt.Errorf("--pc %s: want an address such as 0x4a1b20", ff.pc))
	}
	sp := uint64(0)
	if ff.sp != "" {
		if sp, err = strconv.ParseUint(ff.sp, 0, 64); err != nil {
			return usage(cmd, fmt.Errorf("--sp %s: want a value such as 0xc00005fe08", ff.sp))
		}
		if sp%8 != 0 {
			return usage(cmd, fmt.Errorf("--sp %s: no stack pointer of Go code, which is a multiple of 8", ff.sp))
		}
	}
	pt, err := l.At(gotab.PC(pc), sp)
	if err != nil {
		return cli.WithHints(fmt.Errorf("%s: %w", p.File.Name(), err),
			"addresses are those of the file: subtract what the kernel added to a position independent program",
			"a return address is behind its call: give the address of the call")
	}
	if a.ui.JSON {
		out := framePoint{
			Point: pt, PC: fmt.Sprintf("%#x", pc), SP: fmt.Sprintf("%#x", sp), EntrySP: hexFact(pt.EntrySP), CallerSP: hexFact(pt.CallerSP),
		}
		if ff.sp == "" {
			return usage(cmd, fmt.Errorf("--json needs --sp: its addresses are numbers"))
		}
		return cli.JSON(a.ui.Out, frameReport{Schema: "moho/frame/v1", File: p.File.Name(), Point: &out})
	}
	a.printPoint(p, pt, pc, sp, ff.sp != "")
	return nil
}

func hexFact(f frame.Fact[uint64]) frame.Fact[string] {
	return frame.Fact[string]{Value: fmt.Sprintf("%#x", f.Value), How: f.How, Why: f.Why}
}

func (a *app) printPoint(p *asm.Program, pt frame.Point, pc, sp uint64, known bool) {
	file, line, _ := pt.Func.FileLine(gotab.PC(pc))
	where := classWords(pt.Class)
	a.ui.Printf("%s+%#x, %s%s\n", a.ui.Bold(cli.Escape(gotab.PrintName(pt.Name))), pt.Off, position(file, line), where)
	number := func(v uint64) string {
		if known {
			return fmt.Sprintf("%#x", v)
		}
		return "SP" + strings.TrimSuffix(fmt.Sprintf("%+d", int64(v-sp)), "+0")
	}
	place := func(v frame.Place) string {
		var w []string
		if v.Register != "" {
			w = append(w, "in "+v.Register)
		}
		if v.Addr != nil {
			w = append(w, "at "+number(*v.Addr))
		}
		return strings.Join(w, " and ")
	}
	row := func(name, value string, how evidence.Origin, why string) {
		switch {
		case how == evidence.Unknown:
			value = a.ui.Odd("unknown") + ": " + why
		case why != "" && why != value:
			value = fmt.Sprintf("%-26s %s", value, a.ui.Dim(why))
		}
		a.ui.Printf("  %-18s %s\n", name, value)
	}
	row("SP is", fmt.Sprintf("%d bytes below the entry SP", pt.Delta.Value), pt.Delta.How, pt.Delta.Why)
	row("entry SP", number(pt.EntrySP.Value), pt.EntrySP.How, pt.EntrySP.Why)
	row("SP of the caller", number(pt.CallerSP.Value), pt.CallerSP.How, pt.CallerSP.Why)
	row("return PC", place(pt.ReturnPC.Value), pt.ReturnPC.How, pt.ReturnPC.Why)
	fp := "caller's BP"
	if p.Arch().HasLR {
		fp = "caller's R29"
	}
	row(fp, place(pt.CallerFP.Value), pt.CallerFP.How, pt.CallerFP.Why)
}

// classWords says in what part of a function an instruction is.
func classWords(c frame.Class) string {
	var w []string
	for _, x := range []struct {
		class frame.Class
		word  string
	}{
		{frame.Prologue, "in the prologue"},
		{frame.Epilogue, "in the epilogue"},
		{frame.Morestack, "in the call of morestack"},
		{frame.Calls, "a call"},
		{frame.Unsafe, "no safe point"},
		{frame.Defer, "on the way out after a recovered panic"},
	} {
		if c&x.class != 0 {
			w = append(w, x.word)
		}
	}
	if len(w) == 0 {
		return ""
	}
	return ", " + strings.Join(w, ", ")
}
