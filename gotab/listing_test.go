package gotab_test

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
)

// A listed is a function in a listing of the compiler.
type listed struct {
	name  string
	data  map[int]string // symbol of funcdata table
	insts []listedInst
}

// A listedInst is one instruction, with the PCDATA values that hold there.
type listedInst struct {
	off uint64
	pc  [5]int32
}

var (
	stext  = regexp.MustCompile(`^(\S.*) STEXT `)
	inst   = regexp.MustCompile(`^\t0x([0-9a-f]+) \d+ \(.*\)\t([A-Z0-9.]+)(?:\t(.*))?$`)
	symbol = regexp.MustCompile(`^(\S.*) S[A-Z]*RODATA .*size=(\d+)`)
	dump   = regexp.MustCompile(`^\t0x[0-9a-f]{4,} ((?:[0-9a-f]{2} )+)`)
)

// listing reads what -gcflags=-S prints: the functions and the contents of data
// symbols.
func listing(t *testing.T, text string) (fns []listed, data map[string][]byte) {
	t.Helper()
	data = map[string][]byte{}
	var f *listed
	sym := ""
	var now [5]int32
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := stext.FindStringSubmatch(line); m != nil {
			fns = append(fns, listed{name: strings.ReplaceAll(m[1], `"".`, "main."), data: map[int]string{}})
			f, sym, now = &fns[len(fns)-1], "", [5]int32{-1, -1, -1, -1, -1}
		} else if m := symbol.FindStringSubmatch(line); m != nil {
			f, sym = nil, m[1]
			data[sym] = []byte{}
		} else if m := dump.FindStringSubmatch(line); m != nil && sym != "" {
			b, err := hex.DecodeString(strings.ReplaceAll(m[1], " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			data[sym] = append(data[sym], b...)
		} else if m := inst.FindStringSubmatch(line); m != nil && f != nil {
			a, b, _ := strings.Cut(m[3], ", ")
			switch m[2] {
			case "PCDATA":
				now[number(t, a)] = int32(number(t, b))
			case "FUNCDATA":
				f.data[number(t, a)] = strings.TrimSuffix(b, "(SB)")
			case "TEXT", "NOP", "XCHGL":
			default:
				off, err := strconv.ParseUint(m[1], 16, 32)
				if err != nil {
					t.Fatal(err)
				}
				f.insts = append(f.insts, listedInst{off, now})
			}
		}
	}
	return fns, data
}

func number(t *testing.T, s string) int {
	t.Helper()
	if s == "ZR" { // arm64's way to write $0, until Go 1.17
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "$"), 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// TestFuncDataEqualsListing finds each table of each function of package main
// where the compiler's listing says it is, byte for byte, and each PCDATA value
// at each instruction.
func TestFuncDataEqualsListing(t *testing.T) {
	testbin.Serial(t)
	for _, c := range matrix() {
		if c.Mode != testbin.Plain {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			src := testbin.Dir(t, "testdata/src/toy")
			f, tab := open(t, testbin.Build(t, src, c))
			fns, data := listing(t, testbin.Listing(t, src, c, "-S"))
			tables, values, seen := 0, 0, [8]int{}
			for _, want := range fns {
				found := tab.FuncNamed(want.name)
				if len(found) != 1 || !strings.HasPrefix(want.name, "main.") {
					continue // unreachable, or compiled in another package too
				}
				fn := found[0]
				for _, in := range want.insts {
					for i, v := range in.pc {
						got, ok := fn.PCData(i, fn.Entry()+gotab.PC(in.off))
						if !ok {
							got = -1
						}
						if i == gotab.PCDataInlTreeIndex {
							continue // the linker's
						}
						values++
						if got != v {
							t.Errorf("%s+%#x: PCDATA %d is %d, want %d", want.name, in.off, i, got, v)
						}
					}
				}
				for i := range 8 {
					sym, ok := want.data[i]
					a, has := fn.FuncData(i)
					if i == gotab.FuncDataInlTree {
						continue
					}
					if ok != has {
						t.Errorf("%s: funcdata %d: %v, want %v: %s", want.name, i, has, ok, sym)
					}
					bytes, listed := data[sym]
					if !listed || i == gotab.FuncDataWrapInfo {
						continue
					}
					b, err := f.Slice(a, len(bytes))
					if err != nil {
						t.Fatal(err)
					}
					if i == gotab.FuncDataStackObjects { // a relocation of the linker's in each
						b, bytes = b[:12], bytes[:12]
					}
					if string(b) != string(bytes) {
						t.Errorf("%s: funcdata %d: % x, want % x: %s", want.name, i, b, bytes, sym)
					}
					tables++
					seen[i]++
				}
			}
			t.Logf("%d tables %v, %d values", tables, seen, values)
			if tables < 25 || values < 2000 || seen[4] == 0 || seen[2] == 0 {
				t.Errorf("%d tables %v, %d values", tables, seen, values)
			}
		})
	}
}
