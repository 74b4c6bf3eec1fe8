package vet_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
)

// numberRules follow addresses that are kept as numbers.
var numberRules = []string{
	"add-past-object", "int-as-pointer", "pun-uintptr-load", "syscall-split", "uintptr-escapes-frame",
	"uintptr-roundtrip", "wrapper-uintptr",
}

// numbers lists what these rules report in a module, of a severity or worse.
func numbers(t *testing.T, dir string, targets []string, least evidence.Severity) []string {
	t.Helper()
	r := run(t, vet.Options{
		Dir: dir, Targets: targets, Env: append(os.Environ(), "GOFLAGS=-mod=mod", "CGO_ENABLED=0"),
	})
	var list []string
	for _, f := range r.Findings {
		if slices.Contains(numberRules, f.Rule) && f.Severity.Rank() >= least.Rank() {
			list = append(list, lines(vet.Result{Findings: []evidence.Finding{f}})...)
		}
	}
	return list
}

// TestRealNumbers runs over releases in which addresses travelled to the
// operating system as numbers, and over those in which that was mended.
func TestRealNumbers(t *testing.T) {
	testbin.Long(t)
	tests := []struct {
		module, target string
		want           []string
		mended         string   // the release after it
		gone           []string // what that may not have any more: files
	}{
		{
			// Fields of type uintptr in a struct that another file passes on,
			// through an interface that stands for the procedure.
			"github.com/danieljoos/wincred@v1.2.2", "windows/amd64",
			[]string{"conversion.go:88 syscall-split", "conversion.go:96 syscall-split", "conversion.go:107 syscall-split"},
			"github.com/danieljoos/wincred@v1.2.3",
			[]string{"conversion.go:"},
		},
		{
			// A ptrace request with an address in a field, and the wrapper itself.
			"golang.org/x/sys@v0.5.0", "freebsd/amd64",
			[]string{
				"unix/syscall_freebsd_amd64.go:67 syscall-split", "unix/syscall_freebsd_amd64.go:70 syscall-split",
				"unix/syscall_freebsd.go:274 syscall-split", "unix/ioctl.go:61 syscall-split",
			},
			"golang.org/x/sys@v0.6.0",
			[]string{"unix/syscall_freebsd", "unix/ioctl"},
		},
		{
			// An ifreq whose data is the address of a variable.
			"github.com/safchain/ethtool@v0.2.0", "linux/amd64",
			[]string{"ethtool.go:384 syscall-split", "ethtool_cmd.go:122 syscall-split"},
			"", nil,
		},
		{
			// The attributes of a bpf call, and a chain of two requests.
			"github.com/vishvananda/netlink@v1.3.0", "linux/amd64",
			[]string{"bpf_linux.go:66 syscall-split", "ioctl_linux.go:81 syscall-split"},
			"", nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.module, func(t *testing.T) {
			got := numbers(t, module(t, tt.module), []string{tt.target}, evidence.Medium)
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("no %s; got %q", want, got)
				}
			}
			if tt.mended == "" {
				return
			}
			for _, f := range numbers(t, module(t, tt.mended), []string{tt.target}, evidence.Medium) {
				for _, file := range tt.gone {
					if strings.HasPrefix(f, file) {
						t.Errorf("%s: %s", tt.mended, f)
					}
				}
			}
		})
	}
}

// TestNumbersFalseAlarms: nothing of high severity in code that hands addresses
// to four operating systems all day.
func TestNumbersFalseAlarms(t *testing.T) {
	testbin.Long(t)
	targets := []string{"linux/amd64", "windows/amd64", "darwin/arm64", "freebsd/amd64"}
	for _, name := range []string{"golang.org/x/sys@v0.28.0", "github.com/cilium/ebpf@v0.18.0", "github.com/shirou/gopsutil/v3@v3.24.5"} {
		t.Run(name, func(t *testing.T) {
			if got := numbers(t, module(t, name), targets, evidence.High); len(got) > 0 {
				t.Errorf("findings: %q", got)
			}
		})
	}
}
