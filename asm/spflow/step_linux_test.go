//go:build amd64

package spflow_test

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"moho/asm"
	"moho/asm/spflow"
	"moho/gotab"
	"moho/internal/testbin"
)

// A stepped is one function of a process that is executed step by step.
type stepped struct {
	name  string
	write bool // SP is not known to the linker
	flow  map[uint32]int32
}

// An activation is one call of a function that has not returned.
type activation struct {
	index int
	entry uint64 // SP
}

// A place is where a stack goes on after a call.
type place struct{ pc, sp uint64 }

// A shadow is what is known of the stack that is in use: the calls that were
// seen. Only functions with flag SPWrite change stacks; what was in use when one
// was called is kept until the call comes back.
type shadow struct {
	now   []activation
	saved map[place][]activation
	write bool // the last step was in such a function
}

// step takes a step into account and returns the activation that it is in.
func (s *shadow) step(index int, begins, write bool, pc, sp, ret uint64) (activation, bool) {
	if write {
		if begins && !s.write {
			s.saved[place{ret, sp + 8}] = slices.Clone(s.now)
		}
		s.write = true
		return activation{}, false
	}
	if s.write {
		at := place{pc, sp}
		s.now = s.saved[at]
		delete(s.saved, at)
		s.write = false
	}
	for n := len(s.now) - 1; n >= 0 && (s.now[n].entry < sp || begins && s.now[n].entry == sp); n-- {
		s.now = s.now[:n]
	}
	if begins {
		s.now = append(s.now, activation{index, sp})
	}
	if n := len(s.now) - 1; n >= 0 && s.now[n].index == index {
		return s.now[n], true
	}
	return activation{}, false
}

// TestSteps executes the toy instruction by instruction and compares SP of the
// processor with what was found from the code, and with the table.
func TestSteps(t *testing.T) {
	limit := 60_000
	if testbin.IsLong() {
		limit = 600_000
	}
	path := testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	p, err := asm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	v, err := spflow.New(p)
	if err != nil {
		t.Fatal(err)
	}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		denied(t, err)
	}
	pid := cmd.Process.Pid
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		t.Fatalf("the process did not stop at its beginning: %v %v", status, err)
	}

	funcs := map[int]*stepped{}
	stack := shadow{saved: map[place][]activation{}}
	var regs unix.PtraceRegs
	steps, checked, outside, fresh := 0, 0, 0, 0
	seen := map[uint64]bool{}
	for ; steps < limit; steps++ {
		if err := unix.PtraceGetRegs(pid, &regs); err != nil {
			denied(t, err)
		}
		fn, ok := p.Table.FuncAt(gotab.PC(regs.Rip))
		if !ok {
			outside++ // in the vDSO
		} else {
			f := funcs[fn.Index()]
			if f == nil {
				f = &stepped{name: fn.Name(), write: fn.Flags()&gotab.SPWrite != 0, flow: map[uint32]int32{}}
				steps, err := v.Flow(fn, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range steps {
					if s.Known && s.Reached {
						f.flow[s.Off] = s.SP
					}
				}
				funcs[fn.Index()] = f
			}
			off := uint32(regs.Rip - uint64(fn.Entry()))
			var ret [8]byte
			if off == 0 && f.write {
				if _, err := unix.PtracePeekData(pid, uintptr(regs.Rsp), ret[:]); err != nil {
					t.Fatal(err)
				}
			}
			if a, ok := stack.step(fn.Index(), off == 0, f.write, regs.Rip, regs.Rsp, binary.LittleEndian.Uint64(ret[:])); ok {
				real := int32(a.entry - regs.Rsp)
				flow, known := f.flow[off]
				table, inTable := fn.SPDelta(gotab.PC(regs.Rip))
				switch {
				case !known:
					t.Errorf("%s+%#x: executed, and not reached in the code", f.name, off)
				case flow != real:
					t.Errorf("%s+%#x: SP is %d below, from the code %d, in the table %d", f.name, off, real, flow, table)
				case table != real || !inTable:
					t.Errorf("%s+%#x: SP is %d below, in the table %d", f.name, off, real, table)
				default:
					checked++
				}
				if !seen[regs.Rip] {
					seen[regs.Rip] = true
					fresh++
				}
			}
		}
		if t.Failed() {
			return
		}
		if err := unix.PtraceSingleStep(pid); err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
			t.Fatal(err)
		}
		if status.Exited() || status.Signaled() {
			break
		}
		if sig := status.StopSignal(); sig != unix.SIGTRAP {
			t.Fatalf("stopped by %v", sig)
		}
	}
	t.Logf("%d steps, %d checked, %d outside of the program; %d functions, %d places", steps, checked, outside, len(funcs), fresh)
	if checked < steps*9/10 || fresh < 2000 {
		t.Errorf("of %d steps %d were checked, at %d places", steps, checked, fresh)
	}
}

// denied skips where a process may not be traced; under MOHO_CI=1 it fails.
func denied(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, unix.EPERM) {
		testbin.Missing(t, "a process may not be traced here")
	}
	t.Fatal(err)
}
