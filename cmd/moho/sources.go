package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"moho/asm"
	"moho/asm/listing"
)

// sourceDirs returns where source may be looked for: in the module in dir (the
// one around if it is ""), in the module cache, and in the Go tree if it is of
// the release that built p.
func sourceDirs(p *asm.Program, dir string) []listing.SourceDir {
	var dirs []listing.SourceDir
	add := func(prefix, dir string) {
		if dir != "" {
			dirs = append(dirs, listing.SourceDir{Prefix: prefix, Dir: dir})
		}
	}
	if dir == "" {
		dir = moduleDir(workDir())
	} else if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if dir != "" {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			if path := modfile.ModulePath(text); path != "" {
				add(path+"/", dir)
			}
		}
		add(filepath.ToSlash(dir)+"/", dir)
	}
	if root := goRoot(p.GoVersion()); root != "" {
		src := filepath.Join(root, "src")
		add(filepath.ToSlash(src)+"/", src)
		add("", src) // what -trimpath leaves of a standard package
	}
	if cache := moduleCache(); cache != "" {
		add(filepath.ToSlash(cache)+"/", cache)
		add("", cache)
	}
	return dirs
}

// moduleDir returns the nearest directory with a go.mod, or "".
func moduleDir(dir string) string {
	for {
		if st, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && st.Mode().IsRegular() {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// goRoot returns the Go tree of the release that built a program, or "": the
// lines of another release would be the wrong ones. It does not run the go
// command, which takes longer than all the rest.
func goRoot(release string) string {
	roots := []string{os.Getenv("GOROOT")}
	if tool, err := exec.LookPath("go"); err == nil {
		if tool, err = filepath.EvalSymlinks(tool); err == nil {
			roots = append(roots, filepath.Dir(filepath.Dir(tool)))
		}
	}
	release, _, _ = strings.Cut(release, " ") // experiments come after it
	if cache := moduleCache(); cache != "" && release != "" {
		for _, goos := range []string{"linux", "darwin", "windows"} {
			for _, goarch := range []string{"amd64", "arm64"} {
				roots = append(roots, filepath.Join(cache, "golang.org", "toolchain@v0.0.1-"+release+"."+goos+"-"+goarch))
			}
		}
	}
	for _, root := range roots {
		if root == "" || release == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, "VERSION"))
		if version, _, _ := strings.Cut(string(text), "\n"); err == nil && version == release {
			return root
		}
	}
	return ""
}

// moduleCache returns the directory of downloaded modules, or "".
func moduleCache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	gopath := filepath.SplitList(os.Getenv("GOPATH"))
	if len(gopath) == 0 || gopath[0] == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		gopath = []string{filepath.Join(home, "go")}
	}
	return filepath.Join(gopath[0], "pkg", "mod")
}
