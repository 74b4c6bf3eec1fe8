package overlay

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
)

// TestAnchors: every layer can be had from every toolchain that is promised.
func TestAnchors(t *testing.T) {
	roots := map[string]string{"this": goroot(t, "local")}
	for _, v := range testbin.Releases {
		if strings.HasPrefix(v, "1.25") || strings.HasPrefix(v, "1.27") {
			testbin.Toolchain(t, v)
			roots[v] = goroot(t, "go"+v)
		}
	}
	for name, root := range roots {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o, err := Write(root, dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range o.Missing {
				t.Errorf("%s is missing: %s", m.Layer.Name, m.Why)
			}
			b, err := os.ReadFile(o.File)
			if err != nil {
				t.Fatal(err)
			}
			var list struct{ Replace map[string]string }
			if err := json.Unmarshal(b, &list); err != nil {
				t.Fatal(err)
			}
			patched := 0
			for from, to := range list.Replace {
				if filepath.Dir(to) != dir || !strings.HasPrefix(from, root) {
					t.Errorf("%s is replaced by %s", from, to)
				}
				if _, err := os.Stat(from); err == nil {
					patched++
				}
			}
			if patched < 7 || len(list.Replace) < patched+8 {
				t.Errorf("%d files, %d of them patched", len(list.Replace), patched)
			}
		})
	}
}

// TestMissingAnchor takes one anchor after the other out of a copy of the runtime.
func TestMissingAnchor(t *testing.T) {
	local := goroot(t, "local")
	for _, l := range layers {
		for _, p := range l.patches {
			root := t.TempDir()
			for _, l := range layers {
				for _, p := range l.patches {
					copyFile(t, filepath.Join(local, "src", p.file), filepath.Join(root, "src", p.file))
				}
			}
			name := filepath.Join(root, "src", p.file)
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			for _, e := range p.any {
				text = strings.ReplaceAll(text, e.anchor, "\n")
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			o, err := Write(root, t.TempDir())
			if l.Needed {
				if le, ok := errors.AsType[*LayerError](err); !ok || le.Missing.Layer.Name != l.Name || o.File != "" {
					t.Errorf("%s without %q: %v, %+v", l.Name, p.any[0].anchor, err, o)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(o.Missing) != 1 || o.Missing[0].Layer.Name != l.Name {
				t.Errorf("%s without %q: missing %+v", l.Name, p.any[0].anchor, o.Missing)
			}
		}
	}
}

// goroot is where a toolchain lies.
func goroot(t *testing.T, toolchain string) string {
	t.Helper()
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain)
	cmd.Dir = t.TempDir() // no go.mod that asks for another
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
