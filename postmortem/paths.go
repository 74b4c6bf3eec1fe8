package postmortem

import (
	"path"
	"strings"

	"moho/gostate"
)

// roots are the directories that the names of source files begin with and that
// say nothing to somebody who knows the program.
type roots struct {
	known  bool
	module string // of the main module, as it is named in the tables
	goroot string // src of the toolchain
}

// ShortFile returns the name of a source file relative to the main module or to
// the toolchain's src, if it lies there.
func (c *Case) ShortFile(name string) string {
	if !c.roots.known {
		c.roots = c.findRoots()
	}
	for _, root := range []string{c.roots.module, c.roots.goroot} {
		if rel, ok := strings.CutPrefix(name, root+"/"); ok && root != "" {
			return rel
		}
	}
	return name
}

// findRoots takes the roots from where the functions main.main and runtime.main
// are. Built with -trimpath, files of the module begin with its path.
func (c *Case) findRoots() roots {
	r := roots{known: true}
	if c.Report != nil {
		r.module = c.Report.Report.Statement.Source.Module
	}
	if c.World == nil {
		return r
	}
	r.goroot = strings.TrimSuffix(fileOf(c.World, "runtime.main"), "/runtime/proc.go")
	if r.module != "" || c.Exe == nil {
		return r
	}
	info, err := c.Exe.BuildInfo()
	if err != nil || info.Main.Path == "" {
		return r
	}
	// The directory of the main package ends in its path within the module.
	within := strings.TrimPrefix(strings.TrimPrefix(info.Path, info.Main.Path), "/")
	dir := path.Dir(fileOf(c.World, "main.main"))
	if within == "" {
		r.module = dir
	} else if root, ok := strings.CutSuffix(dir, "/"+within); ok {
		r.module = root
	}
	if r.module == "." || r.module == "/" {
		r.module = ""
	}
	return r
}

// fileOf returns the source file of the function with that name, or "".
func fileOf(w *gostate.World, name string) string {
	for _, f := range w.Table().FuncNamed(name) {
		if file, _, ok := f.FileLine(f.Entry()); ok {
			return file
		}
	}
	return ""
}
