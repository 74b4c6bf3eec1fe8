package vet_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moho/vet"
)

// region hands out memory and takes it back; its users import nothing that
// looks like it.
const region = `package region

import "syscall"

func Map(n int) ([]byte, error) {
	return syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

func Release(b []byte) { syscall.Munmap(b) }

func Size(b []byte) int { return len(b) }
`

const user = `package user

import "across.test/region"

func F() byte {
	b, err := region.Map(4096)
	if err != nil {
		return 0
	}
	region.Release(b)
	return b[0] // HAZARD: munmap-use
}
`

// between passes region's functions on, so that facts have two steps to go.
const between = `package between

import "across.test/region"

func Open() ([]byte, error) { return region.Map(8192) }

func Close(b []byte) { region.Release(b) }
`

const farUser = `package far

import "across.test/between"

func G() byte {
	b, err := between.Open()
	if err != nil {
		return 0
	}
	between.Close(b)
	return b[1] // HAZARD: munmap-use
}
`

// calmUser imports the same package and does nothing wrong.
const calmUser = `package calm

import "across.test/region"

func F() byte {
	b, err := region.Map(4096)
	if err != nil {
		return 0
	}
	x := b[0]
	region.Release(b)
	return x
}
`

func acrossModule(t *testing.T) string {
	return write(t, map[string]string{
		"go.mod":             "module across.test\n\ngo 1.24\n",
		"region/region.go":   region,
		"between/between.go": between,
		"user/user.go":       user,
		"far/far.go":         farUser,
		"calm/calm.go":       calmUser,
		"user/user_test.go":  strings.NewReplacer("package user", "package user_test", "func F", "func inTest").Replace(user),
		"plain/plain.go":     "package plain\n\nimport \"fmt\"\n\nfunc F() { fmt.Println() }\n",
	})
}

func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("the program maps memory as Unix does")
	}
}

// TestAcrossPackages: what one package does with memory is known where it is
// used, over several packages, standalone and under go vet.
func TestAcrossPackages(t *testing.T) {
	unixOnly(t)
	dir := acrossModule(t)
	r := run(t, vet.Options{Dir: dir, Tests: true})
	if d := cmp.Diff(marks(t, dir), lines(r)); d != "" || len(r.Gaps) > 0 {
		t.Errorf("gaps %v; findings (-marked +reported):\n%s", r.Gaps, d)
	}
	// Only one is asked about: the others are looked at all the same.
	alone := run(t, vet.Options{Dir: dir, Patterns: []string{"./far"}})
	if got := lines(alone); !slices.Equal(got, []string{"far/far.go:11 munmap-use"}) || alone.Packages != 1 {
		t.Errorf("./far alone: %v in %d packages", got, alone.Packages)
	}
	out, code := goTool(t, dir, "vet", "-vettool="+tool(t), "./...")
	if d := cmp.Diff(texts(r), said(out)); d != "" || code != 1 {
		t.Errorf("code %d, findings (-standalone +vettool):\n%s\n%s", code, d, out)
	}
}

