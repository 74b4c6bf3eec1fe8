package gostate

import "time"

// Printed is what a traceback or a profile says of a goroutine beyond what
// memory is read for. A goroutine that has it comes from a text: its addresses,
// its stack and whatever else the text leaves out are not known.
//
// Args are the arguments of Frames[i] as they stand between the parentheses, ""
// where there are none and for inlined calls. Waited is in whole minutes. Count
// is how many goroutines a profile counts at this place; it is 1 in a traceback.
// ID, Status and WaitReason are zero in profiles that have none.
type Printed struct {
	Args      []string
	Waited    time.Duration
	Notes     []string // other words between the brackets: durable, synctest bubble 2
	Count     int
	Elsewhere bool // it was running on another thread, and its stack was not printed
}
