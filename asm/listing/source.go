package listing

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
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
	files map[string][]string // nil for what was looked for in vain
}

const (
	maxSource  = 16 << 20 // bytes of a source file that is shown
	maxSources = 4096     // files that are kept
)

// NewSources returns Sources below dirs, of which the first that fits is used.
func NewSources(dirs []SourceDir) *Sources {
	return &Sources{dirs: dirs, files: map[string][]string{}}
}

// Line returns line n, counted from 1, of the file that a program calls name.
// A nil Sources has none.
func (s *Sources) Line(name string, n int) (string, bool) {
	if s == nil {
		return "", false
	}
	lines := s.file(name)
	if n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}

func (s *Sources) file(name string) []string {
	if f, ok := s.files[name]; ok || len(s.files) >= maxSources {
		return f
	}
	var f []string
	for _, d := range s.dirs {
		rel, ok := strings.CutPrefix(name, d.Prefix)
		if !ok || !fs.ValidPath(rel) || !isSource(rel) {
			continue
		}
		if f = read(d.Dir, rel); f != nil {
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

// read returns the lines of the file at rel below dir, or nil.
func read(dir, rel string) []string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	if st, err := root.Stat(rel); err != nil || !st.Mode().IsRegular() || st.Size() > maxSource {
		return nil
	}
	f, err := root.Open(rel)
	if err != nil {
		return nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	lines := []string{}
	sc := bufio.NewScanner(io.LimitReader(f, maxSource))
	sc.Buffer(nil, maxSource)
	for sc.Scan() {
		lines = append(lines, strings.TrimRight(sc.Text(), "\r"))
	}
	if sc.Err() != nil {
		return nil
	}
	return lines
}
