package gostate

import "moho/core"

const (
	sigQuit  = 3
	sigAbort = 6

	siUser  = 0 // si_code of kill
	siQueue = -1
)

// faultSignals are those that an instruction raises.
var faultSignals = map[int]bool{4: true, 5: true, 7: true, 8: true, 11: true}

// signalWords is the runtime's description of the signals that end a program.
//
// Source: $GOROOT/src/runtime/sigtab_linux_generic.go, go1.27.
var signalWords = map[int]string{
	1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace trap", 6: "abort",
	7: "bus error", 8: "floating-point exception", 11: "segmentation violation", 15: "termination",
	16: "stack fault", 31: "bad system call",
}

// describeSignal returns "SIGSEGV: segmentation violation", or only the name.
func describeSignal(n int) string {
	name := core.SignalName(n)
	if words, ok := signalWords[n]; ok {
		return name + ": " + words
	}
	return name
}
