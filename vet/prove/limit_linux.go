package prove

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// runGroup runs a command in a process group of its own, which is ended whole
// when the command's context ends, when its members together have more than
// memory bytes, or when the command itself has ended. Memory is what is resident:
// of address space the guard pages alone take 64 GiB.
func runGroup(cmd *exec.Cmd, memory int64) (over bool, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	end := func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return nil
	}
	cmd.Cancel = end
	cmd.WaitDelay = 5 * time.Second // children that left the group keep pipes open
	if err := cmd.Start(); err != nil {
		return false, err
	}
	done, watched := make(chan struct{}), make(chan bool)
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				watched <- false
				return
			case <-tick.C:
				if resident(cmd.Process.Pid) > memory {
					end()
					<-done
					watched <- true
					return
				}
			}
		}
	}()
	err = cmd.Wait()
	close(done)
	over = <-watched
	end()
	return over, err
}

// resident is the memory of all processes of a group, in bytes.
func resident(group int) int64 {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	sum := int64(0)
	for _, n := range names {
		if n.Name()[0] < '0' || n.Name()[0] > '9' {
			continue
		}
		b, err := os.ReadFile("/proc/" + n.Name() + "/stat")
		if err != nil {
			continue
		}
		// The name in parentheses may hold anything; fields are counted after it.
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		if len(f) < 22 || string(f[2]) != strconv.Itoa(group) {
			continue
		}
		pages, _ := strconv.ParseInt(string(f[21]), 10, 64)
		sum += pages * int64(os.Getpagesize())
	}
	return sum
}

// usage returns what a command that has ended used: processor time with that of the
// children it has waited for, and the most memory of one process.
func usage(cmd *exec.Cmd) (cpu time.Duration, memory int64) {
	s := cmd.ProcessState
	if s == nil {
		return 0, 0
	}
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		memory = u.Maxrss << 10
	}
	return s.UserTime() + s.SystemTime(), memory
}
