package vet

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An overlay is texts by path, where the go command can find them.
type overlay struct {
	dir   string            // empty when there are none
	names map[string]string // paths by the name of what stands for them
}

func writeOverlay(texts map[string][]byte) (o overlay, err error) {
	if len(texts) == 0 {
		return o, nil
	}
	if o.dir, err = os.MkdirTemp("", "moho-overlay-"); err != nil {
		return overlay{}, err
	}
	o.names = map[string]string{}
	replace := map[string]string{}
	for i, path := range slices.Sorted(maps.Keys(texts)) {
		name := fmt.Sprintf("%d-%s", i, filepath.Base(path))
		o.names[name] = path
		replace[path] = filepath.Join(o.dir, name)
		if err := os.WriteFile(replace[path], texts[path], 0o600); err != nil {
			o.remove()
			return overlay{}, err
		}
	}
	doc, err := json.Marshal(map[string]any{"Replace": replace})
	if err = errors.Join(err, os.WriteFile(o.list(), doc, 0o600)); err != nil {
		o.remove()
		return overlay{}, err
	}
	return o, nil
}

func (o overlay) list() string { return filepath.Join(o.dir, "overlay.json") }

func (o overlay) flags() []string {
	if o.dir == "" {
		return nil
	}
	return []string{"-overlay=" + o.list()}
}

func (o overlay) remove() {
	if o.dir != "" {
		os.RemoveAll(o.dir)
	}
}

// rename puts the paths of the user's files into a compiler's messages, which
// name what stood for them, in some relative way.
func (o overlay) rename(messages string) string {
	if o.dir == "" || messages == "" {
		return messages
	}
	var b strings.Builder
	for line := range strings.Lines(messages) {
		_, rest, found := strings.Cut(line, filepath.Base(o.dir)+string(filepath.Separator))
		if name, tail, ok := strings.Cut(rest, ".go:"); found && ok && o.names[name+".go"] != "" {
			line = o.names[name+".go"] + ":" + tail
		}
		b.WriteString(line)
	}
	return b.String()
}
