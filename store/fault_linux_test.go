package store

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"moho/evidence"
)

const faultEnv = "MOHO_STORE_FAULT"

// TestFaultyDisk puts into a store on a full and on a read-only file system.
// The file system is mounted by a copy of this test in a mount namespace of its
// own, which takes neither root nor cleaning up.
func TestFaultyDisk(t *testing.T) {
	if fault := os.Getenv(faultEnv); fault != "" {
		inFault(t, fault)
		return
	}
	for _, fault := range []string{"full", "full-report", "readonly"} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFaultyDisk$", "-test.v")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault)
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
			if os.Getuid() != 0 {
				cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
				cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
				cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
			}
			out, err := cmd.CombinedOutput()
			if errors.Is(err, syscall.EPERM) && os.Getenv("MOHO_CI") != "1" {
				t.Skipf("no namespaces here: %v", err)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), "--- PASS: TestFaultyDisk") {
				t.Fatalf("the inner test did not run:\n%s", out)
			}
		})
	}
}

func inFault(t *testing.T, fault string) {
	dir := filepath.Join(t.TempDir(), ".moho")
	mkdir(t, dir)
	// Keep the mount out of the parent's sight.
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	s := open(t, dir)
	small := evidence.Artifact{SHA256: put(t, s, "small"), GoBuildID: "small"}
	putReport(t, s, report(1, small))

	var want syscall.Errno
	var err error
	before := files(t, dir)
	switch fault {
	case "full":
		want = syscall.ENOSPC
		big := make([]byte, 1<<20)
		rand.Read(big)
		_, _, err = s.PutArtifact(t.Context(), strings.NewReader(string(big)))
	case "full-report":
		want = syscall.ENOSPC
		r := report(2, small)
		r.Statement.Findings = []evidence.Finding{{Message: strings.Repeat("x", 1<<20)}}
		_, _, err = s.PutReport(t.Context(), r)
	case "readonly":
		want = syscall.EROFS
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=256k"); err != nil {
			t.Fatal(err)
		}
		if sha, _, err := s.PutArtifact(t.Context(), strings.NewReader("small")); err != nil || sha != small.SHA256 {
			t.Errorf("what is there already needs no writing: %v", err)
		}
		_, _, err = s.PutReport(t.Context(), report(2, small))
		if !errors.Is(err, want) {
			t.Errorf("PutReport: %v, want %v", err, want)
		}
		_, _, err = s.PutArtifact(t.Context(), strings.NewReader("new"))
	}
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
	if !strings.Contains(err.Error(), dir) {
		t.Errorf("error %q does not name %s", err, dir)
	}
	if after := files(t, dir); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("files before:\n%v\nafter:\n%v", before, after)
	}
	if _, err := s.Artifact(small.SHA256); err != nil {
		t.Errorf("what was there before: %v", err)
	}
	if reps, err := s.ReportsFor(small.SHA256); err != nil || len(reps) != 1 {
		t.Errorf("reports that were there before: %d, %v", len(reps), err)
	}
}