// document is what moho vet --json would print.
func document(t *testing.T, opts vet.Options) string {
	t.Helper()
	b, err := json.MarshalIndent(run(t, opts).Document(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// settle makes files look as if they had been there for a while: what may have
// been written while the go command looked at it is not kept.
func settle(t *testing.T, dir string) {
	t.Helper()
	old := testStart.Add(-3600e9)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// entries returns the files of a cache with their contents.
func entries(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "-r") {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}

// TestCache: with a cache, empty, full or damaged, the answer is that of a run
// without one, to the byte; and it follows the source.
func TestCache(t *testing.T) {
	unixOnly(t)
	dir, cacheDir := acrossModule(t), filepath.Join(t.TempDir(), "vet")
	settle(t, dir)
	plain := vet.Options{Dir: dir, Tests: true}
	cached := plain
	cached.Cache = cacheDir
	want := document(t, plain)
	if !strings.Contains(want, "munmap-use") {
		t.Fatal("nothing found")
	}
	same := func(when string) {
		t.Helper()
		if d := cmp.Diff(want, document(t, cached)); d != "" {
			t.Errorf("%s (-without cache +with):\n%s", when, d)
		}
	}
	same("empty cache")
	full := entries(t, cacheDir)
	if len(full) < 6 {
		t.Fatalf("%d entries, want one for each package that can touch memory", len(full))
	}
	same("full cache")
	if d := cmp.Diff(full, entries(t, cacheDir)); d != "" {
		t.Errorf("a second run kept something else:\n%s", d)
	}
	for name, text := range full {
		if err := os.WriteFile(name, []byte(text[:len(text)-1]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	same("damaged cache")

	// The wrapper gives nothing back any more: its users, unchanged, are right now.
	rewrite := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		settle(t, dir)
	}
	rewrite("region/region.go", strings.Replace(region, "{ syscall.Munmap(b) }", "{ _ = b }", 1))
	if got := lines(run(t, cached)); len(got) != 0 {
		t.Errorf("a region that is not given back: %v", got)
	}
	rewrite("region/region.go", region)
	same("as before")

	// A line more moves the finding.
	rewrite("user/user.go", strings.Replace(user, "func F", "\n\nfunc F", 1))
	if got := lines(run(t, cached)); !slices.Contains(got, "user/user.go:13 munmap-use") || slices.Contains(got, "user/user.go:11 munmap-use") {
		t.Errorf("after lines were added: %v", got)
	}
	// A directive is no code, and counts all the same.
	rewrite("user/user.go", strings.Replace(user, "// HAZARD: munmap-use", "//moho:ignore munmap-use it is never unmapped", 1))
	if r := run(t, cached); slices.Contains(lines(r), "user/user.go:11 munmap-use") || r.Suppressed == 0 {
		t.Errorf("with a directive: %v, %d suppressed", lines(r), r.Suppressed)
	}
	rewrite("user/user.go", user)
	same("as before")

	// Texts of an editor are not what is on disk.
	open := cached
	open.Overlay = map[string][]byte{filepath.Join(dir, "user/user.go"): []byte("package user\n")}
	if got := lines(run(t, open)); slices.Contains(got, "user/user.go:11 munmap-use") {
		t.Errorf("with an overlay: %v", got)
	}
	same("without the overlay")
}

// TestCacheFresh: a file that was written while the go command may have been
// reading is not taken for what it has read.
func TestCacheFresh(t *testing.T) {
	unixOnly(t)
	dir, cacheDir := acrossModule(t), filepath.Join(t.TempDir(), "vet")
	future := testStart.Add(3600e9)
	if err := os.Chtimes(filepath.Join(dir, "user/user.go"), future, future); err != nil {
		t.Fatal(err)
	}
	run(t, vet.Options{Dir: dir, Patterns: []string{"./user"}, Cache: cacheDir})
	for name, text := range entries(t, cacheDir) {
		if strings.Contains(text, "user/user.go") {
			t.Errorf("%s is about a file that is being written:\n%s", name, text)
		}
	}
}

// TestCacheElsewhere: the same module in another directory gives the same answer.
func TestCacheElsewhere(t *testing.T) {
	unixOnly(t)
	cacheDir := filepath.Join(t.TempDir(), "vet")
	one, two := acrossModule(t), acrossModule(t)
	settle(t, one)
	settle(t, two)
	opts := vet.Options{Dir: one, Tests: true, Cache: cacheDir}
	first := document(t, opts)
	opts.Dir = two
	second := run(t, opts)
	if d := cmp.Diff(first, func() string {
		b, _ := json.MarshalIndent(second.Document(), "", "\t")
		return string(b)
	}()); d != "" {
		t.Errorf("in another directory:\n%s", d)
	}
	for _, f := range slices.Collect(maps.Values(second.Sources.Files)) {
		if !strings.HasPrefix(f.Path, two) {
			t.Errorf("%s is not in %s", f.Path, two)
		}
	}
}

// testStart is before any file of a test was written.
var testStart = time.Now()
