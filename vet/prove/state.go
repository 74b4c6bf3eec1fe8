package prove

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
	"moho/vet/prove/internal/report"
)

// oracle is what [evidence.Proof] calls the patched runtime.
const oracle = "moho"

// A seen hit is one that came in two runs of a program.
type seen struct {
	hit    report.Hit
	prog   *program
	runs   int
	target string
}

// apply gives each finding the state that the runs have shown, and adds what was
// reported without a finding.
func (r *runner) apply(ctx context.Context) ([]evidence.Finding, error) {
	list := slices.Clone(r.opts.Findings)
	var fresh []seen
	for _, s := range r.hits {
		if r.trusted(&s.hit) || r.again(&s.hit) {
			continue
		}
		best, at := 0, -1
		for i := range list {
			m := r.matches(&list[i], &s.hit)
			if m > best {
				best, at = m, i
			}
			// Several rules may have found the same statement.
			if m >= sameStatement && list[i].Proof.State != evidence.Violated {
				list[i].Proof = r.proof(s)
			}
		}
		if at < 0 {
			fresh = append(fresh, s)
			continue
		}
		if list[at].Proof.State != evidence.Violated {
			list[at].Proof = r.proof(s)
		}
	}
	if err := r.measure(ctx, list); err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Proof.State != evidence.Violated {
			list[i].Proof = r.unproved(&list[i])
		}
	}
	byPlace, fromReports := map[string]bool{}, 0
	for _, s := range fresh {
		if s.target == narrow && s.hit.Rule == "cast-align" {
			continue // a program that is not built for it does no harm there
		}
		f, ok := r.finding(s)
		key := f.Rule + " " + f.Pos.String()
		// A hit may be the echo of another at the same statement: the pointer that
		// left its object is then also converted.
		if !ok || byPlace[key] || slices.ContainsFunc(list, func(g evidence.Finding) bool {
			return g.Proof.State == evidence.Violated && g.Pos.File == f.Pos.File && g.Pos.Line == f.Pos.Line && related(g.Rule, f.Rule)
		}) {
			continue
		}
		byPlace[key] = true
		list = append(list, f)
		fromReports++
	}
	var made []*evidence.Finding
	for i := len(list) - fromReports; i < len(list); i++ {
		made = append(made, &list[i])
	}
	r.identify(made)
	evidence.SortFindings(list)
	return list, nil
}

// trusted reports pointers that Go's own library makes: it knows the layouts that it
// relies on. What it does with pointers that it was given is the giver's.
func (r *runner) trusted(h *report.Hit) bool {
	inner := goFrames(h.At, 1)
	if !pointers[h.Rule] || len(inner) == 0 {
		return false
	}
	_, ok := below(filepath.Join(r.tool.root, "src"), inner[0].File)
	return ok
}

// related reports rules that one statement may break together, for one reason.
func related(a, b string) bool {
	return a == b || slices.Contains(kin[a], b) || slices.Contains(kin[b], a) || pointers[a] && pointers[b]
}

// pointers are the rules about how a pointer is made.
var pointers = map[string]bool{
	"add-past-object": true, "cast-arch": true, "cast-grow": true, "header-literal": true, "header-overgrow": true,
	"int-as-pointer": true, "noescape-lie": true, "ptr-in-noscan": true, "pun-uintptr-load": true,
	"uintptr-escapes-frame": true, "uintptr-roundtrip": true, "view-of-freed": true, "view-overrun": true,
}

// proof is that of a finding which a hit has shown to be real.
func (r *runner) proof(s seen) evidence.Proof {
	return evidence.Proof{
		State:  evidence.Violated,
		Oracle: oracle,
		Evidence: fmt.Sprintf("%s; seen in %d of %d runs of the %s of %s, %s %s",
			what(&s.hit), s.runs, s.runs, s.prog.kind(), s.prog.pkg.ImportPath, r.tool.version, s.target),
		Story: r.story(&s.hit),
	}
}

// finding makes one of a hit that matches none. A hit without a frame of Go, or
// one that Go's own library makes for itself, is none.
func (r *runner) finding(s seen) (evidence.Finding, bool) {
	own := r.breaking(&s.hit)
	if len(own) == 0 {
		return evidence.Finding{}, false
	}
	pos := r.plan.position(r.tool, own[0])
	rule := s.hit.Rule
	if rule == "c-uaf" && s.hit.Finalizer != 0 {
		rule = "keepalive"
	}
	if s.target == narrow && rule == "view-overrun" {
		rule = "cast-arch" // it would have been seen before if it were one everywhere
	}
	f := evidence.Finding{
		Rule:     rule,
		Severity: severity(rule),
		Message:  fmt.Sprintf("%s%s: seen while the %s of %s ran", what(&s.hit), within(own[0]), s.prog.kind(), s.prog.pkg.ImportPath),
		Pos:      pos,
		Place:    r.plan.place(r.tool, own[0]),
		Flow:     r.story(&s.hit),
		Fixes:    []evidence.Fix{},
		Targets:  []string{s.target},
		Proof:    r.proof(s),
	}
	r.addFile(&f, own[0])
	return f, true
}

