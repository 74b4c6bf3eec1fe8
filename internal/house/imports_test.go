package house

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestEveryRoomHasAFloor: a new room gets its place before it gets code.
func TestEveryRoomHasAFloor(t *testing.T) {
	seen := map[string]bool{}
	for _, floor := range Floors {
		for _, room := range floor {
			if seen[room] {
				t.Errorf("room %s is on two floors", room)
			}
			seen[room] = true
		}
	}
	for _, room := range slices.Concat(Foundation, Verbs) {
		if !seen[room] {
			t.Errorf("room %s has no floor", room)
		}
	}
	packages(t, func(rel string, _ pkg) {
		if room := Room(rel); !seen[room] {
			t.Errorf("package %s: room %q is not in house.Floors", rel, room)
			seen[room] = true
		}
	})
}

// TestImportsGoDown: from the top of the house to the bottom, never up, and
// verbs do not know each other.
func TestImportsGoDown(t *testing.T) {
	module := modulePath(t)
	edges := 0
	packages(t, func(rel string, p pkg) {
		from := Room(rel)
		for _, path := range p.Imports {
			target, ours := below(module, path)
			to := Room(target)
			if !ours || to == from {
				continue
			}
			edges++
			switch {
			case slices.Contains(Verbs, from) && slices.Contains(Verbs, to):
				t.Errorf("%s imports %s: verbs meet in cmd, serve and wire", rel, target)
			case Floor(to) >= Floor(from):
				t.Errorf("%s (floor %d) imports %s (floor %d): imports go down", rel, Floor(from), target, Floor(to))
			}
		}
	})
	if edges == 0 {
		t.Error("no room imports another")
	}
}

func TestFoundationStandsAlone(t *testing.T) {
	module := modulePath(t)
	packages(t, func(rel string, p pkg) {
		if !slices.Contains(Foundation, Room(rel)) {
			return
		}
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			if _, ours := below(module, path); ours || !strings.Contains(first, ".") {
				continue // rooms are TestImportsGoDown's; std has no dot
			}
			if !slices.ContainsFunc(Allowed, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }) {
				t.Errorf("%s imports %s; the foundation may import std and %q", rel, path, Allowed)
			}
		}
	})
}

// banned packages, with the reason and where they are allowed nevertheless.
var banned = []struct {
	path, why string
	tests     bool // test files may import it: what they read is trusted
	except    func(rel string, p pkg) bool
}{
	{
		path: "debug/gosym",
		why:  "its FrameSize is something else and it knows no pcsp; gotab reads the tables",
	},
	{
		path: "debug/dwarf", tests: true,
		why:    "five edited bytes make its line reader ask for 256 GiB; debuginfo reads DWARF",
		except: func(rel string, p pkg) bool { return Room(rel) == "debuginfo" || generator(rel, p) },
	},
	{path: "debug/elf", tests: true, why: "it is not hardened; objfile reads executables", except: generator},
	{path: "debug/macho", tests: true, why: "it is not hardened; objfile reads executables", except: generator},
	{path: "debug/pe", tests: true, why: "it is not hardened; objfile reads executables", except: generator},
	{path: "github.com/stretchr/testify", why: "std testing and go-cmp are enough"},
	{path: "gopkg.in/yaml.v3", why: "unmaintained; go.yaml.in/yaml/v4 is the successor"},
}

// generator reports whether a package is a program that go generate runs: it
// reads what the toolchain has just made, never what a user brings.
func generator(rel string, p pkg) bool {
	return p.Name == "main" && (rel == "gen" || strings.HasSuffix(rel, "/gen"))
}

func TestBannedImports(t *testing.T) {
	packages(t, func(rel string, p pkg) {
		for _, b := range banned {
			if b.except != nil && b.except(rel, p) {
				continue
			}
			imports := p.Imports
			if !b.tests {
				imports = slices.Concat(imports, p.TestImports, p.XTestImports)
			}
			for _, path := range imports {
				if path == b.path || strings.HasPrefix(path, b.path+"/") {
					t.Errorf("%s imports %s: %s", rel, path, b.why)
				}
			}
		}
	})
}

func TestRoom(t *testing.T) {
	for rel, want := range map[string]string{
		"core":                  "core",
		"core/internal/layout":  "core",
		"internal/cli":          "internal/cli",
		"internal/cli/x":        "internal/cli",
		"cmd/moho":              "cmd",
		"gostate/gen":           "gostate",
		"vet/uintptrroundtrip":  "vet",
		"internal/testbin/a/b/": "internal/testbin",
	} {
		if got := Room(rel); got != want {
			t.Errorf("Room(%q) = %q, want %q", rel, got, want)
		}
	}
	if Floor("core") >= Floor("gostate") || Floor("nonsense") != -1 {
		t.Error("floors are wrong")
	}
}

// TestDecodersAreFuzzed: what reads hostile input is fuzzed, with properties.
func TestDecodersAreFuzzed(t *testing.T) {
	fuzzed := map[string]bool{}
	present := map[string]bool{}
	packages(t, func(rel string, _ pkg) { present[Room(rel)] = true })
	eachGoFile(t, func(name string, _ *token.FileSet, file *ast.File) {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Fuzz") && strings.HasSuffix(name, "_test.go") {
				fuzzed[Room(path.Dir(name))] = true
			}
		}
	})
	for _, room := range Decoders {
		if present[room] && !fuzzed[room] {
			t.Errorf("room %s reads untrusted input and has no fuzz target", room)
		}
	}
}
