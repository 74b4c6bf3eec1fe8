package prove

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"moho/vet/prove/internal/overlay"
	"moho/vet/prove/internal/rewrite"
	"moho/vet/prove/internal/rt"
)

// CacheDir is where patched runtimes and instrumented builds are kept:
// $MOHO_CACHE/prove, else moho/prove in the user's cache directory. There is none
// when MOHO_CACHE is off: then all is built anew each time.
func CacheDir() (string, error) {
	switch dir := os.Getenv("MOHO_CACHE"); dir {
	case "":
	case "off":
		return "", errors.New("MOHO_CACHE is off")
	default:
		return filepath.Join(dir, "prove"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "moho", "prove"), nil
}

// A toolchain is the Go that the user's own go command would use, reached through
// a link of moho's, with the patched runtime beside it.
//
// The link is there because the go command refuses to overlay files below the
// module cache, where toolchains that it fetched live.
type toolchain struct {
	version string // go1.26.8
	goroot  string // the real one
	root    string // the link
	overlay overlay.Overlay
	env     []string // for the go command
	cache   string
	goos    string
	goarch  string
	cgo     bool
}

// openToolchain finds the toolchain that is in force in o.Dir and patches it. Without
// a cache it lives in dir.
func openToolchain(ctx context.Context, o Options, dir string) (*toolchain, error) {
	env := o.Env
	if env == nil {
		env = os.Environ()
	}
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOOS", "GOARCH", "GOVERSION", "GOROOT", "GOEXPERIMENT", "CGO_ENABLED")
	cmd.Dir, cmd.Env = o.Dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var v struct{ GOOS, GOARCH, GOVERSION, GOROOT, GOEXPERIMENT, CGO_ENABLED string }
	if err := json.Unmarshal(out, &v); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	if v.GOOS != "linux" || v.GOARCH != "amd64" && v.GOARCH != "386" {
		return nil, fmt.Errorf("%s/%s: programs are proved on linux/amd64 and linux/386", v.GOOS, v.GOARCH)
	}
	t := &toolchain{goroot: v.GOROOT, goos: v.GOOS, goarch: v.GOARCH, cgo: v.CGO_ENABLED == "1"}
	t.version, _, _ = strings.Cut(v.GOVERSION, " ")
	if t.cache = o.Cache; t.cache == "" {
		if t.cache, err = CacheDir(); err != nil {
			t.cache = filepath.Join(dir, "cache")
		}
	}
	if t.cache, err = filepath.Abs(t.cache); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(v.GOROOT + "\x00" + v.GOVERSION + "\x00" + rewrite.ID() + rt.ID()))
	home := filepath.Join(t.cache, t.version+"-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	t.root = filepath.Join(home, "go")
	if err := os.Symlink(v.GOROOT, t.root); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if t.overlay, err = overlay.Write(t.root, home); err != nil {
		return nil, err
	}
	t.env = append(slices.Clone(env),
		"GOROOT="+t.root,
		"GOTOOLCHAIN=local",
		"GOCACHE="+filepath.Join(t.cache, "build"),
		"GOEXPERIMENT="+experiments(v.GOEXPERIMENT, t.version),
		"GOPACKAGESDRIVER=off",
		rewrite.Env+"=1",
	)
	return t, nil
}

// experiments are those that the layers need. The specialised allocators of Go
// 1.26 and the explicit frees bypass mallocgc, where sizes are noted.
func experiments(given, version string) string {
	list := strings.FieldsFunc(given, func(r rune) bool { return r == ',' })
	list = append(list, "cgocheck2")
	if !strings.HasPrefix(version, "go1.25") && !strings.HasPrefix(version, "go1.24") {
		list = append(list, "nosizespecializedmalloc", "noruntimefreegc")
	}
	return strings.Join(list, ",")
}

func (t *toolchain) target() string { return t.goos + "/" + t.goarch }

// command is the go command of the toolchain.
func (t *toolchain) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(t.root, "bin", "go"), args...)
	cmd.Dir, cmd.Env = dir, t.env
	return cmd
}

// output runs the go command and returns what it prints; the error has its words.
func (t *toolchain) output(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := t.command(ctx, dir, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %s", args[0], cmp.Or(strings.TrimSpace(stderr.String()), err.Error()))
	}
	return out, nil
}
