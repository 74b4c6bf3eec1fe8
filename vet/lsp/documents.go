package lsp

import (
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// MaxDocuments bounds how many files a client may have open: each is kept whole.
const MaxDocuments = 10000

// pathOf takes the URI of a file apart.
func pathOf(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	if u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("%q is no file of this machine", uri)
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%q is not absolute", uri)
	}
	return filepath.Clean(path), nil
}

// uriOf is the URI of a file: the one that the client gave it, if it is open.
func (s *server) uriOf(path string) string {
	if d := s.docs[path]; d != nil {
		return d.uri
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// change applies what f does to the state, and has it analysed.
func (s *server) change(f func()) {
	s.mu.Lock()
	f()
	s.cancel()
	s.mu.Unlock()
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

func (s *server) didOpen(p openParams) (any, error) {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, fail(codeInvalidParams, "%v", err)
	}
	s.change(func() {
		if len(s.docs) < MaxDocuments {
			s.docs[path] = &document{p.TextDocument.URI, p.TextDocument.Version, []byte(p.TextDocument.Text)}
		}
	})
	return nil, nil
}

func (s *server) didChange(p changeParams) (any, error) {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, fail(codeInvalidParams, "%v", err)
	}
	s.change(func() {
		d := s.docs[path]
		if d == nil {
			return
		}
		for _, c := range p.ContentChanges {
			if c.Range == nil { // what was agreed on: all of the text
				d.text = []byte(c.Text)
			}
		}
		d.version = p.TextDocument.Version
	})
	return nil, nil
}

func (s *server) didClose(p documentParams) (any, error) {
	path, err := pathOf(p.TextDocument.URI)
	if err != nil {
		return nil, fail(codeInvalidParams, "%v", err)
	}
	s.change(func() { delete(s.docs, path) })
	return nil, nil
}

func (s *server) didChangeFolders(p foldersParams) (any, error) {
	s.change(func() {
		for _, f := range p.Event.Removed {
			if dir, err := pathOf(f.URI); err == nil {
				s.folders = slices.DeleteFunc(s.folders, func(have string) bool { return have == dir })
			}
		}
		for _, f := range p.Event.Added {
			if dir, err := pathOf(f.URI); err == nil && !slices.Contains(s.folders, dir) {
				s.folders = append(s.folders, dir)
			}
		}
	})
	return nil, nil
}
