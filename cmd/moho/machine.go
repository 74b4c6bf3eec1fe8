package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"moho/asm"
	"moho/gotab"
	"moho/internal/cli"
	"moho/objfile"
)

// archFlag adds the flag that chooses among the architectures of one file.
func archFlag(f *pflag.FlagSet, arch *string) {
	f.StringVar(arch, "arch", "", "of a Mach-O file for several architectures, the one of `GOARCH`")
}

// instead says what to do with a file that has no pclntab.
func instead(path string) string {
	if f, err := objfile.Open(path); err == nil {
		defer f.Close()
		switch f.Kind() {
		case "core":
			return "it is a core: moho core " + path + " reads it"
		case "object":
			return "it is an object file: only the linker gives code its final form"
		}
	}
	return "only programs that Go's linker has made, or helped to make, can be looked at"
}

// openProgram opens a binary for the verbs that look at machine code.
func openProgram(path, goarch string) (*asm.Program, error) {
	p, err := asm.OpenArch(path, goarch)
	switch {
	case errors.Is(err, gotab.ErrNoTable):
		return nil, cli.WithHints(err, instead(path))
	case errors.Is(err, objfile.ErrFormat):
		return nil, cli.WithHints(err, "read are ELF, Mach-O, PE and WASM, made by Go 1.16 or newer")
	}
	return p, err
}

// find returns the functions that a pattern names.
func find(p *asm.Program, pattern string) ([]gotab.Func, error) {
	fns, err := p.Find(pattern)
	p.File.Forget() // every name was looked at, and few matter from here on
	match, ok := errors.AsType[*asm.MatchError](err)
	if !ok {
		return fns, err
	}
	err = fmt.Errorf("%s: %w", p.File.Name(), match)
	if name, refs := p.Inlined(pattern, 3); match.Count == 0 && len(refs) > 0 {
		var where []string
		for _, r := range refs {
			file, line, _ := r.In.FileLine(gotab.PC(r.From))
			where = append(where, fmt.Sprintf("%s (%s)", r.In.Name(), position(file, line)))
		}
		return nil, cli.WithHints(err, name+" was inlined wherever it is called: into "+strings.Join(where, ", "))
	}
	switch {
	case match.Count > 0:
		return nil, cli.WithHints(err, "say more of the name, one of: "+strings.Join(match.Names, ", "),
			"or mean them all with a regular expression: -f '"+regexpOf(pattern)+"'")
	case len(match.Names) > 0:
		return nil, cli.WithHints(err, "did you mean: "+strings.Join(match.Names, ", "))
	}
	return nil, cli.WithHints(err, "moho funcs "+p.File.Name()+" lists what there is; functions that were inlined everywhere are not")
}

// regexpOf returns a regular expression for names that end like pattern.
func regexpOf(pattern string) string { return `[./]` + regexp.QuoteMeta(pattern) + `$` }
