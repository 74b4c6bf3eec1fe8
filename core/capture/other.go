//go:build !linux || !(amd64 || arm64)

package capture

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"moho/core"
)

func unsupported() error {
	return fmt.Errorf("capture: %s/%s: %w", runtime.GOOS, runtime.GOARCH, ErrUnsupported)
}

// Run is available on linux/amd64 and linux/arm64 only.
func Run(context.Context, []string, string, Options) (Result, error) {
	return Result{}, unsupported()
}

// Dump is available on linux/amd64 and linux/arm64 only.
func Dump(context.Context, int, string, DumpOptions) (DumpResult, error) {
	return DumpResult{}, unsupported()
}

// DumpTo is available on linux/amd64 and linux/arm64 only.
func DumpTo(context.Context, int, *os.File, DumpOptions) (DumpResult, error) {
	return DumpResult{}, unsupported()
}

// Scratch is available on linux/amd64 and linux/arm64 only.
func Scratch(string) (*os.File, error) { return nil, unsupported() }

// Path returns "".
func Path(*os.File) string { return "" }

// Redact is available on linux/amd64 and linux/arm64 only.
func Redact(context.Context, *core.Process, []core.Range, *os.File) error { return unsupported() }
