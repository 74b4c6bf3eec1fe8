package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"moho/evidence"
	"moho/policy/target"
)

// IDs of the checks that this package makes. They are stable: scripts select by them.
const (
	CheckExpires     = "policy.expires"
	CheckTarget      = "target.allowed"
	CheckLevel       = "target.level"
	CheckFormat      = "binary.format"
	CheckArch        = "binary.arch"
	CheckMain        = "binary.main"
	CheckPIE         = "binary.pie"
	CheckLink        = "binary.link"
	CheckInterpreter = "binary.interpreter"
	CheckNeeded      = "binary.needed"
	CheckCGO         = "binary.cgo"
	CheckSize        = "binary.size"
	CheckPaths       = "binary.paths"
	CheckGo          = "toolchain.go"
	CheckFlags       = "build.flags"
	CheckFindings    = "vet.findings"
)

func pass(id, format string, args ...any) evidence.Check {
	return evidence.Check{ID: id, Verdict: evidence.Pass, Why: fmt.Sprintf(format, args...)}
}

func refuse(id, format string, args ...any) evidence.Check {
	return evidence.Check{ID: id, Verdict: evidence.Refuse, Why: fmt.Sprintf(format, args...)}
}

func notChecked(id, format string, args ...any) evidence.Check {
	return evidence.Check{ID: id, Verdict: evidence.NotChecked, Why: fmt.Sprintf(format, args...)}
}

// Verdict sums checks up: refuse if one refuses.
func Verdict(cs []evidence.Check) evidence.Verdict {
	if slices.ContainsFunc(cs, func(c evidence.Check) bool { return c.Verdict == evidence.Refuse }) {
		return evidence.Refuse
	}
	return evidence.Pass
}

// Expired checks that the policy still holds at now.
func (p *Policy) Expired(now time.Time) evidence.Check {
	switch end := p.Expires.AddDate(0, 0, 1); {
	case p.Expires.IsZero():
		return notChecked(CheckExpires, "policy %q does not expire", p.Name)
	case !now.Before(end):
		return refuse(CheckExpires, "policy %q expired on %s", p.Name, p.Expires.Format(time.DateOnly))
	}
	return pass(CheckExpires, "policy %q holds until %s", p.Name, p.Expires.Format(time.DateOnly))
}

// Judge checks one artifact, of which a has what was read off the file itself,
// against what the policy asks for its target. An artifact for a target that
// the policy does not have is refused, and nothing else is asked of it.
func (p *Policy) Judge(a evidence.Artifact) []evidence.Check {
	t, err := target.Parse(a.Target)
	if err != nil {
		return []evidence.Check{refuse(CheckTarget, "%v", err)}
	}
	i := slices.IndexFunc(p.Plan(), func(b Build) bool { return b.Target == t })
	if i < 0 {
		return []evidence.Check{refuse(CheckTarget, "policy %q has no target %s; it has %s", p.Name, t, p.targetList())}
	}
	b := p.Plan()[i]
	bin := a.Binary
	out := []evidence.Check{
		pass(CheckTarget, "%s is a target of policy %q", t, p.Name),
		judgeFormat(t, bin),
		judgeArch(t, bin),
		judgeMain(a),
	}
	out = append(out, judgePIE(b, bin), judgeLink(b, bin), judgeInterpreter(b, bin), judgeNeeded(b, bin))
	return append(out, p.judgeCGO(bin), p.judgeSize(a), p.judgeGo(bin))
}

func judgeFormat(t target.Target, bin evidence.BinaryInfo) evidence.Check {
	if bin.Format != t.Format() {
		return refuse(CheckFormat, "is %s, want %s for %s", cmp.Or(bin.Format, "no executable format"), t.Format(), t.GOOS)
	}
	if bin.OS != "" && bin.OS != t.GOOS {
		return refuse(CheckFormat, "is %s for %s, want it for %s", bin.Format, bin.OS, t.GOOS)
	}
	return pass(CheckFormat, "%s, as %s wants", bin.Format, t.GOOS)
}

func judgeArch(t target.Target, bin evidence.BinaryInfo) evidence.Check {
	if bin.Arch != t.GOARCH {
		return refuse(CheckArch, "header says %s, want %s", cmp.Or(bin.Arch, "nothing"), t.GOARCH)
	}
	return pass(CheckArch, "header says %s", bin.Arch)
}

