// Package castarch finds pointer casts between types that are laid out alike
// on one processor and not on another.
//
// # Analyzer castarch
//
// castarch: two types that a pointer is cast between are alike on some processors only
//
// int, uint, uintptr, pointers and everything made of them take four bytes where
// words have four, and int64 and float64 are aligned to four there too. A cast
// between a struct of ints and one of int64s is therefore right on amd64 and
// reads beyond the object, or the wrong fields, on 386 and arm. Nothing says so
// when it is compiled for those.
//
// The rule lays both types out for either size of word, without needing a
// toolchain for the other. It reports a cast whose types have the same parts at
// the same offsets (or whose target is no larger) on the processor under
// analysis, but not on another one that the file is compiled for: by its name,
// its build constraint and the targets that were asked for. With no targets
// given, all that Go knows count. Slices read as slices of another element type
// are compared by their elements.
//
// Constants made with unsafe.Sizeof are worked out anew for the other size, by
// type-checking the package again. If it does not compile there, because of an
// assertion about sizes, there is nothing to report.
//
// Not findings: casts in code that runs only where a constant says so, as
// behind strconv.IntSize == 64; types that packages declare per processor, as
// those of syscall and C; types whose fields are different on both.
package castarch