func severity(rule string) evidence.Severity {
	if rule == "pun-uintptr-load" {
		return evidence.Medium // the object was still there
	}
	for _, r := range vet.Rules() {
		if r.Name == rule {
			return r.Severity
		}
	}
	switch rule {
	case "c-leak", "cast-align", "cast-arch", "int-as-pointer", "syscall-split":
		return evidence.Medium
	case "view-of-freed", "c-uaf", "c-double-free", "c-overrun", "c-overrun-go", "c-bad-free", "free-go-memory", "c-retains-go", "string-mutate", "munmap-use":
		return evidence.Critical
	}
	return evidence.High
}

// unproved says why a finding has no proof.
func (r *runner) unproved(f *evidence.Finding) evidence.Proof {
	p := evidence.Proof{Oracle: oracle}
	set := func(s evidence.ProofState, format string, args ...any) evidence.Proof {
		p.State, p.Evidence = s, fmt.Sprintf(format, args...)
		return p
	}
	if !judged[f.Rule] {
		return evidence.Proof{State: evidence.Untested, Evidence: "no run can show it"}
	}
	for _, m := range r.tool.overlay.Missing {
		if slices.Contains(m.Layer.Rules, f.Rule) {
			return set(evidence.ProofUnknown, "the layer %q is missing: %s", m.Layer.Name, m.Why)
		}
	}
	var linked, cut, skipped []string
	ran := false
	for _, prog := range r.plan.programs {
		if !r.links(prog, f) {
			continue
		}
		for _, name := range r.skips[prog] {
			skipped = append(skipped, prog.pkg.ImportPath+"."+name)
		}
		switch end := r.ends[prog]; end {
		case endNotBuilt:
			linked = append(linked, prog.pkg.ImportPath)
		case endOK, endFailed:
			ran = true
		case endInternal:
			return set(evidence.ProofUnknown, "the run of %s ended in code that moho adds", prog.pkg.ImportPath)
		case "":
		default:
			cut = append(cut, fmt.Sprintf("%s (%s)", prog.pkg.ImportPath, end))
		}
	}
	switch c := r.cover.state(f); {
	case !ran && len(cut) == 0 && len(linked) > 0:
		return set(evidence.Untested, "%s could not be built for proof", strings.Join(linked, ", "))
	case !ran && len(cut) == 0:
		return set(evidence.Untested, "no test and no command of these packages runs %s", importPath(f))
	case c == coverNo && len(skipped) > 0:
		return set(evidence.ProofUnknown, "what ran to its end does not come to this line; %s did not", strings.Join(skipped, ", "))
	case c == coverNo:
		return set(evidence.NotReached, "what ran does not come to this line")
	case c == coverUnknown && len(r.cover.failed) > 0:
		return set(evidence.ProofUnknown, "whether it was reached is not known: %s", strings.Join(r.cover.failed, "; "))
	case c == coverUnknown:
		return set(evidence.ProofUnknown, "whether it was reached is not known: no counter is on this line")
	case onNarrow[f.Rule] && !r.ranNarrow(f):
		return set(evidence.Untested, "the layouts differ on another target, and nothing that contains it ran on %s", narrow)
	case len(cut) > 0:
		return set(evidence.ProofUnknown, "the run of %s ended early", strings.Join(cut, ", "))
	}
	return set(evidence.ReachedClean, "this line ran, and nothing was seen")
}

// judged are the rules that the patched runtime can see broken.
var judged = map[string]bool{
	"add-past-object": true, "atomic-align": true, "c-double-free": true, "c-go-ptr-in-arg": true, "c-leak": true,
	"c-retains-go": true, "c-uaf": true, "cast-align": true, "cast-arch": true, "cast-grow": true, "free-go-memory": true,
	"export-returns-go-ptr": true, "go-ptr-as-cint": true, "handle-typestate": true, "header-literal": true, "header-overgrow": true, "int-as-pointer": true,
	"keepalive": true, "munmap-use": true, "no-nul": true, "noescape-lie": true, "ptr-in-noscan": true,
	"pun-uintptr-load": true, "string-mutate": true, "string-view-reuse": true, "syscall-split": true,
	"uintptr-escapes-frame": true, "uintptr-roundtrip": true, "view-overrun": true, "wrapper-uintptr": true,
}

// links reports whether a program contains the package of a finding.
func (r *runner) links(p *program, f *evidence.Finding) bool {
	if f.Place.Package == "main" {
		for _, s := range []string{f.Pos.File} {
			if name, _, _ := r.plan.locate(r.tool, p.pkg.Dir+"/"+base(s)); name == s {
				return true
			}
		}
		return false
	}
	path := importPath(f)
	return p.deps[path] || p.pkg.ImportPath == path
}

// importPath is the package of a finding as it is imported; an external test belongs
// to the package that it tests.
func importPath(f *evidence.Finding) string {
	path := strings.TrimSuffix(f.Place.Package, "_test")
	// The linker writes dots in the last element as %2e.
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

func base(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
