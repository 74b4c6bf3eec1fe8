package waits

import (
	"moho/core"
)

// A LockState is what the words of a lock say. Waiters is the lock's own count,
// which may differ from that of the goroutines: one that has been woken and has
// not run yet is still in it.
//
// Source: $GOROOT/src/internal/sync/mutex.go, sync/rwmutex.go, sync/once.go,
// go1.21 to go1.27.
type LockState struct {
	Locked   bool
	Woken    bool
	Starving bool
	Waiters  int

	Readers  int  // RWMutex: that are in or wait to be let in
	Pending  bool // RWMutex: a writer has its turn and waits for readers, or is in
	Leaving  int  // RWMutex: readers that the writer waits for
	OnceDone bool // Once: has been done
}

const (
	mutexLocked   = 1 << 0
	mutexWoken    = 1 << 1
	mutexStarving = 1 << 2
	mutexShift    = 3

	rwReaderCount = 16 // offsets in a sync.RWMutex
	rwReaderWait  = 20
	rwMaxReaders  = 1 << 30

	onceMutex = 4 // offset in a sync.Once

	// groupBubble is in the count of waiters since Go 1.25.
	groupBubble = 1 << 31
)

// lockState reads a mutex, RWMutex or Once; nil when the core does not hold it.
func (a *Analysis) lockState(k Kind, addr uint64) *LockState {
	v := a.w.Process().View()
	s := new(LockState)
	switch k {
	case Once:
		b, err := v.Slice(core.Addr(addr), 12)
		if err != nil {
			return nil
		}
		s.OnceDone = le32(b) != 0
		s.mutex(b[onceMutex:])
	case RWMutex:
		b, err := v.Slice(core.Addr(addr), 24)
		if err != nil {
			return nil
		}
		s.mutex(b)
		count := int32(le32(b[rwReaderCount:]))
		s.Pending = count < 0
		if s.Pending {
			count += rwMaxReaders
		}
		s.Readers, s.Leaving = int(count), int(int32(le32(b[rwReaderWait:])))
	default:
		b, err := v.Slice(core.Addr(addr), 8)
		if err != nil {
			return nil
		}
		s.mutex(b)
	}
	return s
}

func (s *LockState) mutex(b []byte) {
	x := int32(le32(b))
	s.Locked = x&mutexLocked != 0
	s.Woken = x&mutexWoken != 0
	s.Starving = x&mutexStarving != 0
	s.Waiters = int(uint32(x) >> mutexShift)
}

// Free reports whether nobody holds the lock: those that wait are about to be
// woken.
func (s *LockState) Free(k Kind) bool {
	if k == RWMutex {
		return !s.Locked && !s.Pending && s.Readers == 0
	}
	return !s.Locked
}

// A GroupState is the state of a sync.WaitGroup: Counter tasks are not done,
// Waiters goroutines wait for them.
//
// Source: $GOROOT/src/sync/waitgroup.go, go1.21 to go1.27.
type GroupState struct {
	Counter int
	Waiters int
	Bubble  bool // of a synctest bubble, since Go 1.25
}

func (a *Analysis) groupState(addr uint64) *GroupState {
	x, err := a.w.Process().Word(core.Addr(addr))
	if err != nil {
		return nil
	}
	s := &GroupState{Counter: int(int32(x >> 32))}
	waiters := uint32(x)
	if minor := a.w.Offsets().Minor; minor >= 25 {
		s.Bubble = waiters&groupBubble != 0
		waiters &^= groupBubble
	}
	s.Waiters = int(waiters)
	return s
}

// A CondState is the state of a sync.Cond. Pending goroutines have been counted
// and neither been woken nor, all of them, begun to wait. Locker is the address
// of what L holds, LockerType its type, as far as they are known.
type CondState struct {
	Pending    int
	Locker     core.Addr
	LockerType string
}

func (a *Analysis) condState(addr uint64) *CondState {
	l := a.w.Offsets()
	b, err := a.w.Process().Slice(core.Addr(addr), condChecker)
	if err != nil {
		return nil
	}
	n := b[condNotify:]
	s := &CondState{
		Pending: int(int32(le32(n[l.NotifyListWait:]) - le32(n[l.NotifyListNotify:]))),
		Locker:  core.Addr(le64(b[condLocker+8:])),
	}
	if tab := le64(b[condLocker:]); tab != 0 { // an itab: interface type, type, …
		if t, err := a.w.Process().Word(core.Addr(tab + 8)); err == nil {
			s.LockerType = a.names.typeName(t)
		}
	}
	return s
}

// A FDState is the state of a descriptor: its number, and until when the reads
// and writes that are waited for may last, in nanoseconds of the process's
// monotonic clock; 0 for as long as it takes.
type FDState struct {
	FD                          int
	ReadDeadline, WriteDeadline int64
}

func (a *Analysis) fdState(k Kind, addr uint64) *FDState {
	v, l := a.w.Process().View(), a.w.Offsets()
	word := func(off uint64) (uint64, bool) {
		x, err := v.Word(core.Addr(addr + off))
		return x, err == nil && x < 1<<31
	}
	if k == FDLock { // internal/poll.FD: the lock, then the number
		fd, ok := word(16)
		if !ok {
			return nil
		}
		return &FDState{FD: int(fd)}
	}
	fd, ok := word(uint64(l.PollDescFD))
	if !ok {
		return nil
	}
	s := &FDState{FD: int(fd)}
	s.ReadDeadline = deadline(v, addr+uint64(l.PollDescRD))
	s.WriteDeadline = deadline(v, addr+uint64(l.PollDescWD))
	return s
}

func deadline(v *core.View, p uint64) int64 {
	x, err := v.Word(core.Addr(p))
	if err != nil || int64(x) < 0 {
		return 0
	}
	return int64(x)
}
