//go:build !linux || !(amd64 || arm64)

package live

import (
	"context"
	"fmt"
	"runtime"
)

// Take is available on linux/amd64 and linux/arm64 only.
func Take(context.Context, int, Options) (*Snapshot, error) {
	return nil, fmt.Errorf("live: %s/%s: %w", runtime.GOOS, runtime.GOARCH, ErrUnsupported)
}

// Advice returns "".
func Advice(error) string { return "" }
