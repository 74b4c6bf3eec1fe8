// Package cache keeps on disk what is known about packages, so that one which
// has not changed need not be analysed again.
//
// An entry is found by everything that it was computed from, the program that
// did it included: it is never out of date, only unused, and then thrown away.
// Several processes may use a cache at the same time.
//
// # Untrusted input
//
// Entries are files that anybody who may write to the directory can damage. One
// that is not whole, larger than [maxEntry], or kept for something else is as if
// it were not there; no error comes of it.
//
// # Compatibility
//
// Internal to vet. The format may change with every release, because the
// identity of the program is part of every key.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// EnvVar names the directory of moho's caches; "off" means that none is used.
const EnvVar = "MOHO_CACHE"

const (
	// maxEntry bounds an entry, in bytes: the facts about the largest packages
	// (system calls) take less than a hundredth of it.
	maxEntry = 64 << 20
	// maxAge is how long an entry stays that nobody asks for, in hours.
	maxAge = 14 * 24
	// maxTotal bounds the whole cache, in bytes, after it was trimmed.
	maxTotal = 1 << 30
	// trimEvery is the time between two trims, in hours.
	trimEvery = 24
	// touchEvery is how old the time of an entry's last use may be, in hours,
	// before it is written down again.
	touchEvery = 1

	magic     = "moho vet cache 1\n"
	entryName = "-r" // suffix of entries; others are on their way to become one
	trimFile  = "trim.txt"
)

// A Key is what an entry was computed from.
type Key [sha256.Size]byte

// A Cache is a directory of entries. The nil Cache is empty and stays so.
type Cache struct {
	dir string
	now func() time.Time
}

// Dir returns the directory that the environment chooses for what vet keeps:
// $MOHO_CACHE/vet, else moho/vet in the user's cache directory; "" when that is
// "off" or cannot be known.
func Dir() string {
	switch dir := os.Getenv(EnvVar); dir {
	case "off":
		return ""
	case "":
	default:
		return filepath.Join(dir, "vet")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "moho", "vet")
}

// Open returns the cache in a directory, which is made when the first entry is
// put there; nil for "".
func Open(dir string) *Cache {
	if dir == "" {
		return nil
	}
	return &Cache{dir: dir, now: time.Now}
}

func (c *Cache) file(k Key) string {
	name := hex.EncodeToString(k[:])
	return filepath.Join(c.dir, name[:2], name+entryName)
}

// Get returns what was put under a key. The bytes are what was put there.
func (c *Cache) Get(k Key) (data []byte, ok bool) {
	if c == nil {
		return nil, false
	}
	name := c.file(k)
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() > maxEntry {
		return nil, false
	}
	b := make([]byte, st.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, false
	}
	data, ok = unwrap(k, b)
	if ok && c.now().Sub(st.ModTime()) > touchEvery*time.Hour {
		os.Chtimes(name, c.now(), c.now())
	}
	return data, ok
}

// Put keeps data under a key. Where that fails there is no entry.
func (c *Cache) Put(k Key, data []byte) {
	if c == nil || len(data) > maxEntry/2 {
		return
	}
	name := c.file(k)
	if os.MkdirAll(filepath.Dir(name), 0o777) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(wrap(k, data))
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

// wrap makes the text of an entry: what it is, its key, a sum, the data.
func wrap(k Key, data []byte) []byte {
	sum := sha256.Sum256(data)
	return slices.Concat([]byte(magic), k[:], sum[:], data)
}

func unwrap(k Key, b []byte) ([]byte, bool) {
	b, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok || len(b) < 2*sha256.Size || !bytes.Equal(b[:sha256.Size], k[:]) {
		return nil, false
	}
	sum, data := b[sha256.Size:2*sha256.Size], b[2*sha256.Size:]
	if got := sha256.Sum256(data); !bytes.Equal(got[:], sum) {
		return nil, false
	}
	return data, true
}

// Trim throws away what has not been used for long, and then the oldest until
// the rest is not too large. It looks once a day; at other times it returns
// at once.
func (c *Cache) Trim() {
	if c == nil {
		return
	}
	mark := filepath.Join(c.dir, trimFile)
	if st, err := os.Stat(mark); err == nil && c.now().Sub(st.ModTime()).Abs() < trimEvery*time.Hour {
		return
	}
	if os.WriteFile(mark, nil, 0o666) != nil {
		return // nobody has put anything here yet
	}
	os.Chtimes(mark, c.now(), c.now())
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || filepath.Dir(path) == c.dir {
			return nil
		}
		st, err := d.Info()
		if err != nil {
			return nil
		}
		age := c.now().Sub(st.ModTime())
		if age > maxAge*time.Hour || !strings.HasSuffix(path, entryName) && age > time.Hour {
			os.Remove(path)
			return nil
		}
		entries = append(entries, entry{path, st.Size(), st.ModTime()})
		total += st.Size()
		return nil
	})
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range entries {
		if total <= maxTotal {
			break
		}
		if os.Remove(e.path) == nil {
			total -= e.size
		}
	}
}
