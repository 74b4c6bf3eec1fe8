package prove

import "moho/vet/prove/internal/rewrite"

// IsTool reports whether this process was started by the go command as the tool
// that [Run] asks it to start. It has to be asked before anything else.
func IsTool() bool { return rewrite.IsTool() }

// Tool does the work of such a process and returns its exit code. Args are the
// arguments without the program's name.
func Tool(args []string) int { return rewrite.Main(args) }
