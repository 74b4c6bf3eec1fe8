package testbin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Large programs of others, at the versions that peers.mod names.
const (
	Etcd  = "go.etcd.io/etcd/server/v3"
	Delve = "github.com/go-delve/delve/cmd/dlv"
)

// PeerTargets are the targets for which Etcd and Delve are read: each object
// file format that has one, on both architectures.
var PeerTargets = []Config{
	{GOOS: "linux", GOARCH: "amd64"},
	{GOOS: "linux", GOARCH: "arm64"},
	{GOOS: "darwin", GOARCH: "arm64"},
	{GOOS: "windows", GOARCH: "amd64"},
}

// Peer returns the path of a program of others, compiled now or by an earlier
// test with the toolchain that runs the test. c chooses target and mode. The
// first build of each target takes a minute: all but the host's belong into the
// long part.
func Peer(tb testing.TB, pkg string, c Config) string {
	tb.Helper()
	c = c.filled()
	root := moduleRoot(tb)
	h := sha256.New()
	fmt.Fprintf(h, "peer 1\n%s\n%s\n%q\n%q\n", Toolchain(tb, c.Go), pkg, c.args(), append([]string{c.GOOS, c.GOARCH, string(c.Mode)}, c.Env...))
	for _, name := range []string{"peers.mod", "peers.sum"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			tb.Fatal(err)
		}
		fmt.Fprintf(h, "%d %s\n", len(b), b)
	}
	dir := cacheDir(tb)
	out := filepath.Join(dir, hex.EncodeToString(h.Sum(nil))[:32])
	if _, err := os.Stat(out); err == nil {
		return out
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(work)
	tmp := filepath.Join(work, "peer.out")
	var args []string
	for _, a := range c.args() {
		if a != "-mod=mod" { // it would write to peers.mod
			args = append(args, a)
		}
	}
	cmd := exec.Command("go", append(args, "-modfile=peers.mod", "-o", tmp, pkg)...)
	cmd.Dir, cmd.Env = root, append(c.env(), "PWD="+root)
	if b, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build %s %v: %v\n%s", pkg, c, err, b)
	}
	if err := os.Rename(tmp, out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// cacheDir returns the directory that keeps what was built.
func cacheDir(tb testing.TB) string {
	tb.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		tb.Fatal(err)
	}
	dir := filepath.Join(cache, "moho-testbin")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// moduleRoot returns the directory of moho's go.mod.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd() // tests run in their package's directory
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "peers.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			_, self, _, _ := runtime.Caller(0)
			tb.Fatalf("no peers.mod above the working directory (%s)", strings.TrimSuffix(self, "peer.go"))
		}
		dir = up
	}
}
