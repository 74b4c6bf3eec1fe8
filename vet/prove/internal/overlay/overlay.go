// Package overlay makes a patched copy of a Go toolchain's runtime, in a
// directory of moho's own: a set of files and the overlay file that tells the go
// command to compile them instead of its own. The toolchain stays as it is.
//
// Patches are anchors, short pieces of the runtime's text, and moho's own text
// beside them. An anchor that is not there, or not as often as expected, drops
// its [Layer]; it is never guessed.
//
// # Untrusted input
//
// The toolchain is the user's own, and will be compiled and run. Files above 4 MiB
// are refused.
//
// # Compatibility
//
// All anchors hold for Go 1.25, 1.26 and 1.27.
package overlay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"moho/vet/prove/internal/rt"
)

// Largest file of the runtime that is patched; the largest there is has 300 KB.
const maxSource = 4 << 20

// A Missing layer had to be left out.
type Missing struct {
	Layer Layer
	Why   string // the file and the anchor
}

// Overlay is what was written.
type Overlay struct {
	File    string // for go build -overlay
	Missing []Missing
}

// A LayerError says that a layer is missing without which nothing can be seen.
type LayerError struct{ Missing Missing }

func (e *LayerError) Error() string {
	return fmt.Sprintf("the runtime of this toolchain can't be patched: %s: %s", e.Missing.Layer.Name, e.Missing.Why)
}

// Write patches the runtime below goroot into dir, which exists. Replaced paths
// begin with goroot as it is given.
func Write(goroot, dir string) (Overlay, error) {
	src := source{root: filepath.Join(goroot, "src"), text: map[string]string{}}
	var o Overlay
	for _, l := range layers {
		done, why, err := src.apply(l)
		if err != nil {
			return Overlay{}, err
		}
		if done {
			continue
		}
		m := Missing{l, why}
		if l.Needed {
			return Overlay{}, &LayerError{m}
		}
		o.Missing = append(o.Missing, m)
	}
	files := rt.Files()
	for name := range src.changed {
		files[name] = src.text[name]
	}
	replace := map[string]string{}
	for name, text := range files {
		out := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := write(out, []byte(text)); err != nil {
			return Overlay{}, err
		}
		replace[filepath.Join(goroot, "src", filepath.FromSlash(name))] = out
	}
	b, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return Overlay{}, err
	}
	o.File = filepath.Join(dir, "overlay.json")
	if err := write(o.File, b); err != nil {
		return Overlay{}, err
	}
	return o, nil
}

// write makes a file whole or not at all: another moho may be building with it.
func write(name string, b []byte) error {
	if have, err := os.ReadFile(name); err == nil && bytes.Equal(have, b) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// A source is the runtime's files as patched so far.
type source struct {
	root    string
	text    map[string]string
	changed map[string]bool
}

func (s *source) read(name string) (string, error) {
	if t, ok := s.text[name]; ok {
		return t, nil
	}
	path := filepath.Join(s.root, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxSource {
		return "", fmt.Errorf("%s: %d bytes, more than %d", path, info.Size(), maxSource)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	s.text[name] = string(b)
	return s.text[name], nil
}

// apply makes all patches of a layer, or none and says why.
func (s *source) apply(l Layer) (done bool, why string, err error) {
	next := map[string]string{}
	for _, p := range l.patches {
		text, ok := next[p.file]
		if !ok {
			if text, err = s.read(p.file); err != nil {
				if os.IsNotExist(err) {
					return false, p.file + " does not exist", nil
				}
				return false, "", err
			}
		}
		i := slices.IndexFunc(p.any, func(e edit) bool { return e.fits(text) })
		if i < 0 {
			anchor := strings.Join(strings.Fields(p.any[0].anchor), " ")
			return false, fmt.Sprintf("%s: no single %q", p.file, anchor), nil
		}
		next[p.file] = p.any[i].apply(text)
	}
	if s.changed == nil {
		s.changed = map[string]bool{}
	}
	for name, text := range next {
		s.text[name], s.changed[name] = text, true
	}
	return true, "", nil
}

func (e edit) fits(text string) bool {
	n := strings.Count(text, e.anchor)
	return n == 1 || e.all && n > 1
}

func (e edit) apply(text string) string {
	with := e.with
	if with == "" {
		with = e.before + e.anchor + e.after
	}
	return strings.ReplaceAll(text, e.anchor, with)
}
