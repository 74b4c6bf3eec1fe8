//go:build !unix

package store

import "os"

// syncDir does nothing: these systems have no way to sync a directory.
func syncDir(*os.Root, string) error { return nil }
