package debuginfo_test

import (
	"testing"

	"moho/debuginfo"
	"moho/internal/testbin"
	"moho/objfile"
)

// BenchmarkEtcd reads all functions, and all variables with their places.
func BenchmarkEtcd(b *testing.B) {
	path := testbin.Peer(b, testbin.Etcd, testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	f, err := objfile.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := debuginfo.Open(f)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := d.Index(); err != nil {
				b.Fatal(err)
			}
		}
	})
	d, err := debuginfo.Open(f)
	if err != nil {
		b.Fatal(err)
	}
	all, err := d.Index()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bodies", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, fn := range all {
				body, err := fn.Body()
				if err != nil {
					b.Fatal(err)
				}
				for _, v := range body.Vars {
					if _, err := v.Locs(); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	})
}
