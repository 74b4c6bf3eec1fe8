//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"moho/core/coretest"
	"moho/internal/cli"
	"moho/internal/testbin"
)

const (
	mutations    = 500
	mutatedBytes = 1000
	mutatedRSS   = 1 << 30
)

// TestMutation asks every question about cores of which a thousand bytes are
// random. Whatever the answer is, it comes, in bounded memory, and no bug of
// ours is met on the way. A process of its own does the work, so that its
// memory can be measured.
func TestMutation(t *testing.T) {
	if core := os.Getenv("MOHO_TEST_MUTATE"); core != "" {
		mutate(t, core, os.Getenv("MOHO_TEST_EXE"))
		return
	}
	testbin.Long(t)
	c := testbin.Config{Mode: testbin.Stripped}
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "matrix")), c)
	core, _ := coretest.Captured(t, nil, exe, "abort")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMutation$", "-test.v", "-test.timeout=15m")
	cmd.Env = append(os.Environ(), "MOHO_TEST_MUTATE="+core, "MOHO_TEST_EXE="+exe)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	if !strings.Contains(string(out), fmt.Sprintf("%d cores answered", mutations)) {
		t.Fatalf("it did not get to the end:\n%s", tail(out))
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if rss := usage.Maxrss << 10; rss > mutatedRSS {
		t.Errorf("it took %d MB", rss>>20)
	}
	t.Logf("%s %d MB, %v of CPU", bytes.TrimSpace(out), usage.Maxrss>>10, cmd.ProcessState.UserTime())
}

// questions are the ways to ask about a core, without it and the executable.
var questions = [][]string{
	{"core"},
	{"core", "--json"},
	{"core", "goroutines", "--all", "--with", "stacks,regs,vars,defers,panics"},
	{"core", "goroutines", "--json", "--with", "stacks,regs,vars,defers,panics"},
	{"core", "threads"},
	{"core", "regs", "--all"},
	{"core", "defers"},
	{"core", "waits"},
	{"core", "mem", "--map"},
}

// mutate damages the core in many ways, one after the other.
func mutate(t *testing.T, core, exe string) {
	f, err := os.OpenFile(core, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole, err := os.ReadFile(core)
	if err != nil {
		t.Fatal(err)
	}
	var pages []int64 // with anything in them
	for off := 0; off < len(whole); off += 4096 {
		if page := whole[off:min(off+4096, len(whole))]; len(bytes.Trim(page, "\x00")) > 0 {
			pages = append(pages, int64(off))
		}
	}
	codes := map[int]int{}
	for seed := range uint64(mutations) {
		r := rand.New(rand.NewPCG(seed, 0))
		var at []int64
		for range mutatedBytes {
			off := min(pages[r.IntN(len(pages))]+int64(r.IntN(4096)), int64(len(whole)-1))
			if seed%8 != 0 && off < 4096 {
				continue // headers in one of eight only, or few cores would open
			}
			at = append(at, off)
			if _, err := f.WriteAt([]byte{byte(r.Uint32())}, off); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range questions {
			ask(t, seed, codes, append(append([]string{}, q...), core, exe))
		}
		for _, off := range at {
			if _, err := f.WriteAt(whole[off:off+1], off); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d cores answered; exit codes %v", mutations, codes)
}

// ask runs moho in this process. An answer that takes a minute counts as none.
func ask(t *testing.T, seed uint64, codes map[int]int, args []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	done := time.AfterFunc(time.Minute, func() { panic(fmt.Sprintf("seed %d: moho %v hangs", seed, args)) })
	code := run(ctx, cli.New(strings.NewReader(""), &out, &errs, os.Getenv), args)
	done.Stop()
	codes[code]++
	switch {
	case strings.Contains(errs.String(), "bug in moho"):
		t.Errorf("seed %d: moho %v:\n%s", seed, args, tail(errs.Bytes()))
	case code == cli.Usage:
		t.Errorf("seed %d: moho %v: exit %d\n%s", seed, args, code, tail(errs.Bytes()))
	case code == 0 && out.Len() == 0:
		t.Errorf("seed %d: moho %v: nothing, and exit 0", seed, args)
	case code != 0 && errs.Len() == 0:
		t.Errorf("seed %d: moho %v: exit %d without a word", seed, args, code)
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-4000):] }
