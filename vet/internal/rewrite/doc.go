// Package rewrite makes the fixes that several rules of moho vet offer.
//
// A fix is offered only where it is certain to compile and to mean what the code
// was meant to do; anything that it would have to guess ends it.
//
// # Untrusted input
//
// Source code under analysis is read, never executed.
//
// # Compatibility
//
// Internal to vet.
package rewrite
