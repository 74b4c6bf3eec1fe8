package evidence

import "testing"

func TestFindingMatch(t *testing.T) {
	own := Finding{
		Pos:   Position{File: "store/decode.go", Line: 40},
		Place: Place{Package: "example.org/app/store", Symbol: "(*Reader).next", Module: "example.org/app", File: "store/decode.go", Line: 40, EndLine: 42},
		Flow:  []Step{{Pos: Position{File: "store/decode.go", Line: 31}}},
	}
	dep := Finding{
		Pos:   Position{File: "github.com/Acme/lib@v1.2.0/view.go", Line: 7},
		Place: Place{Package: "github.com/Acme/lib", Symbol: "View", Module: "github.com/Acme/lib", Version: "v1.2.0", File: "view.go", Line: 7, EndLine: 7},
	}
	cmd := Finding{
		Place: Place{Package: "main", Symbol: "sum", Module: "example.org/app", File: "cmd/x/main.go", Line: 9, EndLine: 9},
	}
	for _, c := range []struct {
		name string
		f    Finding
		fr   Frame
		want Match
	}{
		{"trimpath, the statement", own, Frame{"example.org/app/store.(*Reader).next", "example.org/app/store/decode.go", 41}, MatchLine},
		{"trimpath, a step of the flow", own, Frame{"example.org/app/store.(*Reader).next", "example.org/app/store/decode.go", 31}, MatchFlow},
		{"trimpath, same function", own, Frame{"example.org/app/store.(*Reader).next", "example.org/app/store/decode.go", 50}, MatchFunction},
		{"closure of the function", own, Frame{"example.org/app/store.(*Reader).next.func1", "example.org/app/store/decode.go", 40}, MatchLine},
		{"range-over-func body", own, Frame{"example.org/app/store.(*Reader).next-range1", "example.org/app/store/decode.go", 40}, MatchLine},
		{"closure inlined into a caller", own, Frame{"example.org/app.run.(*Reader).next.func1", "example.org/app/store/decode.go", 40}, MatchLine},
		{"neighbour on a line of the range", own, Frame{"example.org/app/store.(*Reader).other", "example.org/app/store/decode.go", 41}, NoMatch},
		{"another file", own, Frame{"example.org/app/store.(*Reader).next", "example.org/app/store/other.go", 41}, NoMatch},
		{"same tail of another module", own, Frame{"example.org/other/store.(*Reader).next", "example.org/other/store/decode.go", 41}, NoMatch},
		{"absolute path", own, Frame{"example.org/app/store.(*Reader).next", "/home/me/app/store/decode.go", 41}, MatchLine},
		{"absolute path, package differs", own, Frame{"example.org/fork/store.(*Reader).next", "/home/me/fork/store/decode.go", 41}, NoMatch},
		{"windows path", own, Frame{"example.org/app/store.(*Reader).next", `C:\src\app\store\decode.go`, 41}, MatchLine},
		{"dependency, trimpath", dep, Frame{"github.com/Acme/lib.View", "github.com/Acme/lib@v1.2.0/view.go", 7}, MatchLine},
		{"dependency, another version", dep, Frame{"github.com/Acme/lib.View", "github.com/Acme/lib@v1.3.0/view.go", 7}, NoMatch},
		{"dependency, module cache", dep, Frame{"github.com/Acme/lib.View", "/m/github.com/!acme/lib@v1.2.0/view.go", 7}, MatchLine},
		{"dependency, vendored", dep, Frame{"github.com/Acme/lib.View", "/src/app/vendor/github.com/Acme/lib/view.go", 7}, MatchLine},
		{"generic instance", Finding{Place: Place{Package: "main", Symbol: "Map", Module: "m", File: "a.go", Line: 3, EndLine: 3}}, Frame{"main.Map[go.shape.int]", "m/a.go", 3}, MatchLine},
		{"command", cmd, Frame{"main.sum", "example.org/app/cmd/x/main.go", 9}, MatchLine},
		{"another command of the module", cmd, Frame{"main.sum", "example.org/app/cmd/y/main.go", 9}, NoMatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.f.Match(c.fr); got != c.want {
				t.Errorf("Match(%+v) = %q, want %q", c.fr, got, c.want)
			}
		})
	}
}
