// Package layout says where the Go runtime keeps the fields that moho reads,
// for each minor Go version and architecture.
//
// The table in table.go is generated: gostate/gen compiles a small program with
// each toolchain and reads the DWARF that it emits for its own runtime. (What
// moduledata looks like, package gotab knows.)
//
// # Untrusted input
//
// None: the offsets are constants of this package. That they fit a given core
// is for gostate to check; a core can say it is of any version.
//
// # Compatibility
//
// A minor version keeps its layout: between the first and the last patch
// release of 1.21 to 1.25 none of these fields moved.
package layout

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

//go:generate go run moho/gostate/gen -o table.go

// Off is the offset of a field in bytes from the start of its struct, or the
// size of a struct in bytes; -1 where this version has none.
type Off = int32

// A Layout is the runtime of one minor Go version on one architecture.
//
// The tag of a field is what its value is called in DWARF: a path of fields
// (runtime.g.sched.sp) or a struct's size (sizeof runtime.g). A second tag,
// maybe, says which versions have the type at all.
type Layout struct {
	Minor int // 26 for Go 1.26
	Arch  string

	GSize        Off `dwarf:"sizeof runtime.g"`
	GStackLo     Off `dwarf:"runtime.g.stack.lo"`
	GStackHi     Off `dwarf:"runtime.g.stack.hi"`
	GPanic       Off `dwarf:"runtime.g._panic"`
	GDefer       Off `dwarf:"runtime.g._defer"`
	GM           Off `dwarf:"runtime.g.m"`
	GSchedSP     Off `dwarf:"runtime.g.sched.sp"`
	GSchedPC     Off `dwarf:"runtime.g.sched.pc"`
	GSchedG      Off `dwarf:"runtime.g.sched.g"`
	GSchedCtxt   Off `dwarf:"runtime.g.sched.ctxt"`
	GSchedLR     Off `dwarf:"runtime.g.sched.lr"`
	GSchedBP     Off `dwarf:"runtime.g.sched.bp"`
	GSyscallSP   Off `dwarf:"runtime.g.syscallsp"`
	GSyscallPC   Off `dwarf:"runtime.g.syscallpc"`
	GSyscallBP   Off `dwarf:"runtime.g.syscallbp"`
	GGuard0      Off `dwarf:"runtime.g.stackguard0"`
	GTimer       Off `dwarf:"runtime.g.timer"`
	GSleepWhen   Off `dwarf:"runtime.g.sleepWhen"`
	GCoro        Off `dwarf:"runtime.g.coroarg"`
	GStatus      Off `dwarf:"runtime.g.atomicstatus"`
	GID          Off `dwarf:"runtime.g.goid"`
	GWaitSince   Off `dwarf:"runtime.g.waitsince"`
	GWaitReason  Off `dwarf:"runtime.g.waitreason"`
	GLockedM     Off `dwarf:"runtime.g.lockedm"`
	GSig         Off `dwarf:"runtime.g.sig"`
	GSigCode0    Off `dwarf:"runtime.g.sigcode0"`
	GSigCode1    Off `dwarf:"runtime.g.sigcode1"`
	GSigPC       Off `dwarf:"runtime.g.sigpc"`
	GParent      Off `dwarf:"runtime.g.parentGoid"`
	GGoPC        Off `dwarf:"runtime.g.gopc"`
	GStartPC     Off `dwarf:"runtime.g.startpc"`
	GWaiting     Off `dwarf:"runtime.g.waiting"`
	GLabels      Off `dwarf:"runtime.g.labels"`
	GRunCleanups Off `dwarf:"runtime.g.runningCleanups"`

	MSize    Off `dwarf:"sizeof runtime.m"`
	MG0      Off `dwarf:"runtime.m.g0"`
	MProcID  Off `dwarf:"runtime.m.procid"`
	MGSignal Off `dwarf:"runtime.m.gsignal"`
	MCurG    Off `dwarf:"runtime.m.curg"`
	MID      Off `dwarf:"runtime.m.id"`
	MAllLink Off `dwarf:"runtime.m.alllink"`
	MLockedG Off `dwarf:"runtime.m.lockedg"`
	MVDSOSP  Off `dwarf:"runtime.m.vdsoSP"`
	MVDSOPC  Off `dwarf:"runtime.m.vdsoPC"`

	PanicSize       Off `dwarf:"sizeof runtime._panic"`
	PanicArg        Off `dwarf:"runtime._panic.arg"`
	PanicLink       Off `dwarf:"runtime._panic.link"`
	PanicRecovered  Off `dwarf:"runtime._panic.recovered"`
	PanicRepanicked Off `dwarf:"runtime._panic.repanicked"`
	PanicGoexit     Off `dwarf:"runtime._panic.goexit"`

	PanicStartPC   Off `dwarf:"runtime._panic.startPC"`
	PanicStartSP   Off `dwarf:"runtime._panic.startSP"`
	PanicPC        Off `dwarf:"runtime._panic.pc"` // until 1.21; since 1.27 in the place of lr
	PanicSP        Off `dwarf:"runtime._panic.sp"`
	PanicLR        Off `dwarf:"runtime._panic.lr"`
	PanicRetPC     Off `dwarf:"runtime._panic.retpc"`
	PanicDeferBits Off `dwarf:"runtime._panic.deferBitsPtr"`
	PanicSlots     Off `dwarf:"runtime._panic.slotsPtr"`
	PanicAborted   Off `dwarf:"runtime._panic.aborted"`

	DeferSize      Off `dwarf:"sizeof runtime._defer"`
	DeferSP        Off `dwarf:"runtime._defer.sp"`
	DeferPC        Off `dwarf:"runtime._defer.pc"`
	DeferFn        Off `dwarf:"runtime._defer.fn"`
	DeferLink      Off `dwarf:"runtime._defer.link"`
	DeferHeap      Off `dwarf:"runtime._defer.heap"`
	DeferRangeFunc Off `dwarf:"runtime._defer.rangefunc"`
	DeferHead      Off `dwarf:"runtime._defer.head"`
	DeferStarted   Off `dwarf:"runtime._defer.started"` // this and the next until 1.21
	DeferOpen      Off `dwarf:"runtime._defer.openDefer"`
	DeferPanic     Off `dwarf:"runtime._defer._panic"`

	SudogSize   Off `dwarf:"sizeof runtime.sudog"`
	SudogG      Off `dwarf:"runtime.sudog.g"`
	SudogNext   Off `dwarf:"runtime.sudog.next"`
	SudogPrev   Off `dwarf:"runtime.sudog.prev"`
	SudogElem   Off `dwarf:"runtime.sudog.elem"`
	SudogParent Off `dwarf:"runtime.sudog.parent"`
	SudogLink   Off `dwarf:"runtime.sudog.waitlink"`
	SudogC      Off `dwarf:"runtime.sudog.c"`

	ChanHead     Off `dwarf:"sizeof runtime.hchan"`
	ChanCount    Off `dwarf:"runtime.hchan.qcount"`
	ChanSize     Off `dwarf:"runtime.hchan.dataqsiz"`
	ChanBuf      Off `dwarf:"runtime.hchan.buf"`
	ChanElemSize Off `dwarf:"runtime.hchan.elemsize"`
	ChanClosed   Off `dwarf:"runtime.hchan.closed"`
	ChanTimer    Off `dwarf:"runtime.hchan.timer"`
	ChanElemType Off `dwarf:"runtime.hchan.elemtype"`
	ChanSendX    Off `dwarf:"runtime.hchan.sendx"`
	ChanRecvX    Off `dwarf:"runtime.hchan.recvx"`
	ChanRecvQ    Off `dwarf:"runtime.hchan.recvq"`
	ChanSendQ    Off `dwarf:"runtime.hchan.sendq"`

	SemaRootTreap Off `dwarf:"runtime.semaRoot.treap"`
	SemaRootNWait Off `dwarf:"runtime.semaRoot.nwait"`

	NotifyListWait   Off `dwarf:"runtime.notifyList.wait"`
	NotifyListNotify Off `dwarf:"runtime.notifyList.notify"`
	NotifyListHead   Off `dwarf:"runtime.notifyList.head"`

	TimerWhen Off `dwarf:"runtime.timer.when"`

	PollDescFD   Off `dwarf:"runtime.pollDesc.fd"`
	PollDescRG   Off `dwarf:"runtime.pollDesc.rg"`
	PollDescWG   Off `dwarf:"runtime.pollDesc.wg"`
	PollDescRD   Off `dwarf:"runtime.pollDesc.rd"`
	PollDescWD   Off `dwarf:"runtime.pollDesc.wd"`
	PollDescSelf Off `dwarf:"runtime.pollDesc.self"`

	PID Off `dwarf:"runtime.p.id"`

	HeapSize     Off `dwarf:"sizeof runtime.mheap"`
	HeapAllSpans Off `dwarf:"runtime.mheap.allspans"`
	HeapSweepGen Off `dwarf:"runtime.mheap.sweepgen"`
	HeapArenas   Off `dwarf:"runtime.mheap.arenas"`

	ArenaSize  Off `dwarf:"sizeof runtime.heapArena"`
	ArenaSpans Off `dwarf:"runtime.heapArena.spans"`

	SpanSize       Off `dwarf:"sizeof runtime.mspan"`
	SpanStart      Off `dwarf:"runtime.mspan.startAddr"`
	SpanPages      Off `dwarf:"runtime.mspan.npages"`
	SpanFreeIndex  Off `dwarf:"runtime.mspan.freeindex"`
	SpanElems      Off `dwarf:"runtime.mspan.nelems"` // 8 bytes until 1.21, then 2, as the one before
	SpanAllocBits  Off `dwarf:"runtime.mspan.allocBits"`
	SpanMarkBits   Off `dwarf:"runtime.mspan.gcmarkBits"`
	SpanSweepGen   Off `dwarf:"runtime.mspan.sweepgen"`
	SpanAllocCount Off `dwarf:"runtime.mspan.allocCount"`
	SpanClass      Off `dwarf:"runtime.mspan.spanclass"`
	SpanState      Off `dwarf:"runtime.mspan.state"`
	SpanElemSize   Off `dwarf:"runtime.mspan.elemsize"`
	SpanLimit      Off `dwarf:"runtime.mspan.limit"`
	SpanSpecials   Off `dwarf:"runtime.mspan.specials"`
	SpanLargeType  Off `dwarf:"runtime.mspan.largeType"`

	SpecialNext   Off `dwarf:"runtime.special.next"`
	SpecialOffset Off `dwarf:"runtime.special.offset"` // 2 bytes until 1.23, then 8
	SpecialKind   Off `dwarf:"runtime.special.kind"`

	FinalizerFn   Off `dwarf:"runtime.specialfinalizer.fn"`
	FinalizerType Off `dwarf:"runtime.specialfinalizer.ot"` // of a pointer to the object
	ProfileBucket Off `dwarf:"runtime.specialprofile.b"`
	WeakHandle    Off `dwarf:"runtime.specialWeakHandle.handle" maybe:"since 1.23"`
	CleanupFn     Off `dwarf:"runtime.specialCleanup.fn" maybe:"1.24 and 1.25"`
	CleanupCall   Off `dwarf:"runtime.specialCleanup.cleanup" maybe:"since 1.26"`

	BucketSize  Off `dwarf:"sizeof runtime.bucket"` // the PCs of the stack follow
	BucketDepth Off `dwarf:"runtime.bucket.nstk"`

	// Blocks of cleanups that wait to be run.
	CleanupBlockNext Off `dwarf:"runtime.cleanupBlock.cleanupBlockHeader.alllink" maybe:"since 1.25"`
	CleanupBlockN    Off `dwarf:"runtime.cleanupBlock.cleanupBlockHeader.n" maybe:"since 1.25"`
	CleanupBlockList Off `dwarf:"runtime.cleanupBlock.cleanups" maybe:"since 1.25"`

	XRegState Off `dwarf:"runtime.g.xRegs.state" maybe:"amd64 and arm64 since 1.26"`

	// Maps until 1.23 (buckets), and since 1.24 (groups of slots).
	HMapCount      Off `dwarf:"runtime.hmap.count" maybe:"until 1.23"`
	HMapFlags      Off `dwarf:"runtime.hmap.flags" maybe:"until 1.23"`
	HMapB          Off `dwarf:"runtime.hmap.B" maybe:"until 1.23"`
	HMapBuckets    Off `dwarf:"runtime.hmap.buckets" maybe:"until 1.23"`
	HMapOldBuckets Off `dwarf:"runtime.hmap.oldbuckets" maybe:"until 1.23"`
	MapUsed        Off `dwarf:"internal/runtime/maps.Map.used" maybe:"since 1.24"`
	MapDirPtr      Off `dwarf:"internal/runtime/maps.Map.dirPtr" maybe:"since 1.24"`
	MapDirLen      Off `dwarf:"internal/runtime/maps.Map.dirLen" maybe:"since 1.24"`
	TableGroups    Off `dwarf:"internal/runtime/maps.table.groups" maybe:"since 1.24"`

	WaitReasons []string // by the value of g.waitreason
}

