package listing

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// A SourceDir is a directory whose files may be shown as source, and how
// programs name them: Prefix+"x/y.go" is x/y.go below Dir.
type SourceDir struct {
	Prefix string
	Dir    string
}

// Sources reads lines of source files. A name out of a program is never opened
// as it is: it must begin with the prefix of a trusted directory and lead to a
// regular source file below it, through no link that leaves it.
type Sources struct {
	dirs  []SourceDir
	files map[string]source
}

// A source is a file that was read, or looked for in vain.
type source struct {
	lines    []string
	modified time.Time
}

const (
	maxSource  = 16 << 20 // bytes of a source file that is shown
	maxSources = 4096     // files that are kept
)

// NewSources returns Sources below dirs, of which the first that fits is used.
func NewSources(dirs []SourceDir) *Sources {
	return &Sources{dirs: dirs, files: map[string]source{}}
}

// Line returns line n, counted from 1, of the file that a program calls name.
// A nil Sources has none.
func (s *Sources) Line(name string, n int) (string, bool) {
	if s == nil {
		return "", false
	}
	lines := s.file(name).lines
	if n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}

// Modified returns when the file was last written, if it could be read.
func (s *Sources) Modified(name string) (time.Time, bool) {
	if s == nil {
		return time.Time{}, false
	}
	f := s.file(name)
	return f.modified, f.lines != nil
}

func (s *Sources) file(name string) source {
	if f, ok := s.files[name]; ok || len(s.files) >= maxSources {
		return f
	}
	var f source
	for _, d := range s.dirs {
		rel, ok := strings.CutPrefix(name, d.Prefix)
		if !ok || !fs.ValidPath(rel) || !isSource(rel) {
			continue
		}
		if f = read(d.Dir, rel); f.lines != nil {
			break
		}
	}
	s.files[name] = f
	return f
}

func isSource(name string) bool {
	switch path.Ext(name) {
	case ".go", ".s", ".S", ".h", ".c", ".cc":
		return true
	}
	return false
}

// read reads the file at rel below dir, or nothing.
func read(dir, rel string) source {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return source{}
	}
	defer root.Close()
	if st, err := root.Stat(rel); err != nil || !st.Mode().IsRegular() || st.Size() > maxSource {
		return source{}
	}
	f, err := root.Open(rel)
	if err != nil {
		return source{}
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return source{}
	}
	lines := []string{}
	sc := bufio.NewScanner(io.LimitReader(f, maxSource))
	sc.Buffer(nil, maxSource)
	for sc.Scan() {
		lines = append(lines, strings.TrimRight(sc.Text(), "\r"))
	}
	if sc.Err() != nil {
		return source{}
	}
	return source{lines: lines, modified: st.ModTime()}
}
