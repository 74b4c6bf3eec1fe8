package asmflow_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/internal/testbin"
)

// others are packages outside the standard library with much assembly, most of
// it generated, by module.
var others = map[string][]string{
	"golang.org/x/crypto@v0.31.0":            {"golang.org/x/crypto/chacha20poly1305", "golang.org/x/crypto/chacha20", "golang.org/x/crypto/blake2b", "golang.org/x/crypto/blake2s", "golang.org/x/crypto/argon2", "golang.org/x/crypto/salsa20/salsa", "golang.org/x/crypto/internal/poly1305"},
	"github.com/klauspost/compress@v1.17.11": {"github.com/klauspost/compress/s2", "github.com/klauspost/compress/zstd", "github.com/klauspost/compress/huff0", "github.com/klauspost/compress/zstd/internal/xxhash"},
	"github.com/minio/sha256-simd@v1.0.1":    {"github.com/minio/sha256-simd"},
	"gonum.org/v1/gonum@v0.15.1":             {"gonum.org/v1/gonum/internal/asm/f64", "gonum.org/v1/gonum/internal/asm/f32", "gonum.org/v1/gonum/internal/asm/c128", "gonum.org/v1/gonum/internal/asm/c64"},
	"github.com/zeebo/blake3@v0.2.4":         {"github.com/zeebo/blake3/internal/alg/hash/hash_avx2", "github.com/zeebo/blake3/internal/alg/compress/compress_sse41"},
	"github.com/minio/highwayhash@v1.0.3":    {"github.com/minio/highwayhash"},
	"github.com/cloudflare/circl@v1.5.0":     {"github.com/cloudflare/circl/dh/sidh/internal/p434", "github.com/cloudflare/circl/dh/sidh/internal/p751", "github.com/cloudflare/circl/ecc/p384"},
}

// TestModules compares with the assembler what is read of other modules, and
// the tables.
func TestModules(t *testing.T) {
	testbin.Long(t)
	for module, packages := range others {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module scratch.test\n\ngo 1.24\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		get := exec.CommandContext(t.Context(), "go", "get", module)
		get.Dir, get.Env = dir, environ("amd64")
		if out, err := get.CombinedOutput(); err != nil {
			t.Fatalf("go get %s: %v\n%s", module, err, out)
		}
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(filepath.Base(module)+"/"+goarch, func(t *testing.T) {
				n := agree(t, goarch, dir, packages...)
				funcs, insts, args := compareTables(t, goarch, dir, packages...)
				t.Logf("%d instructions; %d functions, %d instructions, %d arguments compared with tables", n, funcs, insts, args)
			})
		}
	}
}
