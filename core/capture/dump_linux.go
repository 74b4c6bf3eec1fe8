//go:build amd64 || arm64

package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// dump writes the core of the program, of which thread tid is stopped for sig.
func (t *tracer) dump(tid int, sig unix.Signal) {
	t.stopAll(tid)
	if t.over {
		t.dumpErr = errors.New("capture: the program ended before its core could be written")
		return
	}
	t.dumpErr = t.save(tid, sig)
}

// save writes the core under a temporary name, and gives it its own when it is
// complete and on the disk. On error nothing is left behind.
func (t *tracer) save(tid int, sig unix.Signal) (err error) {
	dir := filepath.Dir(t.core)
	f, err := os.CreateTemp(dir, ".moho-core-*")
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer func() {
		if f.Close(); err != nil {
			os.Remove(f.Name())
		}
	}()
	gaps, err := WriteCore(f, t.pid, tid, sig)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("capture: %s: %w", f.Name(), err)
	}
	if err := os.Rename(f.Name(), t.core); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if d, err := os.Open(dir); err == nil {
		d.Sync() // some file systems cannot; the core is there all the same
		d.Close()
	}
	t.result.Core, t.result.Size, t.result.Disk = t.core, st.Size, st.Blocks*512
	t.result.Gaps = gaps
	return nil
}
