package waits

// A Kind is what sort of thing a goroutine waits for.
type Kind uint8

// The kinds of objects.
const (
	Unknown   Kind = iota
	Channel        // an hchan
	Mutex          // a sync.Mutex
	RWMutex        // a sync.RWMutex
	WaitGroup      // a sync.WaitGroup
	Cond           // a sync.Cond
	Once           // a sync.Once that another goroutine is in
	Semaphore      // of the runtime or of a package that has its own locks
	FD             // a file descriptor of the poller
	FDLock         // the lock of an os.File or a connection
	Timer          // the end of a time.Sleep
	Coroutine      // the other side of an iter.Pull
	Syscall        // the kernel
	Runtime        // work for the runtime's own goroutines
	Never          // nothing that could ever happen: a nil channel, an empty select
)

var kindNames = [...]string{
	Unknown: "unknown", Channel: "channel", Mutex: "mutex", RWMutex: "rwmutex", WaitGroup: "waitgroup", Cond: "cond",
	Once: "once", Semaphore: "semaphore", FD: "fd", FDLock: "fd lock", Timer: "timer", Coroutine: "coroutine",
	Syscall: "syscall", Runtime: "runtime", Never: "never",
}

// String returns the kind's word: channel, mutex, rwmutex, waitgroup, cond, once,
// semaphore, fd, fd lock, timer, coroutine, syscall, runtime, never, unknown.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Unknown]
}

// Lock reports whether objects of the kind are held by a goroutine.
func (k Kind) Lock() bool { return k == Mutex || k == RWMutex || k == Once }

// An Op is what a goroutine waits to do with an object.
type Op uint8

// The operations.
const (
	NoOp Op = iota
	Receive
	Send
	Lock  // a mutex, or an RWMutex for writing
	RLock // an RWMutex for reading
	Wait
	Read
	Write
	Sleep
	Resume
	Select // without cases
	Call
	Drain // an RWMutex for writing: it has its turn, readers are still in
)

var opNames = [...]string{
	NoOp: "", Receive: "receive", Send: "send", Lock: "lock", RLock: "rlock", Wait: "wait", Read: "read",
	Write: "write", Sleep: "sleep", Resume: "resume", Select: "select", Call: "call", Drain: "lock",
}

// String returns the operation's word: receive, send, lock, rlock, wait, read,
// write, sleep, resume, select, call, or "" for none.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return ""
}

// wait is how a goroutine waits, by the reason that the runtime keeps.
type wait uint8

const (
	waitNone wait = iota // it can run
	waitChan
	waitSelect
	waitNil
	waitSema
	waitCond
	waitSleep
	waitIO
	waitCoro
	waitBubble
	waitRuntime
)

// reasons has all wait reasons that are not the runtime's own business.
//
// Source: $GOROOT/src/runtime/runtime2.go (waitReasonStrings), go1.21 to go1.27.
var reasons = map[string]struct {
	how wait
	op  Op
}{
	"chan receive":                   {waitChan, Receive},
	"chan send":                      {waitChan, Send},
	"chan receive (synctest)":        {waitChan, Receive},
	"chan send (synctest)":           {waitChan, Send},
	"chan receive (durable)":         {waitChan, Receive},
	"chan send (durable)":            {waitChan, Send},
	"select":                         {waitSelect, NoOp},
	"select (synctest)":              {waitSelect, NoOp},
	"select (durable)":               {waitSelect, NoOp},
	"chan receive (nil chan)":        {waitNil, Receive},
	"chan send (nil chan)":           {waitNil, Send},
	"select (no cases)":              {waitNil, Select},
	"semacquire":                     {waitSema, Wait},
	"sync.Mutex.Lock":                {waitSema, Lock},
	"sync.RWMutex.RLock":             {waitSema, RLock},
	"sync.RWMutex.Lock":              {waitSema, Lock},
	"sync.WaitGroup.Wait":            {waitSema, Wait},
	"sync.WaitGroup.Wait (synctest)": {waitSema, Wait},
	"sync.WaitGroup.Wait (durable)":  {waitSema, Wait},
	"sync.Cond.Wait":                 {waitCond, Wait},
	"sleep":                          {waitSleep, Sleep},
	"IO wait":                        {waitIO, Wait},
	"coroutine":                      {waitCoro, Resume},
	"synctest.Run":                   {waitBubble, Wait},
	"synctest.Wait":                  {waitBubble, Wait},
}
