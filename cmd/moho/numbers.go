package main

import (
	"fmt"
	"strconv"
)

// count returns "1 finding", "2000 findings": titles of goroutines are made of it
// too, and programs that read tracebacks know no commas.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// plural is count for tables, which have commas.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(uint64(n)) + " " + what + "s"
}

// thousands returns n with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sizeOf writes a number of bytes as short as it can be compared: 640 B, 3.5 MB,
// 271 MB. Units are decimal, for memory as for files, as Go's own limit of 1 GB for a
// stack is.
func sizeOf[N int64 | uint64](n N) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	const units = "kMGTPE"
	x, i := float64(n)/1000, 0
	for x >= 999.5 && i < len(units)-1 {
		x, i = x/1000, i+1
	}
	if x < 9.95 {
		return fmt.Sprintf("%.1f %cB", x, units[i])
	}
	return fmt.Sprintf("%.0f %cB", x, units[i])
}