// judgeMain refuses what the go command also writes with exit status 0 when it
// is asked to: an archive, a shared object, something of another package.
func judgeMain(a evidence.Artifact) evidence.Check {
	switch m := a.Binary.MainPackage; {
	case a.Binary.BuildMode != "exe" && a.Binary.BuildMode != "pie":
		return refuse(CheckMain, "is no executable: the file shows build mode %q", a.Binary.BuildMode)
	case m == "":
		return notChecked(CheckMain, "the file has no build info that names its main package")
	case a.Package != "" && m != a.Package:
		return refuse(CheckMain, "main package is %s, want %s", m, a.Package)
	default:
		return pass(CheckMain, "executable, main package %s", m)
	}
}

func judgePIE(b Build, bin evidence.BinaryInfo) evidence.Check {
	if b.Target.Format() == "wasm" {
		return notChecked(CheckPIE, "wasm has no position to depend on")
	}
	want := cmp.Or(b.BuildMode, b.Target.BuildMode())
	if bin.BuildMode == want {
		return pass(CheckPIE, "build mode is %s", bin.BuildMode)
	}
	if want == "exe" && bin.BuildMode == "pie" && b.Target.OnlyPIE() {
		return pass(CheckPIE, "asked exe, but the linker makes nothing but pie for %s", b.Target)
	}
	why := fmt.Sprintf("asked %s, the file is %s", want, bin.BuildMode)
	if want == "pie" && bin.BuildMode == "exe" && bin.Link == "static" {
		why += " (-extldflags=-static overrides -buildmode=pie; -static-pie does not)"
	}
	return refuse(CheckPIE, "%s", why)
}

func judgeLink(b Build, bin evidence.BinaryInfo) evidence.Check {
	switch {
	case bin.Link == "":
		return notChecked(CheckLink, "how a %s file is linked is not read", bin.Format)
	case b.Link == "any" || b.Link == "":
		return pass(CheckLink, "%s; the policy takes either", bin.Link)
	case b.Link != bin.Link:
		return refuse(CheckLink, "asked %s, the file is %s%s", b.Link, bin.Link, why(bin))
	}
	return pass(CheckLink, "%s", bin.Link)
}

// why says what makes a file dynamic.
func why(bin evidence.BinaryInfo) string {
	switch {
	case bin.Interpreter != "" && len(bin.Needed) == 0:
		return fmt.Sprintf(": it needs the interpreter %s, though no library", bin.Interpreter)
	case bin.Interpreter != "":
		return fmt.Sprintf(": it needs the interpreter %s and %s", bin.Interpreter, strings.Join(bin.Needed, ", "))
	case len(bin.Needed) > 0:
		return ": it needs " + strings.Join(bin.Needed, ", ")
	}
	return ""
}

func judgeInterpreter(b Build, bin evidence.BinaryInfo) evidence.Check {
	switch {
	case bin.Format != "elf":
		return notChecked(CheckInterpreter, "not judged for %s files", bin.Format)
	case bin.Interpreter == "":
		return pass(CheckInterpreter, "none")
	case len(b.Interpreters) > 0 && !slices.Contains(b.Interpreters, bin.Interpreter):
		return refuse(CheckInterpreter, "is %s, allowed are %s", bin.Interpreter, strings.Join(b.Interpreters, ", "))
	case len(b.Interpreters) > 0:
		return pass(CheckInterpreter, "%s is allowed", bin.Interpreter)
	case b.Link == "static":
		return refuse(CheckInterpreter, "is %s, a static file has none", bin.Interpreter)
	case len(bin.Needed) == 0:
		return pass(CheckInterpreter, "%s, without any library: it will not start where that is missing", bin.Interpreter)
	}
	return pass(CheckInterpreter, "%s; the policy takes any", bin.Interpreter)
}

func judgeNeeded(b Build, bin evidence.BinaryInfo) evidence.Check {
	switch {
	case bin.Format != "elf":
		return notChecked(CheckNeeded, "not judged for %s files", bin.Format)
	case len(bin.Needed) == 0:
		return pass(CheckNeeded, "none")
	case len(b.Needed) == 0 && b.Link == "static":
		return refuse(CheckNeeded, "needs %s, a static file needs none", strings.Join(bin.Needed, ", "))
	case len(b.Needed) == 0:
		return pass(CheckNeeded, "%s; the policy takes any", strings.Join(bin.Needed, ", "))
	}
	for _, n := range bin.Needed {
		if !slices.Contains(b.Needed, n) {
			return refuse(CheckNeeded, "needs %s, allowed are %s", n, strings.Join(b.Needed, ", "))
		}
	}
	return pass(CheckNeeded, "%s: all allowed", strings.Join(bin.Needed, ", "))
}

