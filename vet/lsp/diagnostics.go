package lsp

import (
	"cmp"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"moho/evidence"
	"moho/vet"
	"moho/vet/source"
)

// A file is what the client shows of one.
type file struct {
	items   []item
	version *int
}

// An item is a diagnostic with what can be done about it, for the text it was
// made from.
type item struct {
	diagnostic
	fixes []change
}

// A change is a fix: edits by path, and the texts that they fit.
type change struct {
	title string
	edits map[string][]textEdit
	texts map[string]*source.Text
}

// publish tells the client what is new, file by file. Where the code does not
// compile at the moment nothing was analysed, and what was known stays.
func (s *server) publish(j job, found outcome) {
	s.mu.Lock()
	files := map[string]*file{}
	for _, res := range found.results {
		for _, f := range res.Findings {
			path, it, ok := s.item(f, res)
			if !ok {
				continue
			}
			if files[path] == nil {
				files[path] = &file{}
			}
			files[path].items = append(files[path].items, it)
		}
	}
	for path, old := range s.shown {
		if files[path] == nil && found.broken[filepath.Dir(path)] {
			files[path] = old
		}
	}
	var out []publishParams
	for _, path := range slices.Sorted(maps.Keys(union(files, s.shown))) {
		now := files[path]
		if now == nil {
			now = &file{}
		}
		if v, open := j.versions[path]; open {
			now.version = &v
		}
		if old := s.shown[path]; old != nil && reflect.DeepEqual(old.diagnostics(), now.diagnostics()) && reflect.DeepEqual(old.version, now.version) {
			continue
		}
		out = append(out, publishParams{s.uriOf(path), now.version, now.diagnostics()})
	}
	s.shown = files
	s.mu.Unlock()
	for _, p := range out {
		if s.notify("textDocument/publishDiagnostics", p) != nil {
			return // the client is gone, which others notice
		}
	}
	for _, e := range found.errors {
		if s.notify("window/logMessage", messageParams{2, "moho vet: " + e}) != nil {
			return
		}
	}
}

func union(a, b map[string]*file) map[string]*file {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

func (f *file) diagnostics() []diagnostic {
	list := []diagnostic{}
	for _, it := range f.items {
		list = append(list, it.diagnostic)
	}
	return list
}

// item translates a finding; ok is false if its file can't be had.
func (s *server) item(f evidence.Finding, res vet.Result) (path string, it item, ok bool) {
	src, ok := res.Sources.Lookup(f.Place.Module, f.Pos.File)
	if !ok {
		return "", item{}, false
	}
	it.diagnostic = diagnostic{
		Range:    s.rangeOf(f, f.Pos, res),
		Severity: severity(f.Severity),
		Code:     f.Rule,
		Source:   "moho",
		Message:  f.Message,
		Data:     &data{f.Fingerprint},
	}
	for _, step := range f.Flow {
		if at, ok := res.Sources.Lookup(f.Place.Module, step.Pos.File); ok {
			it.RelatedInformation = append(it.RelatedInformation, related{
				location{s.uriOf(at.Path), s.rangeOf(f, step.Pos, res)}, step.Text,
			})
		}
	}
	for _, x := range f.Fixes {
		if c, ok := s.translate(f, x, res); ok {
			it.fixes = append(it.fixes, c)
		}
	}
	return src.Path, it, true
}

// severity keeps errors for what corrupts memory.
func severity(s evidence.Severity) int {
	switch {
	case s.Rank() >= evidence.High.Rank():
		return 1
	case s == evidence.Medium:
		return 2
	}
	return 3
}

// rangeOf is from a position to the end of its statement, on one line.
func (s *server) rangeOf(f evidence.Finding, pos evidence.Position, res vet.Result) span {
	line, col := max(pos.Line, 1), max(pos.Col, 1)
	text := res.Sources.Text(f.Place.Module, pos.File)
	if text == nil {
		at := position{line - 1, col - 1}
		return span{at, at}
	}
	to := len(text.Line(line)) + 1
	if _, end, ok := text.Statement(line, col); ok {
		if l, c := text.Position(end); l == line {
			to = c
		}
	}
	return span{s.position(text, line, col), s.position(text, line, max(to, col))}
}

// position translates a line and a byte column.
func (s *server) position(text *source.Text, line, col int) position {
	if !s.utf8 {
		col = text.UTF16(line, col)
	}
	return position{line - 1, cmp.Or(col, 1) - 1}
}

// translate makes edits of a fix; ok is false if a file can't be had.
func (s *server) translate(f evidence.Finding, x evidence.Fix, res vet.Result) (change, bool) {
	c := change{title: x.Message, edits: map[string][]textEdit{}, texts: map[string]*source.Text{}}
	for _, e := range x.Edits {
		src, ok := res.Sources.Lookup(f.Place.Module, e.File)
		text := res.Sources.Text(f.Place.Module, e.File)
		if !ok || src.Root == "" || text == nil || e.Start < 0 || e.End < e.Start || e.End > len(text.Bytes) {
			return change{}, false
		}
		at := func(off int) position {
			line, col := text.Position(off)
			return s.position(text, line, col)
		}
		c.edits[src.Path] = append(c.edits[src.Path], textEdit{span{at(e.Start), at(e.End)}, e.New})
		c.texts[src.Path] = text
	}
	return c, len(c.edits) > 0
}
