package house

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

// pkg is what go list says about one package of ours on one platform.
type pkg struct {
	ImportPath, Name, Doc, Dir         string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// platforms together compile every file that a supported host has.
var platforms = []string{"linux/amd64", "darwin/arm64", "windows/amd64", "js/wasm"}

var listing = sync.OnceValues(func() (map[string][]pkg, error) {
	all := map[string][]pkg{}
	for _, p := range platforms {
		goos, goarch, _ := strings.Cut(p, "/")
		cmd := exec.Command("go", "list", "-e", "-json", "./...")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOWORK=off")
		out, err := cmd.Output()
		if err != nil {
			return nil, err
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
			var x pkg
			if err := dec.Decode(&x); err != nil {
				return nil, err
			}
			all[p] = append(all[p], x)
		}
	}
	return all, nil
})

// packages calls visit for every package of ours on every platform; rel is its
// path below the module.
func packages(t *testing.T, visit func(rel string, p pkg)) {
	t.Helper()
	all, err := listing()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, platform := range platforms {
		if len(all[platform]) == 0 {
			t.Fatalf("go list finds no package on %s", platform)
		}
		for _, p := range all[platform] {
			rel, ok := below(modulePath(t), p.ImportPath)
			if !ok {
				t.Fatalf("go list names %s, which is not ours", p.ImportPath)
			}
			visit(rel, p)
		}
	}
}

// below returns the path of an import below the module, if it is one of ours.
func below(module, path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func modulePath(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(path)
		}
	}
	t.Fatal("go.mod has no module line")
	return ""
}

// committed returns the files that are or would be committed, slash-separated.
// In a copy without history these are all files.
func committed(t *testing.T) []string {
	t.Helper()
	var names []string
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git ls-files: %v", err)
		}
		for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			names = append(names, name)
		}
	} else {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Lstat(filepath.Join(root, name))
		return err != nil || !info.Mode().IsRegular() // deleted, not yet committed
	})
	if len(names) < 20 {
		t.Fatalf("only %d files found", len(names))
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