func (p *Policy) judgeCGO(bin evidence.BinaryInfo) evidence.Check {
	switch {
	case bin.CGO == "":
		return notChecked(CheckCGO, "the file has no build info that records CGO_ENABLED")
	case bin.CGO == "1" && !p.CGO:
		return refuse(CheckCGO, "built with CGO_ENABLED=1, the policy has cgo: false")
	case bin.CGO == "0" && p.CGO:
		return refuse(CheckCGO, "built with CGO_ENABLED=0, the policy has cgo: true")
	}
	return pass(CheckCGO, "CGO_ENABLED=%s, as the policy says", bin.CGO)
}

func (p *Policy) judgeSize(a evidence.Artifact) evidence.Check {
	switch limit := p.Binary.MaxSize; {
	case a.Size == 0:
		return refuse(CheckSize, "the file is empty")
	case limit == 0:
		return notChecked(CheckSize, "%d bytes; the policy has no limit", a.Size)
	case a.Size > int64(limit):
		return refuse(CheckSize, "%d bytes, at most %s are allowed", a.Size, limit)
	default:
		return pass(CheckSize, "%d bytes, at most %s are allowed", a.Size, limit)
	}
}

func (p *Policy) judgeGo(bin evidence.BinaryInfo) evidence.Check {
	// Experiments follow the version after a blank.
	have, _, _ := strings.Cut(bin.Go, " ")
	switch want := p.Toolchain.Go; {
	case have == "" && bin.Format == "wasm":
		return notChecked(CheckGo, "wasm modules carry no build info")
	case have == "":
		return refuse(CheckGo, "the file does not say which Go built it")
	case want == "":
		return pass(CheckGo, "%s; the policy pins none", have)
	case have != want:
		return refuse(CheckGo, "built by %s, the policy pins %s", have, want)
	}
	return pass(CheckGo, "%s, as the policy pins", have)
}

// JudgeVet checks what vet found in the source against what the policy refuses.
// All statements about an artifact count: one that says nothing of findings
// does not undo another that does. Where the policy refuses anything, an
// artifact whose source nobody vetted is refused too.
func (p *Policy) JudgeVet(sts ...evidence.Statement) evidence.Check {
	vetted := false
	var fs, bad []evidence.Finding
	for _, st := range sts {
		s, _ := setting(st, SettingVet, target.Target{})
		vetted = vetted || s.Value == Vetted
		fs = append(fs, st.Findings...)
	}
	evidence.SortFindings(fs)
	fs = slices.CompactFunc(fs, func(a, b evidence.Finding) bool {
		return a.Pos == b.Pos && a.Rule == b.Rule && a.Message == b.Message
	})
	refused := strings.Join(p.Vet.Refuse, " or ")
	for _, f := range fs {
		if slices.Contains(p.Vet.Refuse, string(f.Severity)) {
			bad = append(bad, f)
		}
	}
	switch {
	case len(p.Vet.Refuse) == 0 && !vetted:
		return notChecked(CheckFindings, "the source was not vetted; the policy does not ask for it")
	case len(p.Vet.Refuse) == 0:
		return pass(CheckFindings, "%s; the policy refuses none", count(len(fs), "finding"))
	case len(bad) > 0:
		slices.SortStableFunc(bad, func(a, b evidence.Finding) int { return b.Severity.Rank() - a.Severity.Rank() })
		c := refuse(CheckFindings, "%s that the policy refuses, first %s (%s) at %s", count(len(bad), "finding"), bad[0].Rule, bad[0].Severity, bad[0].Pos)
		c.Evidence = bad[0].Message
		return c
	case !vetted:
		return refuse(CheckFindings, "the source was not vetted, and the policy refuses findings that are %s", refused)
	}
	return pass(CheckFindings, "%s, none of them %s", count(len(fs), "finding"), refused)
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprint(n, " ", what, "s")
}
