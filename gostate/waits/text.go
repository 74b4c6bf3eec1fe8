package waits

import (
	"fmt"
	"strings"
	"time"
)

// Describe returns the object as a phrase: "mutex 0xc000012080 (main.pool+0x8)",
// "channel 0xc00001a0c0 of int", "descriptor 5", "a nil channel".
func (o *Object) Describe() string {
	name := ""
	if o.Name != "" {
		name = " (" + o.Name + ")"
	}
	switch {
	case o.Kind == Channel && o.Chan != nil && o.Chan.Type != "":
		return fmt.Sprintf("channel %#x of %s%s", uint64(o.Addr), o.Chan.Type, name)
	case (o.Kind == FD || o.Kind == FDLock) && o.FD != nil:
		if o.Kind == FDLock {
			return fmt.Sprintf("the lock of file descriptor %d", o.FD.FD)
		}
		return fmt.Sprintf("file descriptor %d", o.FD.FD)
	case o.Kind == Syscall:
		if o.Label == "" {
			return "a system call"
		}
		return "system call " + o.Label
	case o.Kind == Timer:
		return "the end of a sleep"
	case o.Kind == Never && strings.HasPrefix(o.Label, "select"):
		return "a select without cases, which never ends"
	case o.Kind == Never:
		return "a nil channel, on which nothing ever happens"
	case o.Kind == Coroutine:
		return "the other side of a coroutine"
	case o.Kind == Runtime:
		return "the runtime: " + o.Label
	case o.Kind == Unknown || o.Addr == 0:
		return "something that was not found: " + o.Label
	}
	return fmt.Sprintf("%s %#x%s", kindWords[o.Kind], uint64(o.Addr), name)
}

var kindWords = [...]string{
	Channel: "channel", Mutex: "mutex", RWMutex: "RWMutex", WaitGroup: "WaitGroup", Cond: "Cond", Once: "Once",
	Semaphore: "semaphore", FD: "descriptor", FDLock: "descriptor lock", Never: "",
}

// State returns what the object's own words say of it, as a phrase: "locked,
// 4 waiters", "buffer 1 of 3", "5 tasks not done"; "" if there is nothing to say.
// now is [Analysis.Now].
func (o *Object) State(now int64) string {
	switch {
	case o.Chan != nil:
		return o.Chan.state(now)
	case o.Lock != nil:
		return o.Lock.state(o.Kind)
	case o.Group != nil:
		return plural(o.Group.Counter, "task") + " not done"
	case o.Cond != nil:
		s := plural(o.Cond.Pending, "waiter") + " not signalled"
		if o.Cond.LockerType != "" {
			s += fmt.Sprintf(", L is the %s at %#x", o.Cond.LockerType, uint64(o.Cond.Locker))
		}
		return s
	case o.FD != nil:
		var parts []string
		if d := o.FD.ReadDeadline; d > 0 {
			parts = append(parts, "read deadline"+left(d, now))
		}
		if d := o.FD.WriteDeadline; d > 0 {
			parts = append(parts, "write deadline"+left(d, now))
		}
		return strings.Join(parts, ", ")
	case o.When > 0:
		if s := left(o.When, now); s != "" {
			return "it ends" + s
		}
	}
	return ""
}

func (c *Chan) state(now int64) string {
	parts := []string{"unbuffered"}
	if c.Cap > 0 {
		parts[0] = fmt.Sprintf("buffer %d of %d", c.Len, c.Cap)
	}
	if c.Closed {
		parts = append(parts, "closed")
	}
	if c.Receivers > 0 {
		parts = append(parts, plural(c.Receivers, "receiver"))
	}
	if c.Senders > 0 {
		parts = append(parts, plural(c.Senders, "sender"))
	}
	if c.Timer > 0 {
		parts = append(parts, "a timer sends"+left(c.Timer, now))
	}
	return strings.Join(parts, ", ")
}

func (s *LockState) state(k Kind) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case k == RWMutex && s.Pending && s.Leaving > 0:
		add("a writer waits for %s to leave, new readers wait behind it", plural(s.Leaving, "reader"))
	case k == RWMutex && s.Pending:
		add("locked for writing")
	case k == RWMutex && s.Readers > 0:
		add("%s in", plural(s.Readers, "reader"))
	case s.Free(k):
		add("unlocked: a waiter is about to get it")
	case k == Once:
		add("its function runs")
	default:
		add("locked")
	}
	if s.Starving {
		add("starving: it is handed from one to the next")
	} else if s.Woken {
		add("a waiter is awake")
	}
	if s.Waiters > 0 {
		n := plural(s.Waiters, "waiter")
		if k == RWMutex {
			n = plural(s.Waiters, "more writer") + " waiting"
		}
		add("%s", n)
	}
	return strings.Join(parts, ", ")
}

// left says how long it is from now to when. The process may have gone on after
// its last stamp, so this is the most that it can be.
func left(when, now int64) string {
	if now == 0 || when <= now {
		return ""
	}
	d := time.Duration(when - now)
	if d > time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return fmt.Sprintf(" in at most %s", d)
}

func plural(n int, what string) string {
	s := fmt.Sprintf("%d %s", n, what)
	if n != 1 {
		s += "s"
	}
	return s
}
