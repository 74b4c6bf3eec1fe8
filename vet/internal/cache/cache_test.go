package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"moho/internal/testbin"
)

func open(t testing.TB) *Cache { return Open(filepath.Join(t.TempDir(), "vet")) }

// TestDamage: an entry that is not what was written is as if it were not there.
func TestDamage(t *testing.T) {
	c := open(t)
	k, data := Key{1, 2}, []byte("what is known")
	if _, ok := c.Get(k); ok {
		t.Fatal("found in an empty cache")
	}
	c.Put(k, data)
	if got, ok := c.Get(k); !ok || !bytes.Equal(got, data) {
		t.Fatalf("Get = %q, %v", got, ok)
	}
	whole, err := os.ReadFile(c.file(k))
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(c.file(k), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1
		write(b)
		if got, ok := c.Get(k); ok {
			t.Fatalf("byte %d changed, Get = %q", i, got)
		}
		write(whole[:i])
		if got, ok := c.Get(k); ok {
			t.Fatalf("cut at %d, Get = %q", i, got)
		}
	}
	other := Key{3}
	if err := os.MkdirAll(filepath.Dir(c.file(other)), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.file(other), whole, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get(other); ok {
		t.Error("an entry is found under another key")
	}
	if err := os.Remove(c.file(k)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(c.file(k), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get(k); ok {
		t.Error("a directory is an entry")
	}
	c.Put(k, data) // nothing to be done, and nothing to be said
}

// TestTooLarge: neither kept nor read.
func TestTooLarge(t *testing.T) {
	c := open(t)
	c.Put(Key{}, make([]byte, maxEntry))
	if _, ok := c.Get(Key{}); ok {
		t.Error("an entry beyond the bound was kept")
	}
	name := c.file(Key{})
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(8 << 30); err != nil {
		t.Fatal(err)
	}
	testbin.Bounded(t, 0, func() {
		if _, ok := c.Get(Key{}); ok {
			t.Error("an entry of 8 GiB was read")
		}
	})
}

// TestTrim throws away what is old, and what was left half-written.
func TestTrim(t *testing.T) {
	c := open(t)
	start := time.Now()
	for i := range 4 {
		c.Put(Key{byte(i)}, []byte{byte(i)})
	}
	half := filepath.Join(filepath.Dir(c.file(Key{1})), "new-1")
	if err := os.WriteFile(half, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	day := func(n int) { c.now = func() time.Time { return start.Add(time.Duration(n) * 24 * time.Hour) } }
	day(10)
	c.Trim()
	if _, err := os.Stat(half); err == nil {
		t.Error("a half-written file is still there")
	}
	c.Get(Key{2}) // used
	day(20)
	c.Trim()
	for i, want := range []bool{false, false, true, false} {
		if _, ok := c.Get(Key{byte(i)}); ok != want {
			t.Errorf("entry %d: found = %v, want %v", i, ok, want)
		}
	}
}

// TestConcurrent: whoever finds an entry finds all of it.
func TestConcurrent(t *testing.T) {
	c := open(t)
	data := bytes.Repeat([]byte("x"), 1<<16)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 50 {
				k := Key{byte(i % 4)}
				c.Put(k, data)
				if got, ok := c.Get(k); ok && !bytes.Equal(got, data) {
					t.Error("an entry is not whole")
				}
				c.Trim()
			}
		})
	}
	group.Wait()
}

func TestDir(t *testing.T) {
	t.Setenv(EnvVar, "/somewhere")
	if got, want := Dir(), filepath.Join("/somewhere", "vet"); got != want {
		t.Errorf("Dir = %q, want %q", got, want)
	}
	t.Setenv(EnvVar, "off")
	if got := Dir(); got != "" {
		t.Errorf("Dir = %q, want none", got)
	}
	var none *Cache = Open(Dir())
	none.Put(Key{}, nil)
	none.Trim()
	if _, ok := none.Get(Key{}); ok {
		t.Error("found in no cache")
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(wrap(Key{}, []byte("data")))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		data, ok := unwrap(Key{}, b)
		if !ok && data != nil {
			t.Error("not an entry, and yet data")
		}
		if ok && !bytes.Equal(wrap(Key{}, data), b) {
			t.Error("what was unwrapped is not what was wrapped")
		}
	})
}
