package goenv

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"moho/evidence"
	"moho/policy/target"
)

// passed are the variables that a build needs and that do not change what it
// makes: where modules come from, how they are checked, where caches lie. They
// go on with their effective values, whatever layer they come from.
var passed = []string{"GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH", "GOVCS", "GOMODCACHE", "GOCACHE", "GOPATH"}

// inherited are the variables of the system that processes need.
var inherited = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NETRC",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_TERMINAL_PROMPT",
	"SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
}

// inheritedMaybe are the same under names that Windows spells in mixed case.
func isInherited(name string) bool {
	return slices.Contains(inherited, name) || slices.Contains(inherited, strings.ToUpper(name)) && normal(name) != name
}

var cFlags = []string{"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"}

// A Request is what is decided before a build is prepared.
type Request struct {
	Go      string   // exact toolchain of the policy; "" leaves it to the module
	CGO     bool     // of the policy
	Tags    string   // of the policy, comma-separated
	AddTags []string // of moho's command line
	LDFlags string   // of the policy, one word for -ldflags
}

// A Base is the configuration that all targets of a build share.
type Base struct {
	Toolchain Toolchain
	Tags      string             // comma-separated
	Settings  []evidence.Setting // for the statement: deterministic, no credentials, no paths
	Notes     []string           // what was found and not used, in words

	cfg *Config
	req Request
	env []string // without what differs by target
	set []string // of these, what moho set
}

// Prepare decides everything that all targets share. It returns a
// [*RefusedError] for configuration under which nothing is built.
func (c *Config) Prepare(ctx context.Context, req Request) (*Base, error) {
	b := &Base{cfg: c, req: req}
	flags, err := b.checkFlags()
	if err != nil {
		return nil, err
	}
	if v := c.env["GO111MODULE"]; v == "off" {
		return nil, &RefusedError{Name: "GO111MODULE", Value: v, Origin: OriginEnv, Why: "a governed build builds a module"}
	}
	v, origin, err := c.choose(req.Go)
	if err != nil {
		return nil, err
	}
	b.Toolchain = Toolchain{Version: v, Origin: origin}
	mod := b.modFlag(flags)
	b.decideTags(flags)

	b.inherit()
	b.fix("GOENV", "off", OriginMoho)
	b.fix("GOFLAGS", "-mod="+mod+" -trimpath -buildvcs=false", OriginMoho)
	b.fix("GOTOOLCHAIN", gotoolchain(v), origin)
	b.fix("GOWORK", "off", OriginMoho)
	b.fix("GO111MODULE", "on", OriginMoho)
	b.fix("GOFIPS140", "off", OriginMoho)
	b.Settings = append(b.Settings, evidence.Setting{Name: "ldflags", Value: req.LDFlags, Origin: OriginPolicy})
	b.note()
	return b, b.confirm(ctx)
}

// fix sets a variable for every command and states it.
func (b *Base) fix(name, value, origin string) {
	b.set = append(b.set, name+"="+value)
	b.Settings = append(b.Settings, evidence.Setting{Name: name, Value: value, Origin: origin})
}

// inherit starts the environment with what passes through.
func (b *Base) inherit() {
	for _, kv := range b.cfg.opts.Env {
		if name, _, ok := strings.Cut(kv, "="); ok && isInherited(name) {
			b.env = append(b.env, kv)
		}
	}
	for _, name := range passed {
		if v := b.cfg.values[name]; v != "" {
			b.env = append(b.env, name+"="+v)
		}
	}
}

// checkFlags refuses what stands in any layer of GOFLAGS and can't be governed,
// and returns the flags of the process environment.
func (b *Base) checkFlags() ([]goflag, error) {
	flags, err := checkGOFLAGS(b.cfg.env["GOFLAGS"], OriginEnv)
	if err != nil {
		return nil, err
	}
	for _, l := range []struct {
		vars   map[string]string
		origin string
	}{{b.cfg.file, OriginFile}, {b.cfg.root, OriginRoot}} {
		if _, err := checkGOFLAGS(l.vars["GOFLAGS"], l.origin); err != nil {
			return nil, err
		}
	}
	return flags, nil
}

// modFlag returns the value of -mod: that of the process environment, else
// vendor if there is a vendor directory, as the go command has it.
func (b *Base) modFlag(flags []goflag) string {
	for _, f := range slices.Backward(flags) {
		if f.name == "mod" {
			return f.value
		}
	}
	if _, err := os.Stat(filepath.Join(b.cfg.Module, "vendor", "modules.txt")); err == nil {
		return "vendor"
	}
	return "readonly"
}

