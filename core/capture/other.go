//go:build !linux || !(amd64 || arm64)

package capture

import (
	"context"
	"fmt"
	"runtime"
)

// Run is available on linux/amd64 and linux/arm64 only.
func Run(context.Context, []string, string, Options) (Result, error) {
	return Result{}, fmt.Errorf("capture: %s/%s: %w", runtime.GOOS, runtime.GOARCH, ErrUnsupported)
}

// Dump is available on linux/amd64 and linux/arm64 only.
func Dump(context.Context, int, string, DumpOptions) (DumpResult, error) {
	return DumpResult{}, fmt.Errorf("capture: %s/%s: %w", runtime.GOOS, runtime.GOARCH, ErrUnsupported)
}
