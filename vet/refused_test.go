package vet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/vet"
)

// TestRefused: unmapping twice is less severe where the function that unmaps
// knows its mappings and its error is looked at; a use afterwards is not.
func TestRefused(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": "module m\n\ngo 1.24\n", "m.go": `//go:build unix

package m

import "syscall"

func release(b []byte) error { return syscall.Munmap(b) }

func Looked(b []byte, check func(error)) {
	check(release(b))
	check(release(b))
}

func Thrown(b []byte, check func(error)) {
	check(release(b))
	release(b)
}

func Deferred(b []byte, check func(error)) {
	defer release(b)
	check(release(b))
}

func Used(b []byte, check func(error)) byte {
	check(syscall.Munmap(b))
	return b[0]
}
`})
	got := map[string]evidence.Severity{}
	for _, f := range run(t, vet.Options{Dir: dir}).Findings {
		got[f.Place.Symbol] = f.Severity
	}
	want := map[string]evidence.Severity{
		"Looked": evidence.Medium, "Thrown": evidence.High, "Deferred": evidence.High, "Used": evidence.High,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("severities (-want +got):\n%s", d)
	}
}
