package waits

import "moho/core"

// A Grade says how good evidence is.
type Grade uint8

// The grades, the better the greater.
const (
	Weak   Grade = 1 + iota // a pointer to it is on the goroutine's stack
	Strong                  // it follows from what the runtime or package sync has written
)

// String returns "weak" or "strong".
func (g Grade) String() string {
	if g == Strong {
		return "strong"
	}
	return "weak"
}

// A Holder is a goroutine that holds a lock, or may.
type Holder struct {
	Goroutine uint64
	Grade     Grade
	Why       string    // "its deferred Unlock in main.transfer is to come"
	Func      string    // the function that holds it
	File      string    // where that function is now
	Line      int       //
	Slot      core.Addr // where on the stack the pointer is; 0 if there is none
}

// A Cycle is goroutines each of which waits for the next one, and the last one
// for the first. Grade is that of the weakest evidence in it.
type Cycle struct {
	Grade Grade
	Links []Link
}

// A Link is one step of a cycle: a goroutine, the object that it waits for, and
// who holds that: the goroutine of the next link.
type Link struct {
	Edge   Edge
	Holder Holder
}

func (a *analyzer) findHolders() {}
func (a *analyzer) findCycles()  {}

// Cycles returns the goroutines that wait for each other, proven ones first.
func (a *Analysis) Cycles() []Cycle { return a.cycles }
