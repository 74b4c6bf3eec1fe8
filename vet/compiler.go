package vet

import (
	"bytes"
	"cmp"
	"context"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet/internal/escape"
)

// maxCompiled bounds how many packages are compiled for the sake of evidence.
const maxCompiled = 32

// asked lists the rules to whose findings it matters where a variable lies.
var asked = []string{"pun-uintptr-load", "syscall-split", "uintptr-escapes-frame", "uintptr-roundtrip"}

// AskCompiler adds to findings about the address of a local variable what the
// compiler decided about it: a step of the flow, at the variable. It compiles
// the packages of such findings with escape analysis told, those of the main
// module only. Where that is not possible nothing is added; which findings there
// are never changes.
func AskCompiler(ctx context.Context, opts Options, findings []evidence.Finding) []evidence.Finding {
	root := moduleRoot(ctx, opts)
	if root == "" {
		return findings
	}
	out := slices.Clone(findings)
	known := map[string][]escape.Decision{}
	for i, f := range out {
		name, ok := variableOf(f)
		if !ok {
			continue
		}
		dir := path.Dir(f.Flow[0].Pos.File)
		list, done := known[dir]
		if !done {
			if len(known) == maxCompiled {
				continue
			}
			// An error leaves the list empty: the package does not build, or is none.
			list, _ = escape.Compile(ctx, escape.Options{
				Dir: root, Package: "./" + dir, Env: environ(opts, target{}), BuildFlags: buildFlags(opts),
			})
			known[dir] = list
		}
		if len(list) == 0 {
			continue
		}
		step := evidence.Step{Pos: f.Flow[0].Pos, Text: verdict(list, filepath.Join(root, filepath.FromSlash(f.Flow[0].Pos.File)), f.Flow[0].Pos, name)}
		out[i].Flow = slices.Insert(slices.Clone(f.Flow), 1, step)
	}
	return out
}

// variableOf returns the local variable that a finding's flow starts at.
func variableOf(f evidence.Finding) (name string, ok bool) {
	if !slices.Contains(asked, f.Rule) || len(f.Flow) == 0 || strings.Contains(f.Flow[0].Pos.File, "@") ||
		strings.HasSuffix(f.Flow[0].Pos.File, "_test.go") {
		return "", false
	}
	name, ok = strings.CutPrefix(f.Flow[0].Text, "variable ")
	name, _, _ = strings.Cut(name, " ")
	return name, ok
}

func verdict(list []escape.Decision, file string, pos evidence.Position, name string) string {
	for _, d := range list {
		if d.Kind == escape.Moved && d.Name == name && d.Pos == (escape.Position{File: file, Line: pos.Line, Col: pos.Col}) {
			return "the compiler says: moved to heap: " + name
		}
	}
	return "the compiler does not move " + name + " to the heap: it lies on the stack"
}

func buildFlags(opts Options) []string {
	flags := slices.Clone(opts.BuildFlags)
	if len(opts.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(opts.Tags, ","))
	}
	return flags
}

// moduleRoot is the directory of the main module, "" without one.
func moduleRoot(ctx context.Context, opts Options) string {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	cmd.Dir, cmd.Env = cmp.Or(opts.Dir, "."), environ(opts, target{})
	var out bytes.Buffer
	cmd.Stdout = &out
	if cmd.Run() != nil {
		return ""
	}
	root, _, _ := strings.Cut(out.String(), "\n")
	return root
}
