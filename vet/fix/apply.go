package fix

import (
	"maps"
	"slices"

	textedit "moho/vet/internal/edit"
)

// overlay returns the text of all files with a batch carried out.
func (r *run) overlay(batch []candidate) map[string][]byte {
	byPath := map[string][]edit{}
	for _, c := range batch {
		for _, e := range c.edits {
			if !slices.ContainsFunc(byPath[e.path], func(o edit) bool { return o.Edit == e.Edit }) {
				byPath[e.path] = append(byPath[e.path], e)
			}
		}
	}
	out := maps.Clone(r.opts.Overlay)
	for path, edits := range byPath {
		out[path] = apply(edits[0].text, edits)
	}
	return out
}

// apply carries out edits that do not collide, which pick has seen to.
func apply(text []byte, edits []edit) []byte {
	var list []textedit.Edit
	for _, e := range edits {
		list = append(list, textedit.Edit{Start: e.Start, End: e.End, New: e.New})
	}
	out, ok := textedit.Apply(text, list)
	if !ok {
		return text
	}
	return out
}
