//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core/coretest"
	"moho/internal/cli"
	"moho/internal/testbin"
)

// A claim is what the program under testdata/matrix says of one goroutine.
type claim struct {
	Name, Status, Object, Label, Holder string
	ID                                  uint64
	Top, Kinds, Panics                  []string
	Leaked                              bool
	Order                               []int
}

// An item is what moho says of one.
type item struct {
	ID                 uint64
	Status, WaitReason string
	System             bool
	Labels             map[string]string
	Frames             []struct{ Func, Truncated string }
	Truncated          string
	Registers          map[string]struct{ Value, From string }
	Defers             []struct {
		Func, Kind, State string
		Line              int
	}
	Panics []struct{ Type, Value, State string }
}

// TestMatrix compares, for every release, architecture and link mode, what a
// program says about its goroutines with what moho reads out of its core, and
// what moho says about a program and about its stripped twin.
func TestMatrix(t *testing.T) {
	releases, modes := testbin.Recent(), testbin.Modes("linux", "amd64")
	if !testbin.IsLong() {
		releases, modes = releases[len(releases)-1:], []testbin.Mode{testbin.Plain, testbin.Stripped}
	}
	for _, release := range releases {
		for _, goarch := range []string{"amd64", "arm64"} {
			var plain []string
			for _, mode := range modes {
				c := testbin.Config{Go: release, GOARCH: goarch, Mode: mode}
				if goarch != "amd64" && !slices.Contains(testbin.Modes("linux", goarch), mode) {
					continue
				}
				t.Run(c.String(), func(t *testing.T) {
					stacks := checkMatrix(t, c)
					if plain == nil {
						plain = stacks
					} else if diff := cmp.Diff(plain, stacks); diff != "" {
						t.Errorf("the stacks differ from those of %s: -%[1]s +%s\n%s", modes[0], mode, diff)
					}
				})
			}
		}
	}
}

// checkMatrix checks one build and returns its stacks in a form that does not
// depend on addresses.
func checkMatrix(t *testing.T, c testbin.Config) (stacks []string) {
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "matrix")), c)
	order := map[string][]int{}
	for _, cl := range readClaims(t, runMatrix(t, c, exe, "run")) {
		order[cl.Name] = cl.Order
	}
	core, out := matrixCore(t, c, exe)
	claims := readClaims(t, out)
	items := map[uint64]item{}
	for _, it := range coreItems(t, core, exe) {
		items[it.ID] = it
		if it.ID == 1 { // it dies, or is on its way from one stack to another to wait for that
			continue
		}
		switch calls := strings.Join(userFrames(it), " "); {
		case it.System:
		case strings.HasPrefix(calls, "main.spin"):
			stacks = append(stacks, calls) // which of them has a processor is chance
		default:
			stacks = append(stacks, it.Status+" "+it.WaitReason+" "+calls)
		}
		if it.Truncated != "" && !(it.Status == "running" && strings.Contains(it.Truncated, "switches stacks")) { // frozen between two
			t.Errorf("goroutine %d: truncated: %s", it.ID, it.Truncated)
		}
	}
	names := map[string]uint64{}
	for _, cl := range claims {
		names[cl.Name] = cl.ID
	}
	edges, leaked := coreWaits(t, core, exe)
	for _, cl := range claims {
		it, ok := items[cl.ID]
		if !ok {
			t.Errorf("%s: goroutine %d is missing", cl.Name, cl.ID)
			continue
		}
		checkClaim(t, cl, it, order[cl.Name])
		if cl.Object != "" && !slices.Contains(edges[cl.ID], edge{cl.Object, 0}) && !slices.ContainsFunc(edges[cl.ID], func(e edge) bool { return e.object == cl.Object }) {
			t.Errorf("%s: waits on %v, want %s", cl.Name, edges[cl.ID], cl.Object)
		}
		if cl.Holder != "" && !slices.Contains(edges[cl.ID], edge{cl.Object, names[cl.Holder]}) {
			t.Errorf("%s: waits on %v, want %s held by goroutine %d", cl.Name, edges[cl.ID], cl.Object, names[cl.Holder])
		}
		switch got := slices.Contains(leaked, cl.ID); {
		case got && !cl.Leaked:
			t.Errorf("%s: is said to be leaked", cl.Name)
		case cl.Leaked && !got: // a word that is left over somewhere is enough to be thought reachable
			t.Logf("%s: not found to be leaked", cl.Name)
		}
	}
	slices.Sort(stacks)
	return stacks
}

