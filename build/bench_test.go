package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkWarm builds with everything in the build cache; BenchmarkGoBuild is
// the go command alone, with the same flags. The difference is what governing
// costs.
func BenchmarkWarm(b *testing.B) {
	dir := module(b, nil)
	opts := Options{Dir: dir, Policy: parse(b, linux), Env: environ()}
	run(b, opts)
	for b.Loop() {
		run(b, opts)
	}
}

func BenchmarkGoBuild(b *testing.B) {
	dir := module(b, nil)
	out := filepath.Join(b.TempDir(), "hello")
	for b.Loop() {
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, "./cmd/hello")
		cmd.Dir, cmd.Env = dir, environ("CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		if msg, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, msg)
		}
		os.Remove(out)
	}
}
