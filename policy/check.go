package policy

import (
	"fmt"
	"go/version"
	"regexp"
	"slices"
	"strings"

	"moho/policy/target"
)

// check refuses values that have the right type and make no sense.
func (d *decoder) check(p *Policy) {
	if p.APIVersion != APIVersion {
		d.failAt("apiVersion", "apiVersion is %q, want %q", p.APIVersion, APIVersion)
	}
	if g := p.Toolchain.Go; g != "" && !exactGo(g) {
		d.failAt("toolchain.go", "%q is not an exact toolchain such as go1.26.8", g)
	}
	for i, t := range p.Flags.Tags {
		if !tagOK.MatchString(t) {
			d.failAt(fmt.Sprintf("flags.tags[%d]", i), "%q is not a build tag", t)
		}
	}
	for i, f := range p.Flags.LDFlags {
		if err := checkLDFlag(f, p.CGO); err != nil {
			d.failAt(fmt.Sprintf("flags.ldflags[%d]", i), "%v", err)
		}
	}
	if len(p.Targets) == 0 {
		d.failAt("targets", "no targets: nothing to build")
	}
	first := map[target.Target]string{}
	for i, t := range p.Targets {
		d.checkPlatform(t, fmt.Sprintf("targets[%d]", i), first)
	}
}

func (d *decoder) checkPlatform(t Platform, path string, first map[target.Target]string) {
	if !slices.Contains(target.Systems(), t.GOOS) {
		d.failAt(path+".goos", "%v", target.Target{GOOS: t.GOOS}.Check())
		return
	}
	if len(t.GOARCH) == 0 {
		d.failAt(path+".goarch", "no architectures: nothing to build")
	}
	for i, a := range t.GOARCH {
		here := fmt.Sprintf("%s.goarch[%d]", path, i)
		tg := target.Target{GOOS: t.GOOS, GOARCH: a}
		if err := tg.Check(); err != nil {
			d.failAt(here, "%v", err)
		} else if was, dup := first[tg]; dup {
			d.failAt(here, "target %s again; it is already in %s", tg, was)
		}
		first[tg] = path
	}
	for a, level := range t.CPU {
		here := path + ".cpu." + a
		if !slices.Contains(t.GOARCH, a) {
			d.failAt(here, "cpu level for %q, which is not among goarch%s", a, target.Suggest(a, t.GOARCH))
		} else if err := target.CheckLevel(a, level); err != nil {
			d.failAt(here, "%v", err)
		}
	}
	// A wish that nobody can look after would be passed over in silence.
	if format := (target.Target{GOOS: t.GOOS}).Format(); format != "elf" {
		for _, k := range []struct {
			name  string
			asked bool
		}{{"link", t.Link == "static" || t.Link == "dynamic"}, {"interpreters", len(t.Interpreters) > 0}, {"needed", len(t.Needed) > 0}} {
			if k.asked {
				d.failAt(path+"."+k.name, "%s is not judged for %s: only how ELF files are linked is, not %s", k.name, t.GOOS, format)
			}
		}
	}
	if t.Link == "static" && len(t.Interpreters)+len(t.Needed) > 0 {
		d.failAt(path+".link", "link: static contradicts interpreters and needed: a static file has neither")
	}
}

var (
	tagOK = regexp.MustCompile(`^[\pL_][\pL\pN_.]*$`)
	xName = regexp.MustCompile(`^-X[ =][^\s=]+=`)
)

// exactGo reports whether s names one release, as GOTOOLCHAIN wants it.
func exactGo(s string) bool {
	if !version.IsValid(s) || strings.ContainsAny(s, "-+ ") {
		return false
	}
	// go1.26 is a language; since 1.21 its first release is go1.26.0.
	return s != version.Lang(s) || version.Compare(s, "go1.21") < 0
}

// checkLDFlag accepts the linker flags a policy may give, one at a time.
func checkLDFlag(f string, cgo bool) error {
	if strings.Contains(f, "'") && strings.Contains(f, `"`) {
		return fmt.Errorf("linker flag %q has both kinds of quotes, which the go command can't be told", f)
	}
	name, value, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
	switch {
	case xName.MatchString(f):
		return nil
	case name == "s" || name == "w":
		return fmt.Errorf("linker flag %s: say strip: true", f)
	case name == "linkmode" && (value == "internal" || value == "external"):
		if value == "external" && !cgo {
			return fmt.Errorf("linker flag %s needs cgo: true", f)
		}
		return nil
	case name == "extldflags":
		if !cgo {
			return fmt.Errorf("linker flag %s does nothing without cgo: true", f)
		}
		return nil
	case name == "buildid" || name == "B":
		return fmt.Errorf("linker flag %s: the Build ID is how a core finds its report", f)
	}
	return fmt.Errorf("linker flag %q is not allowed; allowed are -X name=value, -linkmode=internal|external and -extldflags=…", f)
}
