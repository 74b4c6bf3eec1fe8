package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a module with everything that names a package.
var small = map[string]string{
	"go.mod":    "module tiny\n\ngo 1.26.0\n",
	"tools.mod": "// Tools.\nmodule tiny\n\ngo 1.26.0\n",
	"README.md": "Run `go install tiny/cmd/tiny@latest`, see tiny/core and ./internal/ci.\nKinds: tiny/core/v1, tiny/report/v1. The store is /tmp/tiny/core.\n",
	"cmd/tiny/main.go": `// Command tiny: see [tiny/core.Open].
package main

//tool:run tiny/core/gen

import (
	"fmt"

	"tiny/core"
	own "tiny"

	"tinyx/core"
)

const kind = "tiny/core/v1"
`,
	"core/core.go":        "package core\n",
	"core/testdata/no.go": "package (",
	"core/bin.dat":        "tiny/core",
	"examples/x/go.mod":   "module example.org/x\n\nrequire tiny/core v0.0.0\n\nrequire (\n\ttiny v0.0.0\n\ttinyx v0.0.0\n)\n\nreplace tiny => ../..\n",
}

func TestRewriteModule(t *testing.T) {
	root := t.TempDir()
	write(t, root, small)
	if err := rewriteModule(root, "example.org/deep/tiny"); err != nil {
		t.Fatal(err)
	}
	once := snapshot(t, root)
	want := map[string]string{
		"go.mod":    "module example.org/deep/tiny\n\ngo 1.26.0\n",
		"tools.mod": "// Tools.\nmodule example.org/deep/tiny\n\ngo 1.26.0\n",
		"README.md": "Run `go install example.org/deep/tiny/cmd/tiny@latest`, see example.org/deep/tiny/core and ./internal/ci.\nKinds: tiny/core/v1, tiny/report/v1. The store is /tmp/tiny/core.\n",
		"cmd/tiny/main.go": `// Command tiny: see [example.org/deep/tiny/core.Open].
package main

//tool:run example.org/deep/tiny/core/gen

import (
	"fmt"

	own "example.org/deep/tiny"
	"example.org/deep/tiny/core"

	"tinyx/core"
)

const kind = "tiny/core/v1"
`,
		"core/core.go":        "package core\n",
		"core/testdata/no.go": "package (",
		"core/bin.dat":        "tiny/core",
		"examples/x/go.mod":   "module example.org/x\n\nrequire example.org/deep/tiny/core v0.0.0\n\nrequire (\n\texample.org/deep/tiny v0.0.0\n\ttinyx v0.0.0\n)\n\nreplace example.org/deep/tiny => ../..\n",
	}
	if diff := cmp.Diff(want, once); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := rewriteModule(root, "example.org/deep/tiny"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(once, snapshot(t, root)); diff != "" {
		t.Errorf("not idempotent: %s", diff)
	}
	if err := rewriteModule(root, "tiny"); err != nil {
		t.Fatal(err)
	}
	back := snapshot(t, root)
	back["cmd/tiny/main.go"] = small["cmd/tiny/main.go"] // the order of two imports may differ
	if diff := cmp.Diff(small, back); diff != "" {
		t.Errorf("there and back: %s", diff)
	}
}

func TestRewriteModuleRefuses(t *testing.T) {
	for _, to := range []string{"", "a b", "../x", "/abs", "x//y", "x/"} {
		root := t.TempDir()
		write(t, root, small)
		if err := rewriteModule(root, to); err == nil {
			t.Errorf("path %q was taken", to)
		}
		if diff := cmp.Diff(small, snapshot(t, root)); diff != "" {
			t.Errorf("path %q was refused and changed: %s", to, diff)
		}
	}
}

func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	list, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, data := range list {
		out[name] = string(data)
	}
	return out
}
