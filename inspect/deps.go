package inspect

import (
	"cmp"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"moho/evidence"
)

// Dependencies returns the modules that are linked into a binary, by its build
// info, sorted by path. The main module is not among them. A module that was
// replaced by a directory names that directory's last element only.
func Dependencies(bi *debug.BuildInfo) []evidence.Dependency {
	var out []evidence.Dependency
	for _, m := range bi.Deps {
		if m == nil {
			continue
		}
		d := evidence.Dependency{Module: m.Path, Version: m.Version, Sum: m.Sum}
		if r := m.Replace; r != nil {
			d.Sum = r.Sum
			d.Replaced = r.Path + "@" + r.Version
			if r.Version == "" || isDir(r.Path) {
				d.Replaced = path.Base(filepath.ToSlash(r.Path))
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, compareDeps)
	return out
}

// Merge returns the dependencies of several binaries as one sorted list.
func Merge(lists ...[]evidence.Dependency) []evidence.Dependency {
	all := slices.Concat(lists...)
	slices.SortFunc(all, compareDeps)
	return slices.Compact(all)
}

func compareDeps(a, b evidence.Dependency) int {
	return cmp.Or(
		cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Sum, b.Sum), cmp.Compare(a.Replaced, b.Replaced),
	)
}

// isDir reports whether a replacement is a directory: go.mod requires such a
// path to start with ./, ../ or to be absolute.
func isDir(p string) bool {
	return strings.HasPrefix(p, ".") || strings.HasPrefix(p, "/") || strings.Contains(p, `\`) || filepath.IsAbs(p)
}
