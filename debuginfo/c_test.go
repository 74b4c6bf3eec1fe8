package debuginfo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
)

const cProgram = `
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct node { struct node *next; union { int i; double d; } u; unsigned flags : 3; char name[2][5]; };
typedef int (*op)(const struct node *, volatile long);
enum color { red, green = 7 };

static inline int twice(int x) { int y = x + x; return y * (int)sizeof(y); }

__attribute__((noinline)) static int walk(const struct node *n, enum color c, long k) {
	int sum = 0;
	for (; n; n = n->next) {
		int here = twice(n->u.i) + (int)c;
		if (here > k) { static int hits; hits++; sum += hits; }
		sum += here;
	}
	return sum;
}

__attribute__((noinline)) int vla(int n) {
	int a[n];
	memset(a, 1, sizeof a);
	int inner(int i) { return a[i % n]; }
	return inner(n / 2);
}

__attribute__((noinline, cold)) void fail(const char *why, long double x, _Complex double z) { printf("%s %Lg %g\n", why, x, __real__ z); }

int main(int argc, char **argv) {
	struct node a = { 0, { argc }, 1, { "ab" } }, b = { &a, { 2 }, 2, { "cd" } };
	op f = 0;
	uint8_t bytes[300];
	memset(bytes, argc, sizeof bytes);
	if (argc > 5) fail(argv[0], 1, 2);
	return walk(&b, green, 100) + vla(argc + 3) + bytes[argc] + (f != 0);
}
`

// TestC reads what gcc writes, in all versions and both formats, and asks the
// standard library and llvm-dwarfdump the same.
func TestC(t *testing.T) {
	testbin.NeedTool(t, "gcc", "llvm-dwarfdump")
	dir := t.TempDir()
	src := filepath.Join(dir, "prog.c")
	if err := os.WriteFile(src, []byte(cProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{
		{"-gdwarf-5", "-O2"},
		{"-gdwarf-5", "-O0"},
		{"-gdwarf-4", "-O2"},
		{"-gdwarf-4", "-O2", "-freorder-blocks-and-partition", "-fdebug-types-section"},
		{"-gdwarf-3", "-O1"},
		{"-gdwarf-2", "-gstrict-dwarf", "-O2"},
		{"-gdwarf-5", "-gdwarf64", "-O2", "-gz"},
		{"-gdwarf-4", "-O2", "-gsplit-dwarf"},
	} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "prog")
			testbin.Run(t, "gcc", append(append([]string{"-w", "-o", path}, flags...), src)...)
			got := funcs(t, open(t, path))
			want := otherFuncs(t, other(t, path))
			least := 4
			if slices.Contains(flags, "-gsplit-dwarf") {
				least = 0 // what describes them lies in another file
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) < least {
				t.Errorf("%d functions; debug/dwarf (-), debuginfo (+):\n%s", len(got), diff)
			}
			if flags[0] != "-gdwarf-2" { // there the frame base is a list, so that all that counts from it is unknown
				compareLocations(t, path)
			}
		})
	}
}
