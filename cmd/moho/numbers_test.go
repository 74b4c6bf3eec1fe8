package main

import "testing"

func TestSizeOf(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9950: "10 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		271_400_000: "271 MB", 1_240_000_000: "1.2 GB", 1<<64 - 1: "18 EB",
	} {
		if got := sizeOf(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
