package goenv

import (
	"fmt"
	"slices"
	"strings"
)

// Flags are refused because of what they do to a build, or because a policy
// has to ask for it.
var refusedFlags = map[string]string{
	"overlay":       "builds other files than those of the module, and leaves no trace in the binary",
	"toolexec":      "runs another program in place of the compiler, and leaves no trace in the binary",
	"modfile":       "builds with another go.mod",
	"pkgdir":        "links packages from another place",
	"compiler":      "builds with another compiler",
	"gccgoflags":    "builds with another compiler",
	"installsuffix": "links packages from another place",
	"exec":          "runs binaries through another program",
	"C":             "builds another directory",
	"n":             "builds nothing",
	"o":             "writes to another place",
	"pgo":           "optimises by a profile that the report does not name",
	"linkshared":    "links a library of this machine",
	"buildmode":     "is decided by the policy: targets.buildmode",
	"ldflags":       "is decided by the policy: flags.ldflags",
	"gcflags":       "changes the generated code",
	"asmflags":      "changes the generated code",
	"race":          "changes the generated code",
	"msan":          "changes the generated code",
	"asan":          "changes the generated code",
	"cover":         "changes the generated code",
	"covermode":     "changes the generated code",
	"coverpkg":      "changes the generated code",
}

// Flags that change nothing in the artifact, or that every governed build
// gives itself.
var harmlessFlags = []string{"a", "p", "v", "x", "work", "json", "trimpath", "buildvcs", "modcacherw", "debug-actiongraph", "debug-trace", "debug-runtime-trace", "count", "timeout", "short", "parallel", "vet", "run", "bench", "failfast", "shuffle", "fullpath", "e", "mod", "tags"}

// A RefusedError is configuration under which nothing is built.
type RefusedError struct {
	Name   string // variable or flag
	Value  string
	Origin string
	Why    string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s=%s (from %s): %s", e.Name, e.Value, describeOrigin(e.Origin), e.Why)
}

func describeOrigin(o string) string {
	switch o {
	case OriginEnv:
		return "the process environment"
	case OriginFile:
		return "the go env file, written by go env -w"
	case OriginRoot:
		return "go.env in GOROOT"
	case OriginPolicy:
		return "the policy"
	case OriginFlag:
		return "the command line"
	}
	return o
}

// A goflag is one word of GOFLAGS.
type goflag struct{ name, value string }

// checkGOFLAGS returns the flags in a value of GOFLAGS, or why a governed
// build can't take them.
func checkGOFLAGS(value, origin string) ([]goflag, error) {
	refuse := func(why string) error {
		return &RefusedError{Name: "GOFLAGS", Value: value, Origin: origin, Why: why}
	}
	words, err := splitWords(value)
	if err != nil {
		return nil, refuse(err.Error())
	}
	var out []goflag
	for _, w := range words {
		name, val, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(w, "-"), "-"), "=")
		switch why, bad := refusedFlags[name]; {
		case !strings.HasPrefix(w, "-") || name == "":
			return nil, refuse(fmt.Sprintf("%q is not a flag", w))
		case bad:
			return nil, refuse("-" + name + " " + why)
		case !slices.Contains(harmlessFlags, name):
			return nil, refuse("-" + name + " is not known to leave the artifact as it is")
		case name == "mod" && val != "readonly" && val != "vendor":
			return nil, refuse("-mod=" + val + " lets the build change what go.mod says")
		}
		out = append(out, goflag{name, val})
	}
	return out, nil
}

// splitWords splits GOFLAGS at blanks. A word that starts with a quote goes on
// to the next one of the kind; there are no escapes.
//
// Source: $GOROOT/src/cmd/internal/quoted/quoted.go, go1.26.
func splitWords(s string) ([]string, error) {
	var out []string
	for {
		s = strings.TrimLeft(s, " \t\n\r")
		if s == "" {
			return out, nil
		}
		if q := s[0]; q == '"' || q == '\'' {
			end := strings.IndexByte(s[1:], q)
			if end < 0 {
				return nil, fmt.Errorf("unterminated %c", q)
			}
			out = append(out, s[1:1+end])
			s = s[2+end:]
			continue
		}
		end := strings.IndexAny(s, " \t\n\r")
		if end < 0 {
			end = len(s)
		}
		out = append(out, s[:end])
		s = s[end:]
	}
}