// Optional reports whether versions without the type that a name is about are
// no error.
func Optional(name string) bool {
	t := reflect.TypeFor[Layout]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("dwarf") == name {
			return t.Field(i).Tag.Get("maybe") != ""
		}
	}
	return false
}

// Names returns the DWARF names of the fields, in the order of Layout.
func Names() []string {
	t := reflect.TypeFor[Layout]()
	var names []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("dwarf"); tag != "" {
			names = append(names, tag)
		}
	}
	return names
}

// Oldest and Newest bound the minor versions of the table.
func Oldest() int { return minors[0] }
func Newest() int { return minors[len(minors)-1] }

// Lookup returns the layout for a minor version and GOARCH. If there is no
// table for that version it returns the nearest one and exact is false. It
// returns nil for an architecture without tables.
func Lookup(minor int, goarch string) (l *Layout, exact bool) {
	col, best := -1, 0
	for i, m := range minors {
		if d := abs(m - minor); col < 0 || d < best {
			col, best = i, d
		}
	}
	rows, ok := offsets[goarch]
	if !ok || col < 0 {
		return nil, false
	}
	l = &Layout{Minor: minors[col], Arch: goarch, WaitReasons: waitReasons[col]}
	v := reflect.ValueOf(l).Elem()
	row := 0
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("dwarf") == "" {
			continue
		}
		v.Field(i).SetInt(int64(rows[row].values[col]))
		row++
	}
	return l, best == 0
}

// ParseMinor reads the minor version off what a toolchain calls itself:
// "go1.26.8", "go1.27rc1 X:nodwarf5", "devel go1.28-abcdef …".
func ParseMinor(version string) (int, error) {
	_, rest, ok := strings.Cut(version, "go1.")
	digits := 0
	for digits < len(rest) && digits < 4 && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	if !ok || digits == 0 {
		return 0, fmt.Errorf("go version %q: want go1.N", version)
	}
	return strconv.Atoi(rest[:digits])
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
