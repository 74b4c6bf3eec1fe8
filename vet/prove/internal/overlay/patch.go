package overlay

// A Layer is one way of seeing hazards. It stands or falls with its anchors: if
// one is not in a toolchain's source as expected, the layer is left out whole.
type Layer struct {
	Name    string
	Rules   []string // that nobody else sees
	Needed  bool     // without it nothing else works
	patches []patch
}

// A patch changes one file of the runtime. The first of its edits whose anchor is
// in the file as often as expected is made.
type patch struct {
	file string // below GOROOT/src
	any  []edit
}

// An edit puts text before or after an anchor, or in its place.
type edit struct {
	anchor string
	before string
	after  string
	with   string // instead of the anchor
	all    bool   // at each of several places; otherwise there must be one
}

func after(file, anchor, text string) patch {
	return patch{file, []edit{{anchor: anchor, after: text}}}
}

func before(file, anchor, text string) patch {
	return patch{file, []edit{{anchor: anchor, before: text}}}
}

// Layers lists every layer, the ones that others stand on first.
func Layers() []Layer { return layers }

var layers = []Layer{
	{
		Name: "reports", Needed: true,
		patches: []patch{
			after("runtime/proc.go", "\tmainStarted = true\n", "\tmohoStart()\n"),
			after("runtime/proc.go", "\trunExitHooks(exitCode)\n", "\tmohoExit()\n"),
			after("runtime/proc.go", "\tif !exitHooksRun {\n\t\trunExitHooks(0)\n\t}\n", "\tmohoExit()\n"),
		},
	},
	{
		Name: "sizes", Needed: true,
		patches: []patch{
			// Not the first fields: the allocator of spans keeps its free list there.
			before("runtime/mheap.go", "\tallocBits  *gcBits\n", "\tmohoSlack *[1 << 16]uint16\n\tmohoCap uintptr\n"),
			after("runtime/mheap.go", "func (span *mspan) init(base uintptr, npages uintptr) {\n", "\tmohoSpanInit(span)\n"),
			before("runtime/malloc.go", "\tif raceenabled {\n\t\tracemalloc(x, size-asanRZ)", "\tmohoAllocated(x, elemsize, size-asanRZ)\n"),
			// Objects that share a slot have no size of their own.
			{"runtime/malloc.go", []edit{
				{anchor: "if size < maxTinySize && gp.secret == 0 {", with: "if false && size < maxTinySize && gp.secret == 0 {"},
				{anchor: "\t\t\tif size < maxTinySize {\n", with: "\t\t\tif false && size < maxTinySize {\n"},
			}},
		},
	},
	{
		Name: "conversions", Rules: []string{
			"view-overrun", "cast-grow", "cast-arch", "cast-align", "add-past-object", "uintptr-roundtrip",
			"uintptr-escapes-frame", "int-as-pointer", "wrapper-uintptr", "noescape-lie",
		},
		patches: []patch{
			after("runtime/checkptr.go", "func checkptrAlignment(p unsafe.Pointer, elem *_type, n uintptr) {\n", "\tif mohoAlignment(p, elem, n) {\n\t\treturn\n\t}\n"),
			after("runtime/checkptr.go", "func checkptrStraddles(ptr unsafe.Pointer, size uintptr) bool {\n", "\tif mohoStraddles(ptr, size) {\n\t\treturn false\n\t}\n"),
			after("runtime/checkptr.go", "func checkptrArithmetic(p unsafe.Pointer, originals []unsafe.Pointer) {\n", "\tif mohoArithmetic(p, originals) {\n\t\treturn\n\t}\n"),
		},
	},
	{
		Name: "pointer stores", Rules: []string{"go-ptr-in-c", "ptr-in-noscan"},
		patches: []patch{
			before("runtime/cgocheck.go", "\tif !cgoIsGoPointer(src) {\n\t\treturn\n\t}\n\tif cgoIsGoPointer(unsafe.Pointer(dst)) {\n", "\tmohoStored(dst, src)\n"),
			before("runtime/cgocheck.go", "\tsystemstack(func() {\n\t\tprintln(\"write of unpinned", "\tif mohoGoPtrInC(unsafe.Pointer(dst), src) {\n\t\treturn\n\t}\n"),
			after("runtime/cgocheck.go", "func cgoCheckMemmove2(typ *_type, dst, src unsafe.Pointer, off, size uintptr) {\n", "\tmohoMoved(typ, dst, src)\n"),
			after("runtime/cgocheck.go", "func cgoCheckSliceCopy(typ *_type, dst, src unsafe.Pointer, n int) {\n", "\tmohoMoved(typ, dst, src)\n"),
			before("runtime/cgocheck.go", "\t\t\t\t\tthrow(cgoWriteBarrierFail)\n", "\t\t\t\t\tif mohoGoPtrInC(src, v) {\n\t\t\t\t\t\treturn\n\t\t\t\t\t}\n"),
		},
	},
	{
		Name: "cgo arguments", Rules: []string{"c-go-ptr-in-arg", "export-returns-go-ptr"},
		patches: []patch{
			{"runtime/cgocall.go", []edit{
				{anchor: "func cgoFormatErr(error cgoErrorMsg, kind abi.Kind) errorString {\n", after: "\tmohoCgoArg(error == cgoResultFail)\n"},
				{anchor: "panic(errorString(msg))", before: "mohoCgoArg(msg == cgoResultFail); ", all: true},
			}},
		},
	},
	{
		Name: "calls of C", Rules: []string{"c-uaf", "c-double-free", "c-leak", "free-go-memory", "c-retains-go", "no-nul", "c-overrun"},
		patches: []patch{
			{"runtime/cgocall.go", []edit{{anchor: "errno := asmcgocall(fn, arg)", with: "errno := mohoCgocall(fn, arg)"}}},
			after("runtime/cgocall.go", "\tKeepAlive(mp)\n", "\tmohoReturned()\n"),
		},
	},
	{
		Name: "faults", Rules: []string{"c-uaf", "c-retains-go", "string-mutate", "munmap-use", "keepalive"},
		patches: []patch{
			after("runtime/signal_unix.go", "func fatalsignal(sig uint32, c *sigctxt, gp *g, mp *m) *g {\n", "\tmohoFatal(sig, uintptr(c.fault()), mp)\n"),
			before("runtime/signal_unix.go", "\tswitch gp.sig {\n", "\tmohoSigpanic(gp)\n"),
		},
	},
	{
		Name: "unmapping", Rules: []string{"munmap-use"},
		patches: []patch{
			after("syscall/syscall_linux.go", "\tr1, r2, err = RawSyscall6(trap, a1, a2, a3, 0, 0, 0)\n\truntime_exitsyscall()\n", "\tif trap == SYS_MUNMAP && err == 0 {\n\t\tmohoUnmapped(a1, a2)\n\t}\n"),
		},
	},
	{
		Name: "handles", Rules: []string{"handle-typestate"},
		patches: []patch{
			{"runtime/cgo/handle.go", []edit{{anchor: "\t\tpanic(\"runtime/cgo: misuse of an invalid Handle\")\n", before: "\t\t_moho_handle(uintptr(h))\n", all: true}}},
			after("runtime/cgo/handle.go", "\t_, ok := handles.LoadAndDelete(uintptr(h))\n", "\tif ok {\n\t\t_moho_deleted(uintptr(h))\n\t}\n"),
		},
	},
	{
		Name: "bad pointers",
		patches: []patch{
			before("runtime/mbitmap.go", "\tthrow(\"found bad pointer in Go heap", "\tmohoBadPointer(p, refBase, refOff)\n"),
		},
	},
}
