package gostate_test

import (
	"testing"

	"moho/internal/testbin"
)

// deaths are the ways to die that testdata/src/zoo knows, and the frame that a
// reader of the core should look at.
var deaths = []struct {
	how   string
	frame string
	cut   string // "" or why the stacks cannot equal those printed
}{
	{how: "nil", frame: "main.(*node).leaf"},
	{how: "nilfunc", frame: "main.end"},
	{how: "wild", frame: "main.end"},
	{how: "panic", frame: "main.end"},
	{how: "error", frame: "main.end"},
	{how: "custom", frame: "main.end"},
	{how: "pointer", frame: "main.end"},
	{how: "text", frame: "main.end"},
	{how: "int", frame: "main.end"},
	{how: "float", frame: "main.end"},
	{how: "index", frame: "main.end"},
	{how: "nested", frame: "main.end.func1"},
	{how: "repanic", frame: "main.(*node).leaf"},
	{how: "unlock", frame: "internal/sync.(*Mutex).unlockSlow"},
	{how: "goroutine", frame: "main.(*node).leaf"},
	{how: "deadlock", frame: "", cut: "dies on the system stack"},
	{how: "overflow", frame: "main.deep", cut: "dies on the system stack"},
	{how: "maps", frame: "main.end.func4", cut: "map writers run on"},
}

// TestDeaths checks what a core says about how the program died against what
// the program printed.
func TestDeaths(t *testing.T) {
	for _, release := range releases {
		if release != "1.26.8" && !testbin.IsLong() {
			continue
		}
		c := testbin.Config{Go: release, Mode: testbin.Stripped}
		exe := zoo(t, c)
		for _, d := range deaths {
			t.Run(release+"/"+d.how, func(t *testing.T) {
				t.Parallel()
				corePath, stderr := crash(t, exe, d.how)
				w := open(t, corePath, exe)
				if d.cut == "" {
					compareTraceback(t, w, stderr)
				}
				checkCrash(t, w, d.frame, stderr)
			})
		}
	}
}
