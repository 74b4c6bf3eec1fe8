package postmortem

import (
	"path"
	"slices"
	"strings"

	"moho/evidence"
	"moho/gostate"
)

// linker recognises the findings of a report in frames. A program has few
// distinct frames, however many goroutines it has, so each is matched once.
type linker struct {
	findings []evidence.Finding
	byFrame  map[frameKey][]match
}

type frameKey struct {
	fn, file string
	line     int
}

type match struct {
	finding int
	how     evidence.Match
}

// newLinker keeps the findings that can be in the executable: those of its own
// main package and of libraries, not those of other commands of the module.
func newLinker(c *Case) linker {
	l := linker{byFrame: map[frameKey][]match{}}
	if c.Report == nil {
		return l
	}
	for _, f := range c.Findings {
		if f.Place.Package == "main" && !sameDir(f.Place, c.Artifact.Package) {
			continue
		}
		if len(f.Targets) > 0 && !slices.Contains(f.Targets, c.Artifact.Target) {
			continue
		}
		l.findings = append(l.findings, f)
	}
	return l
}

// sameDir reports whether a place lies in the directory of the main package
// with the given import path.
func sameDir(p evidence.Place, mainPackage string) bool {
	dir := path.Dir(p.File)
	if dir == "." {
		return mainPackage == p.Module
	}
	return mainPackage == p.Module+"/"+dir
}

// matches returns the findings that fr is about, best match first.
func (l *linker) matches(fr *gostate.Frame) []match {
	if len(l.findings) == 0 {
		return nil
	}
	key := frameKey{fr.Func, fr.File, fr.Line}
	if ms, ok := l.byFrame[key]; ok {
		return ms
	}
	var ms []match
	ref := evidence.Frame{Func: fr.Func, File: fr.File, Line: fr.Line}
	for i, f := range l.findings {
		if how := f.Match(ref); how != evidence.NoMatch {
			ms = append(ms, match{i, how})
		}
	}
	slices.SortStableFunc(ms, func(a, b match) int { return b.how.Rank() - a.how.Rank() })
	l.byFrame[key] = ms
	return ms
}

// Links returns the findings that frame i of g is about, with their grades.
func (c *Case) Links(g *gostate.Goroutine, i int) []evidence.Link {
	ms := c.links.matches(&g.Frames[i])
	if len(ms) == 0 {
		return nil
	}
	return c.links.link(ms, c.grade(g, i))
}

func (c *Case) grade(g *gostate.Goroutine, i int) evidence.Grade {
	if c.faulting(g, i) {
		return evidence.FaultingFrame
	}
	return evidence.OnThisStack
}

// faulting reports whether frame i of g raised a signal or, where no
// instruction did, ended the process by calling panic or making a fatal error.
// When the instruction is the runtime's own (a memmove), its caller is not it.
func (c *Case) faulting(g *gostate.Goroutine, i int) bool {
	if g.Frames[i].Fault {
		return true
	}
	died := c.crash.Goroutine
	return died != nil && died.Addr == g.Addr && c.crash.FaultFrame == i &&
		!slices.ContainsFunc(died.Frames, func(fr gostate.Frame) bool { return fr.Fault })
}

// CreatorLinks returns the findings about the function that started g.
func (c *Case) CreatorLinks(g *gostate.Goroutine) []evidence.Link {
	if g.CreatedBy.Func == "" {
		return nil
	}
	fr := gostate.Frame{Func: g.CreatedBy.Func, File: g.CreatedBy.File, Line: g.CreatedBy.Line}
	return c.links.link(c.links.matches(&fr), evidence.CreatedThis)
}

func (l *linker) link(ms []match, grade evidence.Grade) []evidence.Link {
	var out []evidence.Link
	for _, m := range ms {
		out = append(out, l.findings[m.finding].Link(grade, m.how))
	}
	return out
}

// survey collects, over many goroutines, the best grade of every finding.
type survey struct {
	l    *linker
	best []evidence.Link // by finding; Grade "" where it was not met
}

func newSurvey(l *linker) *survey {
	return &survey{l: l, best: make([]evidence.Link, len(l.findings))}
}

func (s *survey) see(ms []match, grade evidence.Grade) {
	for _, m := range ms {
		b := &s.best[m.finding]
		if grade.Rank() > b.Grade.Rank() || grade == b.Grade && m.how.Rank() > b.Match.Rank() {
			*b = s.l.findings[m.finding].Link(grade, m.how)
		}
	}
}

// links returns every finding, the closest first. What was met on no stack is
// in this binary only if its package is linked.
func (s *survey) links(linked func(pkg string) bool) []evidence.Link {
	out := []evidence.Link{}
	for i, b := range s.best {
		if b.Grade == "" {
			if !linked(s.l.findings[i].Place.Package) {
				continue
			}
			b = s.l.findings[i].Link(evidence.InThisBinary, evidence.NoMatch)
		}
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b evidence.Link) int {
		if d := b.Grade.Rank() - a.Grade.Rank(); d != 0 {
			return d
		}
		return strings.Compare(a.Pos.String(), b.Pos.String())
	})
	return out
}
