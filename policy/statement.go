package policy

import (
	"cmp"
	"slices"
	"strings"

	"moho/evidence"
	"moho/policy/target"
)

// Names of the settings by which a statement says how its artifacts were built.
const (
	SettingTags    = "tags"
	SettingLDFlags = "ldflags"

	// SettingVet is [Vetted] if the findings of the statement are all that vet
	// found, and [NotVetted] if nobody asked vet.
	SettingVet = "vet"
	Vetted     = "run"
	NotVetted  = "not run"
)

// LinkerFlags returns the value of -ldflags that the policy asks for.
func (p *Policy) LinkerFlags() string {
	var all []string
	if p.Flags.Strip {
		all = append(all, "-s", "-w")
	}
	for _, f := range p.Flags.LDFlags {
		all = append(all, splitX(f)...)
	}
	for i, f := range all {
		all[i] = quote(f)
	}
	return strings.Join(all, " ")
}

// splitX splits "-X name=value", which is two words for the linker.
func splitX(f string) []string {
	if rest, ok := strings.CutPrefix(f, "-X "); ok {
		return []string{"-X", rest}
	}
	return []string{f}
}

// quote makes one word for the go command, which knows both quotes and no
// escapes; check.go refuses words that hold both.
func quote(w string) string {
	switch {
	case strings.Contains(w, "'"):
		return `"` + w + `"`
	case strings.ContainsAny(w, " \t\n\r\""):
		return "'" + w + "'"
	}
	return w
}

// BuildTags returns the value of -tags that the policy asks for.
func (p *Policy) BuildTags() string {
	tags := slices.Clone(p.Flags.Tags)
	slices.Sort(tags)
	return strings.Join(slices.Compact(tags), ",")
}

// JudgeStatement checks what a report states about the building of the
// artifact for t: its flags and its instruction-set level, which the artifact
// itself does not show.
func (p *Policy) JudgeStatement(st evidence.Statement, t target.Target) []evidence.Check {
	return []evidence.Check{p.judgeFlags(st), p.judgeLevel(st, t)}
}

func (p *Policy) judgeFlags(st evidence.Statement) evidence.Check {
	for _, w := range []struct{ name, want string }{{SettingLDFlags, p.LinkerFlags()}, {SettingTags, p.BuildTags()}} {
		have, _ := setting(st, w.name, target.Target{})
		// Tags may also come from a flag; a policy that names none takes them.
		if w.name == SettingTags && w.want == "" {
			continue
		}
		if have.Value != w.want {
			return refuse(CheckFlags, "built with -%s=%q, the policy asks for %q", w.name, have.Value, w.want)
		}
	}
	return pass(CheckFlags, "tags and linker flags are those of the policy")
}

func (p *Policy) judgeLevel(st evidence.Statement, t target.Target) evidence.Check {
	name := target.LevelVar(t.GOARCH)
	pl, _ := p.platform(t)
	want := pl.CPU[t.GOARCH]
	have, ok := setting(st, name, t)
	switch {
	case name == "":
		return notChecked(CheckLevel, "%s has no levels", t.GOARCH)
	case !ok:
		return refuse(CheckLevel, "the report does not state %s", name)
	case target.CheckLevel(t.GOARCH, have.Value) != nil:
		return refuse(CheckLevel, "%v", target.CheckLevel(t.GOARCH, have.Value))
	case want == "":
		return pass(CheckLevel, "%s=%s (%s); the policy fixes none", name, cmp.Or(have.Value, `""`), have.Origin)
	case have.Value != want:
		return refuse(CheckLevel, "built with %s=%s, the policy fixes %s", name, have.Value, want)
	}
	return pass(CheckLevel, "%s=%s, as the policy fixes", name, have.Value)
}

// setting returns the setting for t, or the one for all targets.
func setting(st evidence.Statement, name string, t target.Target) (evidence.Setting, bool) {
	i := slices.IndexFunc(st.Config, func(s evidence.Setting) bool {
		return s.Name == name && (s.Target == "" || s.Target == t.String())
	})
	if i < 0 {
		return evidence.Setting{}, false
	}
	return st.Config[i], true
}
