package gotab

// Numbers of the PCDATA tables of a function, for [Func.PCData].
//
// Source: $GOROOT/src/internal/abi/symtab.go, go1.26; in the runtime's symtab.go
// before Go 1.21.
const (
	PCDataUnsafePoint   = 0 // one of the UnsafePoint values
	PCDataStackMapIndex = 1 // see Func.StackMapIndex
	PCDataInlTreeIndex  = 2 // node of the inline tree, -1 for none
	PCDataArgLiveIndex  = 3 // since Go 1.18; see Func.ArgsLive
	PCDataPanicBounds   = 4 // since Go 1.26; see Func.PanicBounds
)

// Numbers of the funcdata tables of a function, for [Func.FuncData].
//
// Source: $GOROOT/src/internal/abi/symtab.go, go1.26.
const (
	FuncDataArgsPointerMaps    = 0
	FuncDataLocalsPointerMaps  = 1
	FuncDataStackObjects       = 2
	FuncDataInlTree            = 3
	FuncDataOpenCodedDeferInfo = 4
	FuncDataArgInfo            = 5 // since Go 1.17
	FuncDataArgLiveInfo        = 6 // since Go 1.18
	FuncDataWrapInfo           = 7 // since Go 1.18
)

// Values of the table PCDataUnsafePoint: whether a goroutine may be preempted
// by a signal when the instruction at the PC is next. A function without the
// table is safe everywhere, unless it is one of the runtime's own.
//
// Source: $GOROOT/src/internal/abi/symtab.go, go1.26.
const (
	UnsafePointSafe           = -1
	UnsafePointUnsafe         = -2
	UnsafePointRestart1       = -3 // safe after going back to the start of the run of this value
	UnsafePointRestart2       = -4 // the same; two, to tell adjacent runs apart
	UnsafePointRestartAtEntry = -5 // safe after going back to the function's entry
)
