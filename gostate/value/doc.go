// Package value reads the values of Go variables from the memory of a stopped
// process: strings, slices, structures, maps, interfaces with what they hold,
// channels with what is buffered in them, pointers to a depth.
//
// How the bytes are to be read comes from the descriptors that the runtime has
// of types, which are there in stripped programs too, or from DWARF. A [Reader]
// turns either into a [Type], and a Type and a place into a [Value], which is a
// tree. Where DWARF leads to an interface, the tree goes on by descriptors.
//
// Types that a program makes with package reflect lie on its heap and have names
// that only reflect can find; they are named after what they are made of.
//
// # Untrusted input
//
// Memory is hostile: a word that is read as a pointer, a length or a type may be
// anything, since variables that are not set yet and memory that is free look no
// different. Every tree has at most [MaxNodes] nodes and [MaxText] bytes of text,
// is [maxNesting] deep and meets a pointer's target once; what exists and is not
// in the tree is counted in [Value.Elided], and what could not be read says why
// in [Value.Unreadable], memory that the core does not hold told from memory that
// the process did not have. Nothing is allocated by a length of the process's.
//
// # Compatibility
//
// The layouts of Go 1.21 to 1.27: maps of buckets until 1.23, and with
// GOEXPERIMENT=noswissmap until 1.25; maps of groups since 1.24.
package value
