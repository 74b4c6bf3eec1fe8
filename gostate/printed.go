package gostate

import (
	"strings"
	"time"
)

// Printed is what a traceback or a profile says of a goroutine beyond what
// memory is read for. A goroutine that has it comes from a text: its addresses,
// its stack and whatever else the text leaves out are not known.
//
// Args are the arguments of Frames[i] as they stand between the parentheses, ""
// where there are none and for inlined calls. Waited is in whole minutes. Count
// is how many goroutines a profile counts at this place; it is 1 in a traceback.
type Printed struct {
	Args      []string
	Waited    time.Duration
	Notes     []string // other words between the brackets: durable, synctest bubble 2
	Count     int
	Labels    map[string]string
	Elsewhere bool // it was running on another thread, and its stack was not printed
	Headless  bool // the text begins within the stack: ID, Status and WaitReason are not known
	Counted   bool // of a profile: there is no ID, no Status and no WaitReason
}

// HiddenName reports whether a default traceback leaves out a function of this
// name; first means that it has shown none yet. Wrappers can't be told by name.
func HiddenName(name string, first bool) bool {
	switch kinds[name] {
	case kindAlwaysShown:
		return false
	case kindGopanic:
		return first
	}
	return internalName(name)
}

// SystemStart reports whether the runtime counts a goroutine as its own that
// started with the named function; leaves says that it calls code outside of
// the runtime now.
//
// Source: $GOROOT/src/runtime/traceback.go (isSystemGoroutine), go1.27.
func SystemStart(start string, leaves bool) bool {
	switch start {
	case "runtime.main", "runtime.corostart", "runtime.handleAsyncEvent":
		return false
	case "runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups":
		return !leaves
	}
	return strings.HasPrefix(start, "runtime.")
}

// OfRuntime reports whether a function that a traceback shows is the runtime's
// nevertheless.
func OfRuntime(f *Frame) bool { return ofRuntime(f) }
