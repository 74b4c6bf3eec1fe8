package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// rewriteModule gives the module at root another path: in go.mod and tools.mod,
// in every import, and where comments, documents and scripts name a package.
// The names of JSON kinds ("moho/report/v1") are a contract and stay. Doing it
// again with the same path changes nothing.
func rewriteModule(root, to string) error {
	// A bare path such as moho is what the tree starts with; CheckImportPath
	// accepts it, CheckPath would ask for a dot.
	if err := module.CheckImportPath(to); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	from := modfile.ModulePath(data)
	if from == "" {
		return fmt.Errorf("go.mod names no module")
	}
	if from == to {
		return nil
	}
	rooms, err := topLevel(root)
	if err != nil {
		return err
	}
	r := &rewriter{from: from, to: to, mention: mention(from, rooms)}
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(left, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		return r.file(name)
	})
}

// topLevel returns the names of the directories in root that hold packages.
func topLevel(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "docs" && e.Name() != "dist" {
			names = append(names, regexp.QuoteMeta(e.Name()))
		}
	}
	return names, nil
}

// mention matches the path of a package of ours in running text. What follows
// the room is part of the match, so that a JSON kind can be told apart.
func mention(from string, rooms []string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^\w./@-])` + regexp.QuoteMeta(from) + `/((?:` + strings.Join(rooms, "|") + `)\b(?:/v\d+\b)?)`)
}

type rewriter struct {
	from, to string
	mention  *regexp.Regexp
}

func (r *rewriter) file(name string) error {
	var edit func([]byte) ([]byte, error)
	switch base := filepath.Base(name); {
	case base == "go.mod", base == "tools.mod", base == "peers.mod":
		edit = r.mod
	case path.Ext(base) == ".go":
		edit = r.source
	case slices.Contains([]string{".md", ".txt", ".txtar", ".yaml", ".yml", ".json"}, path.Ext(base)):
		edit = func(data []byte) ([]byte, error) { return r.text(data), nil }
	default:
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	now, err := edit(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if bytes.Equal(now, data) {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, now, info.Mode().Perm())
}

// mod rewrites the module line; a nested module with a name of its own, and
// what it requires, stays unless it is ours. Where it names the whole of ours, no
// room follows.
func (r *rewriter) mod(data []byte) ([]byte, error) {
	if modfile.ModulePath(data) != r.from {
		whole := regexp.MustCompile(`(?m)^(\s*|require |replace )` + regexp.QuoteMeta(r.from) + `( v| =>)`)
		return whole.ReplaceAll(r.text(data), []byte("${1}"+r.to+"${2}")), nil
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, err
	}
	if err := f.AddModuleStmt(r.to); err != nil {
		return nil, err
	}
	return f.Format()
}

// source rewrites the imports and the comments of a Go file and leaves string
// literals alone: house tests see to it that none of them names a package.
func (r *rewriter) source(data []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return data, nil // a fixture that is not meant to parse
	}
	type edit struct {
		start, end int
		text       []byte
	}
	var edits []edit
	for _, imp := range file.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return nil, err
		}
		rest, ok := strings.CutPrefix(p, r.from)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		edits = append(edits, edit{
			fset.Position(imp.Path.Pos()).Offset, fset.Position(imp.Path.End()).Offset,
			[]byte(strconv.Quote(r.to + rest)),
		})
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			start := fset.Position(comment.Pos()).Offset
			end := min(start+len(comment.Text), len(data))
			if now := r.text(data[start:end]); !bytes.Equal(now, data[start:end]) {
				edits = append(edits, edit{start, end, now})
			}
		}
	}
	if len(edits) == 0 {
		return data, nil
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.start - a.start })
	out := slices.Clone(data)
	for _, e := range edits {
		out = slices.Replace(out, e.start, e.end, e.text...)
	}
	return format.Source(out) // the new path sorts elsewhere among the imports
}

// text rewrites what names a package of ours, except a JSON kind.
func (r *rewriter) text(data []byte) []byte {
	return r.mention.ReplaceAllFunc(data, func(m []byte) []byte {
		parts := r.mention.FindSubmatch(m)
		if regexp.MustCompile(`/v\d+$`).Match(parts[2]) {
			return m
		}
		return slices.Concat(parts[1], []byte(r.to+"/"), parts[2])
	})
}
