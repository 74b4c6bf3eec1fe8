package target

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPorts compares the table with what the toolchain says. Ports come and go
// with the minor version, so it holds for the Go named in the package comment.
func TestPorts(t *testing.T) {
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, tg := range All() {
		known[tg.String()] = true
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	covered := strings.HasPrefix(string(version), "go1.26") || strings.HasPrefix(string(version), "go1.27")
	for _, p := range strings.Fields(string(out)) {
		if !known[p] && !covered {
			t.Logf("enter port %s of %s", p, version)
		} else if !known[p] {
			t.Errorf("%s has port %s, the table does not", strings.TrimSpace(string(version)), p)
		}
		delete(known, p)
	}
	if covered && len(known) > 0 {
		t.Errorf("ports that Go does not have: %v", known)
	}
}

func TestParse(t *testing.T) {
	tests := []struct{ in, want string }{
		{"linux/amd64", ""},
		{"js/wasm", ""},
		{"linux", "want GOOS/GOARCH"},
		{"linx/amd64", `unknown operating system "linx"; did you mean "linux"?`},
		{"linux/amd46", `unknown architecture "amd46"; did you mean "amd64"?`},
		{"linux/x86_64", `unknown architecture "x86_64"`},
		{"windows/s390x", "no port of Go to windows/s390x; for windows there are 386, amd64, arm64"},
		{"../../x/amd64", "unknown operating system"},
		{"/", "unknown operating system"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := Parse(tt.in)
			if tt.want == "" {
				if err != nil || got.String() != tt.in {
					t.Errorf("Parse = %v, %v", got, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	tests := []struct {
		arch      string
		good, bad []string
	}{
		{"amd64", []string{"v1", "v2", "v3", "v4"}, []string{"", "v9", "v3x", "v0", "3", "V3", "v3,", "v3,lse", " v3"}},
		{"arm", []string{"5", "6", "7", "7,softfloat", "5,hardfloat"}, []string{"", "9", "garbage", "8", "7,", "7,x", "7,softfloat,hardfloat", "7,softfloat,softfloat", "softfloat"}},
		{"arm64", []string{"v8.0", "v8.9", "v9.5", "v8.1,lse", "v8.0,crypto,lse"}, []string{"", "foo", "v8", "v9.6", "v8.10", "v8.0,lse,lse", ",lse"}},
		{"386", []string{"sse2", "softfloat"}, []string{"387", "sse3", ""}},
		{"mips", []string{"hardfloat", "softfloat"}, []string{"float", ""}},
		{"mips64le", []string{"hardfloat", "softfloat"}, []string{"float"}},
		{"ppc64le", []string{"power8", "power10"}, []string{"power11", "8"}},
		{"riscv64", []string{"rva20u64", "rva23u64"}, []string{"rva24u64", "rv64gc"}},
		{"wasm", []string{"", "satconv", "signext,satconv"}, []string{"simd", "satconv,satconv", ",", "satconv,"}},
		{"s390x", []string{""}, []string{"z13"}},
		{"vax", []string{""}, []string{"780"}},
	}
	for _, tt := range tests {
		for _, v := range tt.good {
			if err := CheckLevel(tt.arch, v); err != nil {
				t.Errorf("%s %q: %v", tt.arch, v, err)
			}
		}
		for _, v := range tt.bad {
			if err := CheckLevel(tt.arch, v); err == nil {
				t.Errorf("%s %q: accepted", tt.arch, v)
			}
		}
	}
	for a := range levels {
		if err := CheckLevel(a, DefaultLevel(a)); err != nil {
			t.Errorf("default of %s: %v", a, err)
		}
	}
}

// TestDefaultLevels asks the toolchain for its defaults.
func TestDefaultLevels(t *testing.T) {
	for a, l := range levels {
		goos := "linux"
		if a == "wasm" {
			goos = "js"
		}
		cmd := exec.Command("go", "env", l.name)
		cmd.Env = append(cmd.Environ(), "GOENV=off", "GOOS="+goos, "GOARCH="+a, l.name+"=")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != l.def {
			t.Errorf("%s: %s is %q by default, want %q", a, l.name, got, l.def)
		}
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"goarch", "goos", "link", "buildmode"}
	for in, want := range map[string]string{
		"goach": "goarch", "gooarch": "goarch", "lnik": "link", "build-mode": "buildmode", "zzz": "", "": "", strings.Repeat("a", 1000): "",
	} {
		got := Suggest(in, known)
		if want != "" {
			want = `; did you mean "` + want + `"?`
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.20q: %s", in, diff)
		}
	}
}
