// Package house holds the rules of the house: which room may import which, and
// what every package, file and document here must look like. The tests of this
// package enforce them over the whole tree.
//
// A rule that has to be bent is a design to be mended, or a rule to be changed
// here, with the reason in docs/RATIONALE.md.
package house

import "strings"

// Floors lists the rooms from the ground up. A room may import rooms on lower
// floors only, and its own packages; rooms on one floor do not know each other.
// A room that is not listed is an error: it must be given its floor.
var Floors = [][]string{
	{"internal/bounded", "arch", "evidence", "examples", "docs"},
	{"objfile"},
	{"debuginfo"},
	{"gotab"},
	{"decode"},
	{"core"},
	{"gostate"},
	// What verbs stand on.
	{"internal/cli", "internal/web", "internal/unpack", "traceback"},
	{"tlog"},
	{"store"},
	{"attest"},
	{"sandbox"},
	{"policy"},
	{"inspect"},
	{"goenv"},
	// Verbs: on one floor, because none imports another.
	Verbs,
	{"wire", "serve"},
	{"cmd"},
	// Nothing that is shipped imports these.
	{"internal/house", "internal/testschema", "internal/testbin"},
	{testHelpers},
	{"internal/ci", "internal/bench"},
}

// Verbs are the rooms that answer a user's question.
var Verbs = []string{"asm", "bridge", "build", "compare", "gate", "postmortem", "vet", "wasm"}

// Foundation lists the rooms that must compile wherever Go does and import
// nothing but the standard library, what [Allowed] names, and each other.
var Foundation = []string{"evidence", "arch", "objfile", "debuginfo", "gotab", "decode", "core", "gostate"}

// Decoders are the rooms that read what others made. Each has at least one fuzz
// target, and docs/THREATS.md says what it withstands.
var Decoders = []string{"core", "decode", "debuginfo", "goenv", "gostate", "gotab", "internal/unpack", "objfile", "policy", "store", "traceback"}

// Allowed are the modules outside the standard library that the foundation may use.
var Allowed = []string{"golang.org/x/sys", "golang.org/x/arch"}

// MaxLines is how long a source file may be, generated ones aside. Half of
// them should stay under a third of that.
const MaxLines = 450

// MaxREADME is how many lines the README may have.
const MaxREADME = 150

// testHelpers stands for the packages that several rooms' tests share. They lie
// in the room that they are about, under a name that ends in test.
const testHelpers = "…test"

// Room returns the room that the package with the given path below the module
// belongs to: its first element, or the first two under internal.
func Room(rel string) string {
	first, rest, _ := strings.Cut(rel, "/")
	if first != "internal" {
		if strings.HasSuffix(rest, "test") {
			return testHelpers
		}
		return first
	}
	second, _, _ := strings.Cut(rest, "/")
	return first + "/" + second
}

// Floor returns the floor of a room, counted from 0, or -1 if it has none.
func Floor(room string) int {
	for i, floor := range Floors {
		for _, r := range floor {
			if r == room {
				return i
			}
		}
	}
	return -1
}
