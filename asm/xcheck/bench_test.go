package xcheck_test

import (
	"testing"

	"moho/asm/xcheck"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// BenchmarkEtcd compares three sources of 32,000 functions.
func BenchmarkEtcd(b *testing.B) {
	path := testbin.Peer(b, testbin.Etcd, testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	b.ReportAllocs()
	for b.Loop() {
		f, err := objfile.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		t, err := gotab.Open(f)
		if err != nil {
			b.Fatal(err)
		}
		r, err := xcheck.Run(f, t, xcheck.Options{})
		if err != nil || !r.Agree {
			b.Fatal(r.Groups, err)
		}
		f.Close()
	}
}
