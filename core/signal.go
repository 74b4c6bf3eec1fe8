package core

import (
	"fmt"

	"moho/core/internal/layout"
)

// A Signal is what ended the process.
//
// Code is si_code. Addr is the address of the fault when HasAddr is set; the
// kernel knows none for SI_KERNEL, which is how amd64 reports an address that is
// not canonical. From is the process that sent the signal, 0 if the kernel did.
// TID is the thread that took it.
type Signal struct {
	Number  int
	Name    string
	Code    int
	Addr    Addr
	HasAddr bool
	From    int
	TID     int
}

// CodeName returns the name of si_code, as "SEGV_MAPERR", or "".
func (s Signal) CodeName() string {
	if n, ok := commonCodes[s.Code]; ok {
		return n
	}
	return faultCodes[s.Number][s.Code]
}

// String returns the name, and the address if the signal has one.
func (s Signal) String() string {
	if s.HasAddr {
		return fmt.Sprintf("%s at %#x", s.Name, uint64(s.Addr))
	}
	return s.Name
}

// Signal returns what ended the process: NT_SIGINFO, else pr_cursig of the
// first thread. It returns false for the core of a process that was merely
// stopped, as gcore makes it.
//
// Source: linux/kernel/signal.c (siginfo_layout), linux/fs/binfmt_elf.c.
func (p *Process) Signal() (Signal, bool) {
	var s Signal
	if len(p.threads) > 0 {
		s.TID = p.threads[0].TID
		s.Number = p.threads[0].Signal
	}
	if si := p.siginfo; si != nil {
		s.Number = int(int32(le32(si[layout.SISigno:])))
		s.Code = int(int32(le32(si[layout.SICode:])))
		_, fault := faultCodes[s.Number]
		switch {
		case fault && s.Code > 0 && s.Code < siKernel:
			s.Addr, s.HasAddr = Addr(le64(si[layout.SIAddr:])), true
		case s.Code == siUser || s.Code == siTkill || s.Code == siQueue:
			s.From = int(int32(le32(si[layout.SIPid:])))
		}
	}
	if s.Number <= 0 || s.Number > 64 || harmless[s.Number] {
		return Signal{}, false
	}
	s.Name = SignalName(s.Number)
	return s, true
}

const (
	siUser   = 0
	siKernel = 0x80
	siQueue  = -1
	siTkill  = -6
)

var commonCodes = map[int]string{
	siUser: "SI_USER", siKernel: "SI_KERNEL", siQueue: "SI_QUEUE", -2: "SI_TIMER", siTkill: "SI_TKILL",
}

// faultCodes names si_code of the signals whose siginfo holds an address.
//
// Source: linux/include/uapi/asm-generic/siginfo.h.
var faultCodes = map[int]map[int]string{
	4: {1: "ILL_ILLOPC", 2: "ILL_ILLOPN", 3: "ILL_ILLADR", 4: "ILL_ILLTRP", 5: "ILL_PRVOPC", 6: "ILL_PRVREG", 7: "ILL_COPROC", 8: "ILL_BADSTK"},
	5: {1: "TRAP_BRKPT", 2: "TRAP_TRACE", 3: "TRAP_BRANCH", 4: "TRAP_HWBKPT", 5: "TRAP_UNK", 6: "TRAP_PERF"},
	7: {1: "BUS_ADRALN", 2: "BUS_ADRERR", 3: "BUS_OBJERR", 4: "BUS_MCEERR_AR", 5: "BUS_MCEERR_AO"},
	8: {1: "FPE_INTDIV", 2: "FPE_INTOVF", 3: "FPE_FLTDIV", 4: "FPE_FLTOVF", 5: "FPE_FLTUND", 6: "FPE_FLTRES", 7: "FPE_FLTINV", 8: "FPE_FLTSUB"},
	11: {
		1: "SEGV_MAPERR", 2: "SEGV_ACCERR", 3: "SEGV_BNDERR", 4: "SEGV_PKUERR", 5: "SEGV_ACCADI", 6: "SEGV_ADIDERR", 7: "SEGV_ADIPERR",
		8: "SEGV_MTEAERR", 9: "SEGV_MTESERR", 10: "SEGV_CPERR",
	},
}

// harmless are the signals that stop, continue or do nothing by default: a core
// that states one was taken of a living process.
var harmless = map[int]bool{17: true, 18: true, 19: true, 20: true, 21: true, 22: true, 23: true, 28: true}

// SignalName returns Linux's name for signal n on amd64 and arm64, as "SIGSEGV".
func SignalName(n int) string {
	if n > 0 && n < len(signalNames) {
		return signalNames[n]
	}
	if n >= 34 && n <= 64 {
		return fmt.Sprintf("SIGRTMIN+%d", n-34)
	}
	return fmt.Sprintf("signal %d", n)
}

var signalNames = [...]string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
	9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
	16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP", 20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU",
	23: "SIGURG", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO",
	30: "SIGPWR", 31: "SIGSYS",
}
