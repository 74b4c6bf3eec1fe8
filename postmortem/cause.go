package postmortem

import (
	"fmt"
	"strconv"
	"strings"

	"moho/gostate"
)

// A Cause says in plain words what ended a process. Meaning is empty where the
// reason says it all.
type Cause struct {
	Kind    string `json:"kind"` // see the Cause constants
	Meaning string `json:"meaning"`
}

// Kinds of causes.
const (
	CausePanic   = "panic"       // a panic that nothing recovered
	CauseFatal   = "fatal error" // the runtime gave up
	CauseSignal  = "signal"      // an instruction faulted, or the program killed itself
	CauseAsked   = "asked"       // somebody sent a signal
	CauseNothing = "nothing"     // it lives, or lived on
	CauseUnknown = "unknown"
)

// nilPage is how far beyond nil an address still looks like a field of nothing:
// the compiler checks pointers itself where a field lies further in.
//
// Source: $GOROOT/src/cmd/compile/internal/ssa/nilcheck.go (minZeroPage), go1.26.
const nilPage = 4096

// cause explains the reason of the case.
func (c *Case) cause() Cause {
	first, _, _ := strings.Cut(c.crash.Reason, "\n")
	switch {
	case first == "" && c.Process != nil:
		if _, ok := c.signal(); ok {
			return Cause{Kind: CauseUnknown}
		}
		return Cause{Kind: CauseNothing}
	case first == "":
		return Cause{Kind: CauseUnknown}
	case strings.HasPrefix(first, "panic: "):
		return Cause{CausePanic, c.panicMeaning(first)}
	case strings.HasPrefix(first, "fatal error"):
		return Cause{CauseFatal, c.fatalMeaning(first)}
	}
	return c.signalCause()
}

// Asked reports whether somebody else made the process end, so that no goroutine
// of it is to blame.
func (s *Summary) Asked() bool { return s.Cause.Kind == CauseAsked }

// Stuck reports whether the process ended because all of its goroutines waited:
// the thread that noticed is not one of them.
func (s *Summary) Stuck() bool {
	return strings.Contains(s.Reason, "all goroutines are asleep") && s.Crash.FaultFrame < 0
}

// Blameless reports whether no goroutine ended the process: somebody else did,
// all of them waited, or nothing did.
func (s *Summary) Blameless() bool {
	return s.Asked() || s.Stuck() || s.Crash.Goroutine == nil || s.idle()
}

// idle reports whether the thread that took the signal was idle: in the runtime,
// for no goroutine, and nothing there raised it.
func (s *Summary) idle() bool {
	g := s.Crash.Goroutine
	if g.ID != 0 || g.Printed != nil || s.Crash.FaultFrame >= 0 || s.Cause.Kind != CauseSignal {
		return false
	}
	for i := range g.Frames {
		if fr := &g.Frames[i]; fr.Foreign || fr.Fault {
			return false
		}
	}
	return true
}

func (c *Case) panicMeaning(first string) string {
	switch {
	case strings.Contains(first, "nil pointer dereference"):
		if a, ok := c.faultAddr(); ok && a < nilPage {
			if a == 0 {
				return "what a nil pointer points to was used"
			}
			return fmt.Sprintf("a field %d bytes into what a nil pointer points to was used", a)
		}
		if a, ok := c.faultAddr(); ok {
			return fmt.Sprintf("address %#x is not mapped: no nil pointer, but one that was damaged, or unsafe code", a)
		}
	case strings.Contains(first, "assignment to entry in nil map"):
		return "a map was written to that had never been made"
	case strings.Contains(first, "[recovered"):
		return "it was recovered and thrown again; the calls below say where the second time"
	}
	return ""
}

// faultAddr returns the address that the runtime says was used.
func (c *Case) faultAddr() (uint64, bool) {
	_, rest, ok := strings.Cut(c.crash.Reason, " addr=0x")
	if !ok {
		return 0, false
	}
	rest, _, _ = strings.Cut(rest, " ")
	a, err := strconv.ParseUint(rest, 16, 64)
	return a, err == nil
}

