package main

import (
	"bufio"
	"fmt"

	"moho/arch"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

// legend says what the fields of unified frames are on each architecture, the
// one of the target first.
func (l goroutineList) legend() {
	all := []*arch.Arch{l.c.Process.Arch()}
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64, arch.WASM} {
		if a != all[0] {
			all = append(all, a)
		}
	}
	columns := []cli.Column{{}}
	for _, a := range all {
		columns = append(columns, cli.Column{Title: a.Name})
	}
	t := cli.NewTable(columns...)
	for _, field := range []struct {
		name string
		of   func(arch.Frame) string
	}{
		{"pc", func(f arch.Frame) string { return f.PC }},
		{"sp", func(f arch.Frame) string { return f.SP }},
		{"cfa", func(f arch.Frame) string { return f.CFA }},
		{"ret", func(f arch.Frame) string { return f.Ret }},
		{"fp", func(f arch.Frame) string { return f.FP }},
	} {
		row := []string{field.name}
		for _, a := range all {
			text := field.of(a.Frame())
			if text == "" {
				text = "none"
			}
			row = append(row, text)
		}
		t.Row(row...)
	}
	l.ui.Table(t)
	l.ui.Printf("%s\n\n", l.ui.Dim("cfa is the caller's sp at its call; delta is sp's distance from there by the tables; [x] is stored at x"))
}

// unified writes what a frame has on every architecture.
func (t tracer) unified(w *bufio.Writer, fr *gostate.Frame, u *gostate.Unified) {
	fmt.Fprintf(w, "\tsp %#x  cfa %#x", uint64(fr.SP), uint64(u.CFA))
	var unknown []string
	switch {
	case u.NoRet != "":
		unknown = append(unknown, "ret: "+u.NoRet)
	case u.RetAt == 0:
		fmt.Fprintf(w, "  ret %#x in %s", uint64(u.Ret), postmortem.LinkRegister(t.c.Process.Arch()))
	default:
		fmt.Fprintf(w, "  ret %#x at %#x", uint64(u.Ret), uint64(u.RetAt))
	}
	switch {
	case u.NoFP == "":
		fmt.Fprintf(w, "  fp %#x", uint64(u.FP))
	case t.c.Process.Arch().Frame().FP != "": // otherwise the legend says so
		unknown = append(unknown, "fp: "+u.NoFP)
	}
	w.WriteByte('\n')
	for _, why := range unknown {
		fmt.Fprintf(w, "\tno %s\n", cli.Escape(why))
	}
}
