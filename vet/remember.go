package vet

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"moho/objfile"
	"moho/vet/internal/cache"
	"moho/vet/internal/fact"
	"moho/vet/internal/touch"
)

// CacheVar is the environment variable that names the directory of moho's caches;
// "off" stands for none.
const CacheVar = cache.EnvVar

// CacheDir is the directory that the environment chooses for the results of
// [Run] ($MOHO_CACHE, else the user's cache directory); "" for none.
func CacheDir() string { return cache.Dir() }

// identity names this program: what its rules know is in there.
var identity = sync.OnceValue(func() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	if f, err := objfile.Open(exe); err == nil {
		id := f.BuildID().Go
		f.Close()
		if id != "" {
			return id
		}
	}
	f, err := os.Open(exe)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return fmt.Sprintf("%x", h.Sum(nil))
})

// key is all that the record of a unit depends on. The build ID stands for the
// contents of its files and for the types of what it imports: the go command
// hashes them. ok is false when something cannot be known.
func (u *unit) key(l *loaded) (k cache.Key, ok bool) {
	if u.buildID == "" || u.pkg.ExportFile == "" || identity() == "" {
		return k, false
	}
	h := sha256.New()
	t := l.target
	line(h, "moho", identity(), fmt.Sprint(fact.Version), fmt.Sprint(touch.Version))
	line(h, "target", t.goos, t.goarch, t.goVersion, t.goamd64)
	line(h, append([]string{"along"}, l.along...)...)
	line(h, "package", u.pkg.ID, u.name, u.pkg.Name, u.pkg.ForTest, fmt.Sprint(u.asked, u.std))
	line(h, "built", u.buildID, filepath.Base(u.pkg.ExportFile))
	if m := u.pkg.Module; m != nil {
		line(h, "module", m.Path, m.Version, m.GoVersion, fmt.Sprint(m.Main))
	}
	for _, list := range [][]string{u.pkg.GoFiles, u.pkg.OtherFiles} {
		for _, name := range list {
			line(h, "file", u.file(l, name))
		}
	}
	for _, dep := range u.imports {
		if dep.record.Facts != nil {
			line(h, "fact", dep.pkg.PkgPath, dep.factsID())
		}
	}
	h.Sum(k[:0])
	return k, true
}

// line writes fields so that no other fields give the same bytes.
func line(h hash.Hash, fields ...string) { fmt.Fprintf(h, "%q\n", fields) }

// factsID is a hash of what a unit tells those that import it.
func (u *unit) factsID() string {
	u.factsOnce.Do(func() {
		if b, err := json.Marshal(u.record.Facts); err == nil {
			u.factsHash = fmt.Sprintf("%x", sha256.Sum256(b))
		}
	})
	return u.factsHash
}

// recall fills in the record from the cache.
func (u *unit) recall(l *loaded, k cache.Key) bool {
	data, ok := l.cache.Get(k)
	if !ok {
		return false
	}
	r, ok := decodeRecord(data)
	if ok {
		u.record = r
	}
	return ok
}

// keep puts the record into the cache, if k is not nil. What the record holds
// from then on is what a later run will read, so that both say the same.
func (u *unit) keep(l *loaded, k *cache.Key) {
	data, err := json.Marshal(u.record)
	if err != nil {
		return
	}
	r, ok := decodeRecord(data)
	if !ok {
		return
	}
	u.record = r
	// What was not understood is tried again each time: the reason may lie
	// outside of what the key covers.
	if k != nil && len(r.Gaps) == 0 && !u.changedSince(l.started) {
		l.cache.Put(*k, data)
	}
}

// changedSince reports whether a file may have been written since: then it may
// not be the one that the build ID is about. Clocks of file systems tick slowly.
func (u *unit) changedSince(t time.Time) bool {
	t = t.Add(-20 * time.Millisecond)
	for _, list := range [][]string{u.pkg.GoFiles, u.pkg.OtherFiles} {
		for _, name := range list {
			if st, err := os.Stat(name); err != nil || !st.ModTime().Before(t) {
				return true
			}
		}
	}
	return false
}

// decodeRecord reads a record that this program has written.
func decodeRecord(data []byte) (record, bool) {
	var r record
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil || dec.More() {
		return record{}, false
	}
	return r, true
}
