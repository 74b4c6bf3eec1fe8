package main

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "64G": 64 << 30, "512k": 512 << 10, "2GiB": 2 << 30, "10MB": 10 << 20, "1T": 1 << 40} {
		if n, err := parseSize(text); n != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "G", "-1", "0", "x", "9999999999T", "1.5G"} {
		if n, err := parseSize(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
	for n, want := range map[int64]string{64 << 30: "64G", 1: "1", 1536: "1536", 1 << 40: "1T", 2 << 10: "2K"} {
		if got := formatSize(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
