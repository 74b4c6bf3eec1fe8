package lsp

import (
	"bytes"
	"strings"

	"moho/vet"
)

// hover explains the finding at a position with its rule's own text.
func (s *server) hover(p hoverParams) (*hover, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, fail(codeInvalidParams, "%v", err)
	}
	if s.shown[path] == nil {
		return nil, nil
	}
	for _, it := range s.shown[path].items {
		if !it.Range.overlaps(span{p.Position, p.Position}) {
			continue
		}
		for _, r := range vet.Rules() {
			if r.Name == it.Code {
				return &hover{markup{"markdown", "**" + r.Name + "**: " + r.Markdown()}, it.Range}, nil
			}
		}
	}
	return nil, nil
}

// codeAction offers the fixes of findings in a range, as long as the texts are
// those that the fixes were made for.
func (s *server) codeAction(p codeActionParams) ([]codeAction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, fail(codeInvalidParams, "%v", err)
	}
	list := []codeAction{}
	if s.shown[path] == nil || !wanted(p.Context.Only) {
		return list, nil
	}
	for _, it := range s.shown[path].items {
		if !it.Range.overlaps(p.Range) {
			continue
		}
		for i, c := range it.fixes {
			if !s.fits(c) {
				continue
			}
			a := codeAction{
				Title: c.title, Kind: "quickfix", Diagnostics: []diagnostic{it.diagnostic}, IsPreferred: i == 0,
				Edit: workspaceEdit{map[string][]textEdit{}},
			}
			for path, edits := range c.edits {
				a.Edit.Changes[s.uriOf(path)] = edits
			}
			list = append(list, a)
		}
	}
	return list, nil
}

// wanted reports whether quick fixes are among the kinds that a client asks for.
func wanted(only []string) bool {
	for _, kind := range only {
		if kind == "" || kind == "quickfix" || strings.HasPrefix("quickfix", kind+".") {
			return true
		}
	}
	return len(only) == 0
}

// fits reports whether the open documents among the files of a change still
// have the text that was analysed. Of others the editor opens what is on disk.
func (s *server) fits(c change) bool {
	for path, text := range c.texts {
		if d := s.docs[path]; d != nil && !bytes.Equal(d.text, text.Bytes) {
			return false
		}
	}
	return true
}
