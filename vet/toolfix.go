package vet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"go/ast"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/edit"
)

// fix carries out the first fix of each finding, as go fix -fixtool and go vet
// -fix want it: changed files go into an archive, from which the go command
// takes them when the whole build is done, or are shown as a diff.
//
// Fixes that collide with an earlier one are left for the next run; so is any
// fix with which the package would not compile.
func (cfg *toolConfig) fix(r *served, out io.Writer, showDiff bool) error {
	before := map[string][]byte{}
	var fixes []map[string][]edit.Edit
	for _, d := range r.diagnostics {
		if len(d.SuggestedFixes) == 0 {
			continue
		}
		fix, err := r.edits(d.SuggestedFixes[0], before)
		if err != nil {
			return err
		}
		if fix != nil {
			fixes = append(fixes, fix)
		}
	}
	after := r.carryOut(fixes, before)
	names := slices.Sorted(maps.Keys(after))
	if showDiff {
		for _, name := range names {
			d := diff.Diff(name+" (old)", before[name], name+" (new)", after[name])
			// Its first line is a command of its own, which patch does not know.
			_, rest, _ := bytes.Cut(d, []byte("\n"))
			if _, err := out.Write(rest); err != nil {
				return err
			}
		}
		return nil
	}
	if cfg.FixArchive != "" {
		return archive(cfg.FixArchive, cfg.ID, names, after)
	}
	for _, name := range names {
		if err := os.WriteFile(name, after[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

func archive(name, comment string, names []string, files map[string][]byte) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.SetComment(comment); err != nil {
		return err
	}
	for _, n := range names {
		f, err := w.Create(n)
		if err != nil {
			return err
		}
		if _, err := f.Write(files[n]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o666)
}

// edits lists what a fix changes by file, and reads those files; nil when one
// of them is not for people to edit.
func (r *served) edits(fix analysis.SuggestedFix, texts map[string][]byte) (map[string][]edit.Edit, error) {
	out := map[string][]edit.Edit{}
	for _, e := range fix.TextEdits {
		tf := r.fset.File(e.Pos)
		if tf == nil || !r.u.owns(tf.Name()) || r.generated(tf.Name()) {
			return nil, nil
		}
		if texts[tf.Name()] == nil {
			b, err := os.ReadFile(tf.Name())
			if err != nil {
				return nil, err
			}
			if len(b) != tf.Size() {
				return nil, fmt.Errorf("%s was changed meanwhile", tf.Name())
			}
			texts[tf.Name()] = b
		}
		end := e.End
		if !end.IsValid() {
			end = e.Pos
		}
		out[tf.Name()] = append(out[tf.Name()], edit.Edit{Start: tf.Offset(e.Pos), End: tf.Offset(end), New: string(e.NewText)})
	}
	return out, nil
}

func (r *served) generated(name string) bool {
	for _, f := range r.u.pkg.Syntax {
		if r.fset.File(f.FileStart).Name() == name {
			return ast.IsGenerated(f)
		}
	}
	return false
}

// carryOut returns the new texts. Should the package not compile with all fixes,
// each is tried after the other.
func (r *served) carryOut(fixes []map[string][]edit.Edit, before map[string][]byte) map[string][]byte {
	var taken []map[string][]edit.Edit
	for _, fix := range fixes {
		if after := apply(append(taken[:len(taken):len(taken)], fix), before); after != nil {
			taken = append(taken, fix)
		}
	}
	if after := apply(taken, before); r.compiles(after) {
		return after
	}
	var good []map[string][]edit.Edit
	for _, fix := range taken {
		if next := append(good[:len(good):len(good)], fix); r.compiles(apply(next, before)) {
			good = next
		}
	}
	return apply(good, before)
}

// apply returns the texts that fixes change, nil if they collide.
func apply(fixes []map[string][]edit.Edit, before map[string][]byte) map[string][]byte {
	edits := map[string][]edit.Edit{}
	for _, fix := range fixes {
		for name, list := range fix {
			edits[name] = append(edits[name], list...)
		}
	}
	after := map[string][]byte{}
	for name, list := range edits {
		text, ok := edit.Apply(before[name], list)
		if !ok {
			return nil
		}
		after[name] = text
	}
	return after
}

// compiles type-checks the package with other texts. What a fix imports is not
// at hand here; its names are believed.
func (r *served) compiles(texts map[string][]byte) bool {
	p := *r.u.pkg
	p.Syntax, p.Types, p.TypesInfo = nil, nil, nil
	u := &unit{pkg: &p, imports: r.u.imports}
	l := *r.l
	l.overlay = texts
	l.types.units[u.pkg] = u
	if l.parse(u) != nil {
		return false
	}
	return !slices.ContainsFunc(l.typeCheck(u), func(err error) bool {
		return !strings.Contains(err.Error(), notListed)
	})
}
