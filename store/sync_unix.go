//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes the names in dir durable.
func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some file systems (FUSE, network) can't sync a directory and say EINVAL;
	// there is nothing better to do on them.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
