package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"moho/internal/unpack"
)

// maxSizeVar is the variable that stands for --max-size.
const maxSizeVar = "MOHO_MAX_SIZE"

// sizeFlag is a number of bytes, with K, M, G or T for powers of 1024.
type sizeFlag int64

func (s *sizeFlag) String() string { return formatSize(int64(*s)) }
func (s *sizeFlag) Type() string   { return "size" }

func (s *sizeFlag) Set(text string) error {
	n, err := parseSize(text)
	if err == nil {
		*s = sizeFlag(n)
	}
	return err
}

func parseSize(text string) (int64, error) {
	num, shift := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I"), 0
	if n := len(num); n > 0 {
		if i := strings.IndexByte("KMGT", num[n-1]); i >= 0 {
			num, shift = num[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size: a number of bytes, or of K, M, G, T", text)
	}
	return n << shift, nil
}

func formatSize(n int64) string {
	for i, shift := len("KMGT")-1, 40; i >= 0; i, shift = i-1, shift-10 {
		if n != 0 && n&(1<<shift-1) == 0 {
			return fmt.Sprintf("%d%c", n>>shift, "KMGT"[i])
		}
	}
	return strconv.FormatInt(n, 10)
}

// sizeLimit returns the limit of what is decompressed, and where it comes from.
func (a *app) sizeLimit() (n int64, origin string, err error) {
	if a.maxSize != 0 {
		return int64(a.maxSize), "flag --max-size", nil
	}
	if v := os.Getenv(maxSizeVar); v != "" {
		if n, err = parseSize(v); err != nil {
			return 0, "", fmt.Errorf("environment %s: %w", maxSizeVar, err)
		}
		return n, "environment " + maxSizeVar, nil
	}
	return unpack.MaxSize, "default", nil
}