func (c *Case) fatalMeaning(first string) string {
	g := c.crash.Goroutine
	switch {
	case strings.Contains(first, "all goroutines are asleep"):
		return "every goroutine waits, and nothing is left that could wake one"
	case strings.Contains(first, "concurrent map"):
		return "a map was written to while another goroutine used it, without a lock" + c.besides(g)
	case strings.Contains(first, "stack overflow"):
		return recursion(g)
	case strings.Contains(first, "out of memory"), strings.Contains(first, "cannot allocate memory"):
		if n, ok := c.asked(g); ok {
			return fmt.Sprintf("the last allocation was of %d bytes", n)
		}
	case strings.HasSuffix(first, "fatal error: fault") && strings.Contains(c.crash.Reason, " code=0x2 "):
		return "what is mapped at the address may not be accessed so: unsafe code, C, or a damaged pointer"
	case strings.HasSuffix(first, "fatal error: fault"):
		return "nothing is mapped at the address: unsafe code, C, or a damaged pointer"
	case strings.Contains(first, "unlock of unlocked"):
		return "it was unlocked twice, or by somebody who had not locked it"
	}
	return ""
}

// besides names goroutines that were in the same function as the one that the
// runtime caught: the other user of the map may be among them.
func (c *Case) besides(g *gostate.Goroutine) string {
	if g == nil || c.World == nil || c.crash.FaultFrame < 0 || c.World.NumG() > maxLooked {
		return ""
	}
	fn := g.Frames[c.crash.FaultFrame].Func
	var ids []string
	for other := range c.World.Goroutines() {
		if other.ID == g.ID || other.System {
			continue
		}
		for i := range other.Frames {
			if other.Frames[i].Func == fn {
				ids = append(ids, strconv.FormatUint(other.ID, 10))
				break
			}
		}
		if len(ids) > 4 {
			ids = append(ids[:4], "…")
			break
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "; also in " + fn + ": goroutine " + strings.Join(ids, " ")
}

// recursion says what a stack that overflowed is full of.
func recursion(g *gostate.Goroutine) string {
	if g == nil {
		return ""
	}
	counts, best := map[string]int{}, ""
	for i := range g.Frames {
		fr := &g.Frames[i]
		if fr.System {
			continue
		}
		if counts[fr.Func]++; counts[fr.Func] > counts[best] {
			best = fr.Func
		}
	}
	if counts[best] < 2 {
		return ""
	}
	depth := ""
	if g.Elided > 0 {
		depth = fmt.Sprintf(", more than %d calls deep", g.Elided)
	}
	return best + " calls itself without an end" + depth
}

// asked returns how many bytes the program asked the allocator for.
func (c *Case) asked(g *gostate.Goroutine) (uint64, bool) {
	if g == nil || c.World == nil {
		return 0, false
	}
	for i := range g.Frames {
		if g.Frames[i].Func != "runtime.mallocgc" {
			continue
		}
		size, _, _ := strings.Cut(c.variables().Args(g, i), ",")
		n, err := strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64)
		return n, err == nil && strings.HasPrefix(size, "0x")
	}
	return 0, false
}

// signalCause explains an end that the runtime had no words for.
func (c *Case) signalCause() Cause {
	if g := c.crash.Goroutine; g != nil {
		for i := range g.Frames {
			if g.Frames[i].Fault {
				where := "in Go code"
				if g.Frames[i].Foreign {
					where = "in code that is not Go's: " + g.Frames[i].Func
				}
				return Cause{CauseSignal, "the instruction that faulted is " + where}
			}
		}
	}
	own := c.Process == nil || c.crash.From == c.Process.PID()
	switch from := c.crash.From; {
	case strings.HasPrefix(c.crash.Reason, "SIGQUIT"):
		return Cause{CauseAsked, sender(from) + " wanted to see its goroutines (kill -QUIT, Ctrl-\\, a watchdog)"}
	case from != 0 && !own:
		return Cause{CauseAsked, sender(from) + " killed it; nothing crashed"}
	case c.crash.FaultFrame < 0 && c.crash.Goroutine != nil && len(c.crash.Goroutine.Frames) > 0 && c.crash.Goroutine.Frames[0].Foreign:
		return Cause{CauseSignal, "it was raised in code that is not Go's: " + c.crash.Goroutine.Frames[0].Func}
	}
	if c.Process != nil && c.crash.From == c.Process.PID() && c.crash.From != 0 {
		return Cause{CauseSignal, "the program sent it to itself"}
	}
	return Cause{Kind: CauseSignal}
}

func sender(pid int) string {
	if pid == 0 {
		return "somebody"
	}
	return fmt.Sprintf("process %d", pid)
}
