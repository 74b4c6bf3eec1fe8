package fix

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
	"moho/vet/source"
)

// A candidate is a fix that could be carried out.
type candidate struct {
	finding evidence.Finding
	message string
	edits   []edit
}

// An edit is one of evidence's in a file that is known.
type edit struct {
	evidence.Edit
	name string // as positions have it
	path string
	text []byte // of the whole file
}

func (c candidate) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%s", c.finding.Fingerprint, c.message)
	for _, e := range c.edits {
		fmt.Fprintf(&b, "\x00%s\x00%s", e.name, e.New)
	}
	return b.String()
}

func (c candidate) dirs() []string {
	var list []string
	for _, e := range c.edits {
		list = append(list, filepath.Dir(e.path))
	}
	return list
}

// byPosition orders fixes by the file and the offset of their first edit.
func byPosition(a, b candidate) int {
	x, y := a.edits[0], b.edits[0]
	return cmp.Or(cmp.Compare(x.path, y.path), cmp.Compare(x.Start, y.Start),
		cmp.Compare(a.finding.Rule, b.finding.Rule), cmp.Compare(a.finding.Message, b.finding.Message))
}

// pick chooses the fixes of one round: the first of each finding, in order of
// position, unless one of its edits collides with an edit that was chosen
// before. Such a fix waits for the next round. Two that want the very same edit
// (an import, most often) share it.
func (r *run) pick(res vet.Result) []candidate {
	var all []candidate
	for _, f := range res.Findings {
		if c, why := r.candidate(f, res); why == "" {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, byPosition)
	var chosen []candidate
	taken := map[string][]edit{}
	for _, c := range all {
		if slices.ContainsFunc(c.edits, func(e edit) bool { return collides(taken[e.path], e) }) {
			continue
		}
		for _, e := range c.edits {
			taken[e.path] = append(taken[e.path], e)
		}
		chosen = append(chosen, c)
	}
	return chosen
}

func collides(list []edit, e edit) bool {
	return slices.ContainsFunc(list, func(o edit) bool {
		if o.Edit == e.Edit {
			return false
		}
		if o.Start == o.End || e.Start == e.End {
			return e.Start <= o.End && o.Start <= e.End
		}
		return e.Start < o.End && o.Start < e.End
	})
}

// candidate returns the first fix of a finding, or why it can't be carried out.
func (r *run) candidate(f evidence.Finding, res vet.Result) (candidate, string) {
	if len(f.Fixes) == 0 {
		return candidate{}, "no safe fix is known"
	}
	c := candidate{finding: f, message: f.Fixes[0].Message}
	for _, e := range f.Fixes[0].Edits {
		known, why := editOf(f.Place.Module, e, res.Sources)
		if why != "" {
			return candidate{}, why
		}
		c.edits = append(c.edits, known)
	}
	if len(c.edits) == 0 {
		return candidate{}, "its fix has no edits"
	}
	if why, ok := r.refused[c.key()]; ok {
		return candidate{}, why
	}
	return c, ""
}

func (r *run) why(f evidence.Finding, res vet.Result) string {
	if _, why := r.candidate(f, res); why != "" {
		return why
	}
	return fmt.Sprintf("not reached in %d rounds", MaxRounds)
}

// editOf finds the file of an edit. A reason comes back for files that are not
// the module's own text, or no longer what was analysed.
func editOf(module string, e evidence.Edit, tree *source.Tree) (edit, string) {
	f, ok := tree.Lookup(module, e.File)
	switch {
	case !ok:
		return edit{}, e.File + " is left alone: it is no file of the package"
	case f.Root == "":
		return edit{}, e.File + " is left alone: it lies outside the module"
	}
	real, inside := resolve(f)
	if !inside {
		return edit{}, e.File + " is left alone: it lies outside the module"
	}
	text, err := source.Read(f.Path, tree.Overlay)
	if err != nil || sha256.Sum256(text) != f.Digest {
		return edit{}, e.File + " is left alone: it was changed since it was analysed"
	}
	if why := untouchable(e.File, real, text); why != "" {
		return edit{}, e.File + " is left alone: " + why
	}
	if e.Start < 0 || e.End < e.Start || e.End > len(text) {
		return edit{}, fmt.Sprintf("%s is left alone: the fix is for bytes %d to %d of %d", e.File, e.Start, e.End, len(text))
	}
	return edit{Edit: e, name: e.File, path: f.Path, text: text}, ""
}

// resolve follows links; a file of the module may lead out of it.
func resolve(f source.File) (path string, inside bool) {
	path, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return "", false
	}
	root, err := filepath.EvalSymlinks(f.Root)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(root, path)
	return path, err == nil && filepath.IsLocal(rel)
}

// untouchable says why a file is nobody's to edit by program.
func untouchable(name, path string, text []byte) string {
	switch {
	case slices.Contains(strings.Split(name, "/"), "vendor"):
		return "it is vendored"
	case bytes.Contains(text, []byte("\r\n")):
		return "its lines end in CRLF"
	case generated(text):
		return "it is generated"
	}
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return err.Error()
	case fi.Mode().Perm()&0o200 == 0:
		return "it is read-only"
	}
	return ""
}

func generated(text []byte) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments|parser.PackageClauseOnly)
	return err == nil && ast.IsGenerated(f)
}

// names reports whether a compiler's message is about a file in one of dirs.
// Relative names are those of the go command, which ran in cwd.
func names(message, cwd string, dirs []string) bool {
	file, _, ok := strings.Cut(message, ".go:")
	if !ok {
		return false
	}
	file += ".go"
	if !filepath.IsAbs(file) {
		file = filepath.Join(cwd, file)
	}
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return slices.Contains(dirs, filepath.Dir(file))
}
