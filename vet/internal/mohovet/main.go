// Command mohovet is the rules of moho vet alone, as a tool for go vet
// -vettool; the tests of vet compile it.
package main

import "moho/vet"

func main() { vet.Main() }
