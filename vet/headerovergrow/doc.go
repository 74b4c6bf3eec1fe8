// Package headerovergrow finds lengths and capacities written into the headers
// of live strings and slices that the memory below does not have.
//
// # Analyzer headerovergrow
//
// headerovergrow: the length of a string or slice is set beyond its memory
//
// Writing Len or Cap through a pointer to the header of a slice, be it
// *reflect.SliceHeader, a struct of one's own or three plain words, goes past
// every check that slicing makes. Indexing believes the new length: s[64] of
// five bytes reads, and overwrites, whatever lies behind them. Slicing checks
// the capacity, and believes that too.
//
// The rule goes by what the pointer really points to: the variable's own words,
// reached over conversions, selectors, constant offsets and functions of the
// package. Where the capacity is written, it is what must fit the memory, and
// the length must fit it in turn; else the length must fit the capacity that
// the slice had. A string has its length only.
//
// It reports high severity when the number is larger than the memory for
// certain, and medium severity when nothing relates it to the length or the
// capacity: it is neither computed from one in a way that does not grow, nor
// compared with one, or with anything, before.
//
// Not findings: the same words set along with the address, when that address
// comes from memory that is large enough or of unknown size; multiplying the
// length where the elements became smaller; headers that are no string's and
// no slice's (see header-literal).
package headerovergrow
