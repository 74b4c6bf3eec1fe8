// Package core reads a stopped process: its memory, threads, registers, the
// signal that ended it and the files it had mapped. Nothing in it knows Go.
//
// A [Process] comes from an ELF core of Linux on amd64 or arm64, whether the
// kernel, gcore, qemu-user or core/capture wrote it. The file is mapped, not
// read, and [Process.Slice] hands out views of that mapping: the cost of a
// question is that of the bytes looked at. [Assemble] makes one of memory from
// elsewhere: core/live of a living process, core/wasmdump of an instance of
// WebAssembly.
//
// # What is not there
//
// A core holds less than the process had. Reads tell two kinds of nothing
// apart, because one is a fact about the program and the other about the file:
// [ErrUnmapped] (the process had no memory there) and [ErrAbsent] (it had, but
// the core does not hold it). The second is the normal state of code and
// read-only data in kernel cores, which keep only what was written to plus the
// first page of each ELF file; [Process.AddImage] puts the executable's own
// bytes there. A segment whose p_filesz is less than its p_memsz is never read
// as zeros: the kernel leaves out what coredump_filter excludes, and that is
// not known to be zero.
//
// # Untrusted input
//
// Cores are hostile until proved otherwise. No field is believed before it is
// compared with the bytes that remain; nothing is allocated in proportion to a
// number that the file merely states; file names found in a core are never
// opened. Truncated cores open with what is left and list what is missing in
// [Process.Gaps]. The file must not shrink while it is open: that would fault
// the mapping, as it does for every program that maps files.
//
// # Compatibility
//
// 64-bit little-endian cores of Linux, amd64 and arm64; what Assemble is given
// may be of wasm too. A Process is safe for
// concurrent readers once AddImage has been called; it is the same on every
// host, except that hosts without mmap read the whole file.
package core
