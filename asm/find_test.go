package asm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"moho/asm"
	"moho/internal/testbin"
)

func TestFind(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped}))
	for _, tt := range []struct {
		pattern string
		want    string // names, separated by blanks; "" when none is found
		near    string // a name that the error must hold
	}{
		{"main.Spill", "main.Spill", ""},
		{"Spill", "main.Spill", ""},
		{"(*Point).Scale", "main.(*Point).Scale", ""},
		{"main.Generic", "main.Generic[go.shape.float64] main.Generic[go.shape.int]", ""},
		{"Generic[...]", "main.Generic[go.shape.float64] main.Generic[go.shape.int]", ""},
		{"main.Generic[go.shape.int]", "main.Generic[go.shape.int]", ""},
		{`^main\.ns\d$`, "main.ns1 main.ns2 main.ns3", ""},
		{"main.Spil", "", "main.Spill"},
		{"main.spill", "", "main.Spill"},
		{"Spll", "", "main.Spill"},
		{"main.Spil.*", "main.Spill", ""},
		{"main.nothingOfThatName", "", ""},
		{"init", "", "os.init"}, // many
		{"pill", "", "main.Spill"},
		{"0x1", "", ""},
		{"(", "", ""},
		{"", "", ""},
	} {
		fns, err := p.Find(tt.pattern)
		var names []string
		for _, fn := range fns {
			names = append(names, fn.Name())
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("Find(%q) = %s, want %s", tt.pattern, got, tt.want)
		}
		if (err != nil) != (tt.want == "") {
			t.Errorf("Find(%q): error %v", tt.pattern, err)
		}
		match, ok := errors.AsType[*asm.MatchError](err)
		if err != nil && (!ok || !errors.Is(err, asm.ErrNoFunc) || tt.near != "" && !slices.Contains(match.Names, tt.near)) {
			t.Errorf("Find(%q): error %+v, want one with %s", tt.pattern, err, tt.near)
		}
	}
	spill, err := p.Find("main.Spill")
	if err != nil {
		t.Fatal(err)
	}
	inside := string(asm.AppendHex(nil, uint64(spill[0].Entry())+5))
	if at, err := p.Find(inside); err != nil || at[0].Entry() != spill[0].Entry() {
		t.Errorf("Find(%s): %v", inside, err)
	}
}

// TestFindMajor: people say rand.X of math/rand/v2.
func TestFindMajor(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.NetHTTP(), testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	for pattern, want := range map[string]string{
		"rand.(*ChaCha8).MarshalBinary":      "math/rand/v2.(*ChaCha8).MarshalBinary",
		"math/rand.(*ChaCha8).MarshalBinary": "math/rand/v2.(*ChaCha8).MarshalBinary",
		"and.(*ChaCha8).MarshalBinary":       "",
		"v2.(*ChaCha8).MarshalBinary":        "math/rand/v2.(*ChaCha8).MarshalBinary",
	} {
		fns, err := p.Find(pattern)
		switch {
		case want == "" && err == nil, want != "" && (err != nil || len(fns) != 1 || fns[0].Name() != want):
			t.Errorf("Find(%q) = %v, %v, want %q", pattern, fns, err, want)
		}
	}
}

func TestPackage(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"main.Spill", "main"},
		{"go.etcd.io/etcd/server/v3/etcdserver.(*EtcdServer).Start", "go.etcd.io/etcd/server/v3/etcdserver"},
		{"slices.SortFunc[go.shape.[]a/b.T,go.shape.struct { x/y.Z }]", "slices"},
		{"sync/atomic.(*Pointer[a/b.T]).Load", "sync/atomic"},
		{"gopkg.in/yaml%2ev2.Marshal", "gopkg.in/yaml.v2"},
		{"type:.eq.net/http.Header", asm.Generated},
		{"type..hash.main.T", asm.Generated},
		{"go:textfipsstart", asm.Generated},
		{"go.buildid", asm.Generated},
		{"memset", asm.Generated},
		{"x/y.F.func1", "x/y"},
		{"", asm.Generated},
	} {
		if got := asm.Package(tt.name); got != tt.want {
			t.Errorf("Package(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
	if !asm.InPackage("a/b", "a/...") || asm.InPackage("ab", "a/...") || !asm.InPackage("a", "a/...") || asm.InPackage("a/b", "a") {
		t.Error("InPackage")
	}
}

// TestMarksNameNothing: the linker's marks without a size begin where something
// else lies, and small constants can equal their address.
func TestMarksNameNothing(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	syms, err := p.File.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	marks, learnt := 0, p.Names()
	for _, s := range syms {
		if s.Size > 0 || !strings.HasSuffix(s.Name, ".*") {
			continue
		}
		marks++
		if got := string(learnt.Append(nil, uint64(s.Addr))); got == s.Name {
			t.Errorf("%#x is named %s", uint64(s.Addr), got)
		}
	}
	if marks == 0 {
		t.Error("the program has no mark")
	}
}
