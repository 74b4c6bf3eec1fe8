//go:build linux

package postmortem_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/objfile"
	"moho/postmortem"
	"moho/store"
)

// put stores an executable the way a build does, with a report that names it.
func put(t *testing.T, s *store.Store, exe string) {
	t.Helper()
	f, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sha, size, err := s.PutArtifact(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	o, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	id := o.BuildID()
	rep := evidence.Report{Schema: evidence.SchemaReport}
	rep.Statement.Artifacts = []evidence.Artifact{{Name: "x", SHA256: sha, Size: size, GoBuildID: id.Go, GNUBuildID: id.GNU}}
	if _, _, err := s.PutReport(t.Context(), rep); err != nil {
		t.Fatal(err)
	}
}

// TestTextFindsExecutable: of the artifacts in a store, the one that printed the
// text is taken, if there is exactly one.
func TestTextFindsExecutable(t *testing.T) {
	program := func(more string) testbin.Source {
		return testbin.Main("package main\n\nimport \"time\"\n\n//go:noinline\nfunc park(c chan int) { <-c }\n\nfunc main() {\n" + more +
			"\tgo park(nil)\n\ttime.Sleep(20 * time.Millisecond)\n\tpanic(\"boom\")\n}\n")
	}
	one := testbin.Build(t, program(""), testbin.Config{})
	other := testbin.Build(t, program("\tprintln(1)\n"), testbin.Config{})
	again := testbin.Build(t, program(""), testbin.Config{LDFlags: "-X main.x=another -buildid=another"})
	stripped := filepath.Join(t.TempDir(), "stripped")
	testbin.NeedTool(t, "strip")
	if out, err := exec.CommandContext(t.Context(), "strip", "-o", stripped, one).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), one)
	cmd.Env = append(os.Environ(), "GOTRACEBACK=system")
	printed, _ := cmd.CombinedOutput()
	text := write(t, "trace.txt", string(printed))

	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *postmortem.Case {
		t.Helper()
		stores, err := store.OpenSet([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		c, err := postmortem.Open(t.Context(), text, postmortem.Options{Stores: stores})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	put(t, s, other)
	if c := open(); c.Exe != nil || len(c.Gaps) != 0 {
		t.Errorf("another program is taken for the one that printed: %s, gaps %v", c.ExePath, c.Gaps)
	}
	put(t, s, one)
	if c := open(); c.Exe == nil || c.ExeFrom != postmortem.Contents || !c.ExeFound() || c.Report == nil || len(c.Gaps) != 0 {
		t.Errorf("not found: from %q, gaps %v", c.ExeFrom, c.Gaps)
	}
	put(t, s, stripped)
	if c := open(); c.Exe == nil || len(c.Gaps) != 0 {
		t.Errorf("a stripped copy is a riddle: gaps %v", c.Gaps)
	}
	put(t, s, again)
	if c := open(); c.Exe != nil || len(c.Gaps) != 1 {
		t.Errorf("of two that agree %s is taken, gaps %v", c.ExePath, c.Gaps)
	}
}
