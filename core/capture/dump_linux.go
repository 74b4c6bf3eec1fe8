//go:build amd64 || arm64

package capture

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"moho/evidence"
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

// save writes the core.
func (t *tracer) save(tid int, sig unix.Signal) error {
	var gaps []evidence.Gap
	err := Atomically(t.core, func(f *os.File) (err error) {
		gaps, err = WriteCore(f, t.pid, tid, sig)
		return err
	})
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(t.core, &st); err != nil {
		return fmt.Errorf("capture: %s: %w", t.core, err)
	}
	t.result.Core, t.result.Size, t.result.Disk = t.core, st.Size, st.Blocks*512
	t.result.Gaps = gaps
	return nil
}