// decideTags takes the tags of the policy and of moho's flag together; only
// without either those of GOFLAGS.
func (b *Base) decideTags(flags []goflag) {
	s := evidence.Setting{Name: "tags", Origin: OriginPolicy}
	var tags []string
	if b.req.Tags != "" {
		tags = strings.Split(b.req.Tags, ",")
	}
	if len(b.req.AddTags) > 0 {
		tags, s.Origin = append(tags, b.req.AddTags...), OriginFlag
	}
	for _, f := range slices.Backward(flags) {
		if f.name != "tags" {
			continue
		}
		if len(tags) == 0 {
			tags, s.Origin = strings.FieldsFunc(f.value, func(r rune) bool { return r == ',' || r == ' ' }), OriginEnv
		} else {
			b.Notes = append(b.Notes, fmt.Sprintf("tags %s in GOFLAGS are not used: the %s gives others", f.value, s.Origin))
		}
		break
	}
	slices.Sort(tags)
	b.Tags = strings.Join(slices.Compact(tags), ",")
	s.Value = b.Tags
	b.Settings = append(b.Settings, s)
}

// note says what was set somewhere and is not used.
func (b *Base) note() {
	use := map[string]string{}
	for _, s := range b.Settings {
		use[s.Name] = s.Value
	}
	c := b.cfg
	for _, name := range slices.Sorted(slices.Values(asked)) {
		if slices.Contains(passed, name) || slices.Contains(target.LevelVars(), name) || name == "GOENV" {
			continue
		}
		s := c.Setting(name)
		if s.Origin != OriginEnv && s.Origin != OriginFile || s.Value == use[name] || b.req.CGO && isC(name) && (s.Origin == OriginEnv || name == "CC") {
			continue
		}
		b.Notes = append(b.Notes, fmt.Sprintf("%s=%s from %s is not used", name, s.Value, describeOrigin(s.Origin)))
	}
	if w := c.values["GOWORK"]; w != "" && w != "off" && c.env["GOWORK"] == "" {
		b.Notes = append(b.Notes, "go.work is not used: the module is built alone")
	}
}

func isC(name string) bool {
	return slices.Contains(cFlags, name) || slices.Contains([]string{"CC", "CXX", "AR", "PKG_CONFIG"}, name)
}

// confirm asks the go command, in the environment made for it, whether it is
// the one that was pinned, and learns where it lies. That is known already if
// the pinned version is the one that answered before; what is built says its
// version too.
func (b *Base) confirm(ctx context.Context) error {
	c, was := b.cfg, b.cfg.values
	// A GOROOT or GOTOOLDIR of the environment was in the first answer and is
	// not in the build: what lies there is not what compiles.
	elsewhere := cmp.Or(c.env["GOROOT"], c.file["GOROOT"], c.env["GOTOOLDIR"], c.file["GOTOOLDIR"]) != ""
	if v, _, _ := strings.Cut(was["GOVERSION"], " "); v == b.Toolchain.Version && c.root["GOEXPERIMENT"] == "" && !elsewhere {
		b.Toolchain.Root, b.Toolchain.ToolDir = was["GOROOT"], was["GOTOOLDIR"]
		return nil
	}
	out, err := run(ctx, b.cfg.opts.Go, b.cfg.Module, b.Env(), "env", "-json", "GOVERSION", "GOROOT", "GOTOOLDIR", "GOFLAGS", "GOEXPERIMENT", "GOWORK")
	if err != nil {
		return err
	}
	var have map[string]string
	if err := json.Unmarshal(out, &have); err != nil {
		return fmt.Errorf("go env -json: %w", err)
	}
	v, _, _ := strings.Cut(have["GOVERSION"], " ")
	if v != b.Toolchain.Version {
		return fmt.Errorf("toolchain: GOTOOLCHAIN=%s gives %s, want %s", gotoolchain(b.Toolchain.Version), v, b.Toolchain.Version)
	}
	if x := have["GOEXPERIMENT"]; x != "" {
		return &RefusedError{Name: "GOEXPERIMENT", Value: x, Origin: OriginRoot, Why: "experiments are not governed"}
	}
	b.Toolchain.Root, b.Toolchain.ToolDir = have["GOROOT"], have["GOTOOLDIR"]
	return nil
}

// Env returns the complete environment for go commands that are not about one
// target.
func (b *Base) Env() []string { return slices.Concat(b.env, b.set) }

// Go returns the go command to run.
func (b *Base) Go() string { return b.cfg.opts.Go }

// Recorded returns the environment of a command as a report shows it: what was
// set for it, and the variables that pass through and hold no path of this
// machine.
func (b *Base) Recorded(env []string) []string {
	var out []string
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if isInherited(name) || strings.HasSuffix(name, "CACHE") || name == "GOPATH" {
			continue
		}
		out = append(out, name+"="+redact(name, value))
	}
	slices.Sort(out)
	return out
}

