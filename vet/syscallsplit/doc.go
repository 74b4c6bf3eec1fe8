// Package syscallsplit finds addresses of Go memory that are made into numbers
// before the system call that uses them, and not in its argument list.
//
// # Analyzer syscallsplit
//
// syscallsplit: an address for a system call becomes a number too early
//
// The operating system takes addresses as integers. Go keeps an object alive
// and in its place for a system call only when the conversion
// uintptr(unsafe.Pointer(x)) stands in the argument list of the call itself. An
// integer that was kept in a variable, slice or struct field before, or passed
// through a function of one's own, refers to nothing: the stack that x lies on
// may have moved by the time of the call, or x may have been freed, and the
// kernel writes to memory that belongs to somebody else. Since Go 1.25 slices
// of variable size may lie on the stack too.
//
// The rule looks at what reaches syscall.Syscall and its relatives (Syscall6,
// SyscallN, RawSyscall, Proc.Call, LazyProc.Call, those of golang.org/x/sys, and
// functions without body that are linked to them), also through functions of
// this package and of the packages that it imports, and asks where the integer
// got an address from:
//
//   - a variable, result, slice, map, channel or field that held it: reported at
//     the call;
//   - an argument of a function that passes it on, and that is not marked with
//     the directive uintptrescapes: reported where the address is passed;
//   - a field of integer type of a struct whose address the call gets: reported
//     where the address becomes a number. Fields are told apart by their struct
//     type.
//
// The severity is high when the memory is Go's for certain, medium when a typed
// pointer was loaded or came from another package, and medium when
// runtime.KeepAlive keeps the object alive, which does not keep a stack from
// moving. Memory of C, of the operating system and package variables: no
// finding, and none for what a runtime.Pinner has pinned. Package syscall, which
// implements all this, is exempt.
//
// Medium as well is an address that only goes through the hands of functions, in
// whose arguments it was converted, and one with nothing on its way that makes a
// stack grow: these harm at one instruction or not at all.
package syscallsplit
