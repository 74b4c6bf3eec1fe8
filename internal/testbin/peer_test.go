package testbin

import (
	"debug/buildinfo"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestToyRuns(t *testing.T) {
	out, err := exec.Command(Build(t, Toy(t), Config{})).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "98 <nil>") {
		t.Errorf("%v: %s", err, out)
	}
	for _, c := range []Config{
		{GOARCH: "arm64"},
		{GOOS: "wasip1", GOARCH: "wasm"},
		{Go: "1.18.10"},
	} {
		Build(t, Toy(t), c)
	}
}

func TestPeer(t *testing.T) {
	path := Peer(t, Etcd, Config{})
	bi, err := buildinfo.ReadFile(path)
	if err != nil || bi.Path != Etcd || bi.GoVersion != runtime.Version() {
		t.Errorf("%s: %v, path %q, Go %s", path, err, bi.Path, bi.GoVersion)
	}
}
