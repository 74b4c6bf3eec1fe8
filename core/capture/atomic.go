package capture

import (
	"fmt"
	"os"
	"path/filepath"
)

// Atomically has write fill a file under a temporary name, and gives it its own
// when it is complete and on the disk. On error nothing is left behind, and a
// file that had the name before still has it. Only its owner may read it: cores
// hold secrets.
func Atomically(path string, write func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".moho-core-*")
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer func() {
		if f.Close(); err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if d, err := os.Open(dir); err == nil {
		d.Sync() // some file systems cannot; the core is there all the same
		d.Close()
	}
	return nil
}