var native = regexp.MustCompile(`-m(arch|cpu|tune)=native`)

const nativeWhy = " makes the artifact depend on the processor of this machine, and leaves no trace in it"

// NativeFlag returns the first compiler flag in flags that asks for the
// processor of the machine that builds, "" if none does.
func NativeFlag(flags string) string { return native.FindString(flags) }

// Target returns the environment for building one target, complete, and the
// settings to state for it. level is what the policy fixes, "" leaves it to
// the process environment and then to Go's default.
func (b *Base) Target(t target.Target, level string) ([]string, []evidence.Setting, error) {
	env := b.Env()
	var sets []evidence.Setting
	add := func(name, value, origin string) {
		env = append(env, name+"="+value)
		sets = append(sets, evidence.Setting{Name: name, Value: value, Origin: origin, Target: t.String()})
	}
	env = append(env, "GOOS="+t.GOOS, "GOARCH="+t.GOARCH)
	cgo := "0"
	if b.req.CGO {
		cgo = "1"
	}
	add("CGO_ENABLED", cgo, OriginPolicy)
	if name := target.LevelVar(t.GOARCH); name != "" {
		value, origin, err := b.level(t.GOARCH, level)
		if err != nil {
			return nil, nil, err
		}
		add(name, value, origin)
	}
	if b.req.CGO {
		if err := b.compiler(t, add); err != nil {
			return nil, nil, err
		}
	}
	return env, sets, nil
}

// level decides the instruction-set level: the policy, else the process
// environment, else Go's default. A level that is none is refused in every
// layer: the go command would take it, build something and record the label.
func (b *Base) level(goarch, fixed string) (value, origin string, err error) {
	name := target.LevelVar(goarch)
	for _, l := range []struct{ value, origin string }{
		{fixed, OriginPolicy}, {b.cfg.env[name], OriginEnv}, {b.cfg.file[name], OriginFile}, {b.cfg.root[name], OriginRoot},
	} {
		if l.value == "" {
			continue
		}
		if err := target.CheckLevel(goarch, l.value); err != nil {
			return "", "", &RefusedError{Name: name, Value: l.value, Origin: l.origin, Why: err.Error()}
		}
		switch {
		case origin == "" && (l.origin == OriginPolicy || l.origin == OriginEnv):
			value, origin = l.value, l.origin
		case l.origin == OriginEnv && l.value != value, l.origin == OriginFile:
			b.noteOnce(fmt.Sprintf("%s=%s from %s is not used", name, l.value, describeOrigin(l.origin)))
		}
	}
	if origin == "" {
		value, origin = target.DefaultLevel(goarch), OriginDefault
	}
	return value, origin, nil
}

func (b *Base) noteOnce(s string) {
	if !slices.Contains(b.Notes, s) {
		b.Notes = append(b.Notes, s)
	}
}

// compiler adds what cgo needs. A C compiler that is not there, or that is the
// host's and can't be meant, is refused: the go command would quietly do
// without it, or fail far from the cause.
func (b *Base) compiler(t target.Target, add func(name, value, origin string)) error {
	c := b.cfg
	cc := c.env["CC"]
	host := t.GOOS == c.values["GOHOSTOS"] && t.GOARCH == c.values["GOHOSTARCH"]
	if cc == "" && !host {
		return &RefusedError{Name: "CC", Value: "", Origin: OriginEnv, Why: fmt.Sprintf("the policy has cgo: true, and %s needs a C compiler of its own: set CC", t)}
	}
	origin := OriginEnv
	if cc == "" {
		cc, origin = c.values["CC"], OriginDefault
		if v := c.file["CC"]; v != "" {
			cc, origin = v, OriginFile
		}
	}
	if m := NativeFlag(cc); m != "" {
		return &RefusedError{Name: "CC", Value: cc, Origin: origin, Why: m + nativeWhy}
	}
	words, err := splitWords(cc)
	if err != nil || len(words) == 0 {
		return &RefusedError{Name: "CC", Value: cc, Origin: origin, Why: "names no program"}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return &RefusedError{Name: "CC", Value: cc, Origin: origin, Why: "the policy has cgo: true, and there is no such C compiler"}
	}
	add("CC", cc, origin)
	for _, name := range append([]string{"CXX", "AR", "PKG_CONFIG"}, cFlags...) {
		v := c.env[name]
		if m := NativeFlag(v); m != "" {
			return &RefusedError{Name: name, Value: v, Origin: OriginEnv, Why: m + nativeWhy}
		}
		if v != "" {
			add(name, v, OriginEnv)
		}
	}
	return nil
}
