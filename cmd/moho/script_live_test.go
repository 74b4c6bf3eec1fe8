package main

import (
	"bufio"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// alive starts a program, waits until it prints a line "ready", and sets a
// variable to its process id. It ends with the script.
//
//	alive NAME PROGRAM [ARG...]
func alive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: alive NAME PROGRAM [ARG...]")
	}
	cmd := exec.Command(ts.MkAbs(args[1]), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for sc := bufio.NewScanner(out); ; {
		if !sc.Scan() {
			ts.Fatalf("%s ended before it was ready", args[1])
		}
		if sc.Text() == "ready" {
			break
		}
	}
	ts.Setenv(args[0], strconv.Itoa(cmd.Process.Pid))
}
