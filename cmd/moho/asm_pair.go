package main

import (
	"errors"
	"fmt"

	"moho/asm"
	"moho/asm/listing"
	"moho/gotab"
	"moho/internal/cli"
)

// asmPair prints a function of two binaries side by side.
func (a *app) asmPair(p *asm.Program, other string, af asmFlags) error {
	q, err := openProgram(other, "")
	if err != nil {
		return err
	}
	defer q.Close()
	pairs, err := pairUp(p, q, af.fn)
	if err != nil {
		return err
	}
	if a.ui.JSON {
		return cli.WithHints(cli.Usagef("--json prints one binary at a time"), "moho asm --json -f NAME BINARY")
	}
	rp, err := listing.NewReader(p, af.syntax, af.names(p))
	if err != nil {
		return err
	}
	rq, err := listing.NewReader(q, af.syntax, af.names(q))
	if err != nil {
		return err
	}
	out := listing.Printer{W: a.ui.Out, Arch: p.Arch(), Style: a.ui, Width: a.ui.Width(), Sources: listing.NewSources(sourceDirs(p, af.src))}
	for _, x := range pairs {
		f, err := rp.Func(x[0])
		if err != nil {
			return err
		}
		g, err := rq.Func(x[1])
		if err != nil {
			return err
		}
		l, r := listing.Side{P: p, F: f, Label: sideLabel(p)}, listing.Side{P: q, F: g, Label: sideLabel(q)}
		if err := out.Pair(l, r); err != nil {
			return err
		}
	}
	return nil
}

// sideLabel says what program a column is of.
func sideLabel(p *asm.Program) string {
	s := p.Arch().Name
	if os := targetOS(p); os != "" {
		s = os + "/" + s
	}
	if v := p.GoVersion(); v != "" {
		s += " " + v
	}
	return cli.Escape(s)
}

func targetOS(p *asm.Program) string {
	bi, err := p.File.BuildInfo()
	if err != nil {
		return p.File.OS()
	}
	for _, s := range bi.Settings {
		if s.Key == "GOOS" {
			return s.Value
		}
	}
	return p.File.OS()
}

// pairUp returns the functions that a pattern means in both programs, joined by
// name; where several have one, in their order.
func pairUp(p, q *asm.Program, pattern string) ([][2]gotab.Func, error) {
	left, err := find(p, pattern)
	if err != nil {
		return nil, err
	}
	right, err := find(q, pattern)
	if err != nil {
		return nil, err
	}
	var out [][2]gotab.Func
	used := make([]bool, len(right))
	for _, l := range left {
		for i, r := range right {
			if !used[i] && (l.Name() == r.Name() || len(left) == 1 && len(right) == 1) {
				used[i] = true
				out = append(out, [2]gotab.Func{l, r})
				break
			}
		}
	}
	if len(out) == 0 {
		return nil, cli.WithHints(errors.New("the two binaries have no function in common that "+pattern+" means"),
			fmt.Sprintf("%s has %s, %s has %s", p.File.Name(), left[0].Name(), q.File.Name(), right[0].Name()))
	}
	return out, nil
}