func checkClaim(t *testing.T, cl claim, it item, order []int) {
	t.Helper()
	if cl.Status == "sync.WaitGroup.Wait" && it.WaitReason == "semacquire" { // as it was called before Go 1.25
		cl.Status = it.WaitReason
	}
	if cl.Status != "" && cl.Status != it.WaitReason && cl.Status != it.Status {
		t.Errorf("%s: %s (%s), want %s", cl.Name, it.Status, it.WaitReason, cl.Status)
	}
	user := userFrames(it)
	at := 0
	for _, f := range user { // the functions in their order; closures may lie between
		if at < len(cl.Top) && f == cl.Top[at] {
			at++
		}
	}
	if at < len(cl.Top) {
		t.Errorf("%s: calls %v, want among them %v", cl.Name, user, cl.Top)
	}
	var kinds []string
	var lines []int
	for _, d := range it.Defers {
		if d.State == "pending" {
			kinds = append(kinds, d.Kind)
		}
		if n := len(lines); n == 0 || lines[n-1] != d.Line || d.State == "pending" {
			lines = append(lines, d.Line)
		}
	}
	if len(cl.Kinds) > 0 && !slices.Equal(kinds, cl.Kinds) {
		t.Errorf("%s: pending deferred calls are %v, want %v: %+v", cl.Name, kinds, cl.Kinds, it.Defers)
	}
	if len(cl.Kinds) > 0 && !slices.Equal(lines, order) && cl.Name != "holds" {
		t.Errorf("%s: deferred calls at lines %v, they ran at %v: %+v", cl.Name, lines, order, it.Defers)
	}
	var panics []string
	for _, p := range it.Panics {
		if p.State == "goexit" {
			panics = append(panics, "goexit")
			continue
		}
		panics = append(panics, p.Type+" "+strings.Trim(p.Value, `"`))
	}
	for i, want := range cl.Panics {
		typ, value, _ := strings.Cut(want, " ")
		if len(panics) != len(cl.Panics) || !strings.HasPrefix(panics[i], typ) || value != "E42" && panics[i] != want || value == "E42" && !strings.Contains(panics[i], "42") {
			t.Errorf("%s: panics %q, want %q", cl.Name, panics, cl.Panics)
			break
		}
	}
	if k, v, ok := strings.Cut(cl.Label, "="); ok && it.Labels[k] != v {
		t.Errorf("%s: labels %v, want %s", cl.Name, it.Labels, cl.Label)
	}
}

// userFrames returns the functions of the program itself.
func userFrames(it item) (list []string) {
	for _, f := range it.Frames {
		if strings.HasPrefix(f.Func, "main.") {
			list = append(list, f.Func)
		}
	}
	return list
}

type edge struct {
	object string
	holder uint64
}

// coreWaits returns what each goroutine waits on, and who can't be woken.
func coreWaits(t *testing.T, args ...string) (edges map[uint64][]edge, leaked []uint64) {
	t.Helper()
	var w struct {
		Edges []struct {
			Goroutine uint64
			Object    string
			Holder    json.RawMessage
		}
		Leaked []json.RawMessage
	}
	if err := json.Unmarshal(mohoJSON(t, append([]string{"core", "waits", "--json"}, args...)...), &w); err != nil {
		t.Fatal(err)
	}
	number := func(raw json.RawMessage) (n uint64) {
		var o struct{ Goroutine uint64 }
		if json.Unmarshal(raw, &n) != nil && json.Unmarshal(raw, &o) == nil {
			n = o.Goroutine
		}
		return n
	}
	edges = map[uint64][]edge{}
	for _, e := range w.Edges {
		edges[e.Goroutine] = append(edges[e.Goroutine], edge{e.Object, number(e.Holder)})
	}
	for _, raw := range w.Leaked {
		leaked = append(leaked, number(raw))
	}
	return edges, leaked
}

// coreItems returns the goroutines with all there is to say about them.
func coreItems(t *testing.T, args ...string) (items []item) {
	t.Helper()
	out := mohoJSON(t, append([]string{"core", "goroutines", "--json", "--with", "stacks,regs,vars,defers,panics"}, args...)...)
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	for _, l := range lines[1 : len(lines)-1] {
		var it item
		if err := json.Unmarshal(l, &it); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		items = append(items, it)
	}
	return items
}

// mohoJSON runs moho in this process and returns what it prints.
func mohoJSON(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), cli.New(strings.NewReader(""), &out, &errs, os.Getenv), args); code != 0 {
		t.Fatalf("moho %v: exit %d\n%s", args, code, errs.String())
	}
	return out.Bytes()
}

// arm64Root is where Debian's libc6-arm64-cross puts the interpreter that a
// position independent program names.
const arm64Root = "/usr/aarch64-linux-gnu"

func runMatrix(t *testing.T, c testbin.Config, exe, how string) string {
	t.Helper()
	argv := []string{exe, how}
	if c.GOARCH != "amd64" {
		testbin.NeedTool(t, "qemu-aarch64-static")
		argv = append([]string{"qemu-aarch64-static", "-L", arm64Root}, argv...)
	}
	return testbin.Run(t, argv[0], argv[1:]...)
}

// matrixCore freezes the program and returns its core and what it said.
func matrixCore(t *testing.T, c testbin.Config, exe string) (core, out string) {
	t.Helper()
	if c.GOARCH == "amd64" {
		return coretest.Captured(t, nil, exe, "abort")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static -L "$0" "$1" abort`, arm64Root, exe)
	cmd.Dir = t.TempDir()
	cmd.Env = os.Environ()
	b, _ := cmd.CombinedOutput()
	files, _ := filepath.Glob(filepath.Join(cmd.Dir, "qemu_*.core"))
	if len(files) != 1 {
		t.Fatalf("no core: %v\n%s", files, b)
	}
	return files[0], string(b)
}

func readClaims(t *testing.T, out string) (claims []claim) {
	t.Helper()
	for sc := bufio.NewScanner(strings.NewReader(out)); sc.Scan(); {
		if !strings.HasPrefix(sc.Text(), "{") {
			continue
		}
		var c claim
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatalf("%v: %s", err, sc.Text())
		}
		claims = append(claims, c)
	}
	if len(claims) < 20 {
		t.Fatalf("the program said little: %s", out)
	}
	return claims
}
