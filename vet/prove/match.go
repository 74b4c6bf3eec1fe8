package prove

import (
	"slices"

	"moho/evidence"
	"moho/vet/prove/internal/report"
)

// kin says which reports show that a finding of a rule is real, besides those of
// the rule itself: the runtime sees what happens, vet names why.
var kin = map[string][]string{
	"uintptr-roundtrip":     {"view-of-freed", "int-as-pointer"},
	"uintptr-escapes-frame": {"uintptr-roundtrip", "view-of-freed"},
	"pun-uintptr-load":      {"uintptr-roundtrip", "view-of-freed"},
	"wrapper-uintptr":       {"uintptr-roundtrip", "syscall-split", "go-ptr-as-cint"},
	"noescape-lie":          {"uintptr-roundtrip", "view-of-freed"},
	"int-as-pointer":        {"uintptr-roundtrip"},
	"add-past-object":       {"view-overrun", "view-of-freed"},
	"view-overrun":          {"add-past-object", "view-of-freed"},
	"cast-grow":             {"view-overrun", "view-of-freed"},
	"cast-arch":             {"view-overrun"},
	"private-layout":        {"view-overrun"},
	"header-overgrow":       {"view-overrun"},
	"header-literal":        {"uintptr-roundtrip", "view-of-freed", "header-overgrow", "ptr-in-noscan"},
	"syscall-split":         {"uintptr-roundtrip", "go-ptr-as-cint"},
	"go-ptr-as-cint":        {"syscall-split", "uintptr-roundtrip"},
	"atomic-align":          {"cast-align"},
	"ptr-in-noscan":         {"go-ptr-in-c"},
	"c-go-ptr-in-arg":       {"go-ptr-in-c"},
	"c-uaf":                 {"c-overrun"},
	"keepalive":             {"c-uaf", "c-double-free"},
	"munmap-use":            {"fault"},
	"export-returns-go-ptr": {"c-go-ptr-in-arg"},
	"c-retains-go":          {"go-ptr-in-c"},
	"no-nul":                {"c-overrun-go", "c-overrun"},
	"free-go-memory":        {"c-bad-free"},
	"string-view-reuse":     {"string-mutate"},
}

// near is how many of a stack's innermost frames may lie on a finding's way. A
// caller far out is on the way of everything.
const near = 4

// sameStatement is what [runner.matches] says at least when the finding's own
// statement is in the stack of a hit, or in its history.
const sameStatement = 16

// matches reports how well a hit fits a finding: 0 not at all; most for the line
// of the finding itself, where the rule was broken.
func (r *runner) matches(f *evidence.Finding, h *report.Hit) int {
	if f.Rule != h.Rule && !slices.Contains(kin[f.Rule], h.Rule) {
		return 0
	}
	best := 0
	stacks := append(h.History(), report.Stack{Frames: h.At})
	for i, s := range stacks {
		last := i == len(stacks)-1
		for k, fr := range goFrames(s.Frames, near) {
			score := onWay(f, r.plan.position(r.tool, fr))
			if score == 0 {
				continue
			}
			score *= 8
			if last {
				score += 4
			}
			if k == 0 {
				score += 2
			}
			best = max(best, score)
		}
	}
	if best > 0 && f.Rule == h.Rule {
		best++
	}
	return best
}

func goFrames(frames []report.Frame, n int) []report.Frame {
	var list []report.Frame
	for _, f := range frames {
		if f.Fn == "" {
			continue
		}
		if len(list) == n {
			break
		}
		list = append(list, f)
	}
	return list
}

// onWay is 2 for the statement of a finding, 1 for a step of its flow or a line
// of its window, 0 for another place.
func onWay(f *evidence.Finding, p evidence.Position) int {
	in := func(file string, from, to int) bool { return file == p.File && from <= p.Line && p.Line <= to }
	if in(f.Pos.File, min(f.Pos.Line, max(f.Place.Line, 1)), max(f.Pos.Line, f.Place.EndLine)) {
		return 2
	}
	for _, s := range f.Flow {
		if in(s.Pos.File, s.Pos.Line, s.Pos.Line) {
			return 1
		}
	}
	if w := f.Window; w != nil && in(w.From.File, w.From.Line, w.To.Line) {
		return 1
	}
	return 0
}
