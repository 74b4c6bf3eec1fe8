package goenv

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"moho/evidence"
	"moho/policy/target"
)

// Origins of values, as [evidence.Setting] spells them.
const (
	OriginFlag    = "flag"             // moho's command line
	OriginPolicy  = "policy"           // moho.yaml, or the built-in policy
	OriginMoho    = "moho"             // fixed for every governed build
	OriginEnv     = "env"              // the process environment
	OriginFile    = "env-file"         // what go env -w wrote
	OriginRoot    = "goroot-go.env"    // go.env in GOROOT
	OriginDefault = "default"          // the go command's own
	OriginCross   = "derived:cross"    // CGO_ENABLED is off because the target is another
	OriginNoCC    = "derived:no-cc"    // CGO_ENABLED is off because there is no C compiler
	OriginModule  = "go.mod"           // a line of go.mod
	OriginSystem  = "derived:detected" // the go command found it on this machine
)

// Options of [Capture]. The zero value captures the environment of this process
// in the current directory.
type Options struct {
	Dir string
	Env []string // like os.Environ; nil is the environment of this process
	Go  string   // the go command; "" is the one in PATH
}

// A Config is what the go command would use in a directory, before anything is
// governed.
type Config struct {
	opts   Options
	env    map[string]string
	file   map[string]string // go env -w
	root   map[string]string // GOROOT/go.env
	values map[string]string // as the go command says
	Module string            // directory of go.mod
}

// asked are the variables that a build depends on. GOGCCFLAGS is left out:
// finding it out starts the C compiler several times.
var asked = append([]string{
	"GOOS", "GOARCH", "CGO_ENABLED", "GOFLAGS", "GOTOOLCHAIN", "GOENV", "GOWORK", "GOMOD", "GOEXPERIMENT", "GODEBUG", "GO111MODULE", "GOFIPS140",
	"GOROOT", "GOVERSION", "GOTOOLDIR", "GOHOSTOS", "GOHOSTARCH",
	"CC", "CXX", "AR", "PKG_CONFIG", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS",
}, append(slices.Clone(passed), target.LevelVars()...)...)

// Capture asks the go command for its configuration in a module. The error of
// a go command that can't run there (a toolchain that can't be had, a go.mod
// that does not parse) is in the go command's words.
func Capture(ctx context.Context, opts Options) (*Config, error) {
	if opts.Env == nil {
		opts.Env = os.Environ()
	}
	opts.Go = cmp.Or(opts.Go, "go")
	c := &Config{opts: opts, env: map[string]string{}}
	for _, kv := range opts.Env {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			c.env[normal(k)] = v
		}
	}
	out, err := run(ctx, opts.Go, opts.Dir, opts.Env, append([]string{"env", "-json"}, asked...)...)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &c.values); err != nil {
		return nil, fmt.Errorf("go env -json: %w", err)
	}
	if c.file, err = readEnvFile(c.values["GOENV"]); err != nil {
		return nil, err
	}
	if c.root, err = readEnvFile(filepath.Join(c.values["GOROOT"], "go.env")); err != nil {
		return nil, err
	}
	mod := c.values["GOMOD"]
	if mod == "" || mod == os.DevNull {
		return nil, fmt.Errorf("%s: no go.mod here or above: a governed build builds a module", cmp.Or(opts.Dir, "."))
	}
	c.Module = filepath.Dir(mod)
	return c, nil
}

// normal returns the name of a variable as it is compared: Windows ignores case.
func normal(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// Settings returns every captured value with its origin and what it hides,
// sorted by name.
func (c *Config) Settings() []evidence.Setting {
	var out []evidence.Setting
	for _, name := range asked {
		out = append(out, c.Setting(name))
	}
	slices.SortFunc(out, func(a, b evidence.Setting) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Setting returns the value that the go command would use for name, where it
// comes from and what it hides. Credentials in the values are replaced.
func (c *Config) Setting(name string) evidence.Setting {
	s := evidence.Setting{Name: name, Value: redact(name, c.values[name])}
	env, inEnv := c.env[name]
	file, inFile := c.file[name]
	root, inRoot := c.root[name]
	switch {
	case env != "":
		s.Origin = OriginEnv
	case inFile && name != "GOENV":
		s.Origin = OriginFile
	case inRoot && root != "":
		s.Origin = OriginRoot
	default:
		s.Origin = c.derived(name)
	}
	shadow := func(origin, value, why string) {
		s.Shadowed = append(s.Shadowed, evidence.Shadow{Origin: origin, Value: redact(name, value), Why: why})
	}
	if inEnv && env == "" {
		shadow(OriginEnv, "", "empty means unset for the go command")
	}
	if inFile && s.Origin != OriginFile {
		shadow(OriginFile, file, "the process environment wins")
	}
	if inRoot && s.Origin != OriginRoot {
		shadow(OriginRoot, root, "set above it")
	}
	return s
}

// derived names the origin of a value that no layer sets.
func (c *Config) derived(name string) string {
	switch name {
	case "CGO_ENABLED":
		if c.values[name] == "1" {
			return OriginDefault
		}
		if c.values["GOOS"] != c.values["GOHOSTOS"] || c.values["GOARCH"] != c.values["GOHOSTARCH"] {
			return OriginCross
		}
		return OriginNoCC
	case "GOMOD", "GOWORK", "GOROOT", "GOVERSION", "GOTOOLDIR", "GOHOSTOS", "GOHOSTARCH", "GOCACHE", "GOMODCACHE", "GOPATH", "GOENV":
		return OriginSystem
	}
	return OriginDefault
}
