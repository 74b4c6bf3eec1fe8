// Package rt holds the text that moho adds to a copy of the user's Go runtime
// for a run under proof: checks, history and reports, in Go for package runtime
// and in C for runtime/cgo.
//
// The files end in .txt because they are no part of moho: they compile inside
// the runtime only, where nothing may allocate in the wrong place, grow a stack
// in the wrong place or take a lock twice. All their names begin with moho.
//
// # Untrusted input
//
// None. What a program under proof does is not trusted by the code here: tables
// are fixed, reports are bounded.
//
// # Compatibility
//
// The text uses internals of the runtime of Go 1.25 to 1.27. With another
// toolchain it may not compile; then nothing is proved, and moho says so.
package rt

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed runtime/*.txt cgo/*.txt syscall/*.txt
var text embed.FS

// ID changes when the text does.
func ID() string {
	files := Files()
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintln(h, name, len(files[name]), files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Files returns the text by its path below GOROOT/src, such as
// runtime/zz_moho_report.go.
func Files() map[string]string {
	files := map[string]string{}
	for dir, to := range map[string]string{"runtime": "runtime", "cgo": "runtime/cgo", "syscall": "syscall"} {
		list, err := fs.ReadDir(text, dir)
		if err != nil {
			panic(err) // embedded above
		}
		for _, e := range list {
			b, err := text.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				panic(err)
			}
			files[to+"/zz_moho_"+strings.TrimSuffix(e.Name(), ".txt")] = string(b)
		}
	}
	return files
}
