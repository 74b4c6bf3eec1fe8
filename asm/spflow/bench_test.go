package spflow_test

import (
	"context"
	"testing"

	"moho/asm"
	"moho/asm/spflow"
	"moho/internal/testbin"
)

func benchProgram(b *testing.B, goarch string) *asm.Program {
	b.Helper()
	p, err := asm.Open(testbin.Peer(b, testbin.Etcd, testbin.Config{GOOS: "linux", GOARCH: goarch}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Close() })
	return p
}

// BenchmarkVerifyAll proves all of etcd.
func BenchmarkVerifyAll(b *testing.B) {
	for _, goarch := range []string{"amd64", "arm64"} {
		b.Run(goarch, func(b *testing.B) {
			p := benchProgram(b, goarch)
			b.ReportAllocs()
			for b.Loop() {
				r, err := spflow.VerifyAll(context.Background(), p, spflow.Options{Workers: 1})
				if err != nil || r.Verified < 30000 {
					b.Fatal(r.Verified, err)
				}
			}
		})
	}
}

// BenchmarkVerify proves one function of etcd, with nothing found before.
func BenchmarkVerify(b *testing.B) {
	p := benchProgram(b, "amd64")
	fn := p.Table.FuncNamed("net/http.(*Server).Serve")[0]
	b.ReportAllocs()
	for b.Loop() {
		if r, err := spflow.Verify(p, fn); err != nil || !r.Verified {
			b.Fatal(r, err)
		}
	}
}
