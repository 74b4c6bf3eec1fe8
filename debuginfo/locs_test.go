package debuginfo_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"moho/debuginfo"
	"moho/internal/testbin"
)

// TestLocationsEqualLLVM compares where every variable of every function is with
// what llvm-dwarfdump prints.
func TestLocationsEqualLLVM(t *testing.T) {
	testbin.NeedTool(t, "llvm-dwarfdump")
	every(t, func(t *testing.T, path string) {
		vars, places := compareLocations(t, path)
		if vars < 5000 || places < 5000 {
			t.Errorf("%d variables at %d places", vars, places)
		}
	})
}

// compareLocations returns how many variables at how many places are alike.
func compareLocations(t *testing.T, path string) (vars, places int) {
	t.Helper()
	want := llvmLocations(t, path)
	funcs, unknown := 0, 0
	for f, err := range open(t, path).Funcs() {
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.Body()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range b.Vars {
			locs, err := v.Locs()
			if err != nil {
				t.Fatalf("%s, %s: %v", f.Name(), v.Name, err)
			}
			line := ""
			for _, l := range locs {
				line += fmt.Sprintf("[%#x %#x", l.Low, l.High)
				for _, p := range l.Pieces {
					line += " " + shortPiece(p, len(l.Pieces) > 1)
					if p.Kind == debuginfo.Unknown {
						unknown++
					}
				}
				line += "]"
			}
			got = append(got, line)
			places += len(locs)
		}
		funcs++
		vars += len(got)
		w, ok := want[uint64(f.Low)]
		if !ok {
			continue // another piece of a C function
		}
		for i := range min(len(got), len(w)) { // what is no list has no bounds
			if whole := fmt.Sprintf("[%#x %#x", f.Low, f.High); strings.HasPrefix(w[i], " ") {
				got[i] = strings.TrimSuffix(strings.TrimPrefix(got[i], whole), "]")
			}
		}
		if !slices.Equal(got, w) {
			for i := range min(len(got), len(w)) {
				if got[i] != w[i] {
					t.Errorf("%s, %s:\nllvm-dwarfdump %s\ndebuginfo      %s", f.Name(), b.Vars[i].Name, w[i], got[i])
					break
				}
			}
			if len(got) != len(w) {
				t.Errorf("%s: %d variables, llvm-dwarfdump has %d", f.Name(), len(got), len(w))
			}
		}
	}
	t.Logf("%d functions, %d variables, %d places, %d of them unknown", funcs, vars, places, unknown)
	return vars, places
}

// shortPiece writes a piece as llvmPieces does.
func shortPiece(p debuginfo.Piece, sized bool) string {
	s := "other"
	switch p.Kind {
	case debuginfo.None:
		s = "none"
	case debuginfo.Register:
		s = fmt.Sprintf("r%d", p.Reg)
	case debuginfo.Frame:
		s = fmt.Sprintf("cfa%+d", p.At)
	case debuginfo.FrameRef:
		s = fmt.Sprintf("*cfa%+d", p.At)
	case debuginfo.Constant:
		s = fmt.Sprintf("=%d", p.At)
	}
	if sized {
		s += fmt.Sprintf(":%d", p.Size)
	}
	return s
}

// llvmLocations returns, for the function at each address, where its variables
// are, in the order of the file.
func llvmLocations(t *testing.T, path string) map[uint64][]string {
	t.Helper()
	out := map[uint64][]string{}
	var fn, depth, deeper int
	low := uint64(0)
	varAt := -1 // of the variable in out[low]
	inLoc, skip := false, 0
	for line := range strings.Lines(testbin.Run(t, "llvm-dwarfdump", "--debug-info", path)) {
		line = strings.TrimRight(line, "\n")
		body := strings.TrimLeft(line, " ")
		if tag, rest, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(tag, "0x") && strings.Contains(rest, "DW_TAG_") {
			depth = len(rest) - len(strings.TrimLeft(rest, " "))
			rest = strings.TrimSpace(rest)
			varAt, inLoc = -1, false
			if skip > 0 && depth <= skip {
				skip = 0
			}
			switch {
			case rest == "DW_TAG_subprogram":
				if low != 0 && depth > fn {
					skip = depth
					continue
				}
				fn, low = depth, 0
			case depth <= fn:
				low = 0
			case skip > 0 || low == 0:
			case rest == "DW_TAG_formal_parameter" || rest == "DW_TAG_variable":
				varAt = len(out[low])
				out[low] = append(out[low], "")
			case rest != "DW_TAG_lexical_block" && rest != "DW_TAG_inlined_subroutine":
				skip = depth
			}
			continue
		}
		deeper = len(line) - len(body)
		switch {
		case strings.HasPrefix(body, "DW_AT_low_pc") && low == 0 && deeper > 0 && fn > 0 && depth == fn:
			low, _ = strconv.ParseUint(strings.TrimSuffix(body[len("DW_AT_low_pc\t("):], ")"), 0, 64)
			if low != 0 {
				out[low] = []string{}
			}
		case varAt < 0:
		case strings.HasPrefix(body, "DW_AT_const_value\t("):
			v := strings.TrimSuffix(body[len("DW_AT_const_value\t("):], ")")
			n, _ := strconv.ParseInt(v, 0, 64)
			out[low][varAt] = fmt.Sprintf(" =%d", n)
		case strings.HasPrefix(body, "DW_AT_location\t("):
			expr := body[len("DW_AT_location\t("):]
			if strings.HasPrefix(expr, "0x") {
				inLoc = true
				continue
			}
			out[low][varAt] = " " + llvmPieces(strings.TrimSuffix(expr, ")"))
		case inLoc && strings.HasPrefix(body, "["):
			bounds, expr, _ := strings.Cut(body[1:], "): ")
			from, to, _ := strings.Cut(bounds, ", ")
			a, _ := strconv.ParseUint(from, 0, 64)
			b, _ := strconv.ParseUint(to, 0, 64)
			if strings.Count(expr, ")") > strings.Count(expr, "(") {
				expr = expr[:strings.LastIndex(expr, ")")]
				inLoc = false
			}
			if a < b {
				out[low][varAt] += fmt.Sprintf("[%#x %#x %s]", a, b, llvmPieces(expr))
			}
		default:
			inLoc = false
		}
	}
	return out
}

// llvmPieces evaluates the operations that Go's compiler and gcc use most.
func llvmPieces(expr string) string {
	var out []string
	cur := ""
	if expr == "<empty>" {
		return "none"
	}
	for op := range strings.SplitSeq(expr, ", ") {
		name, arg, _ := strings.Cut(op, " ")
		switch {
		case strings.HasPrefix(name, "DW_OP_reg") && name != "DW_OP_regx" && cur == "":
			cur = "r" + name[len("DW_OP_reg"):]
		case name == "DW_OP_regx" && cur == "":
			_, name, _ := strings.Cut(arg, " ")
			n, err := strconv.Atoi(strings.TrimLeft(name+arg, "BV")) // B0 is V0 in part
			if err != nil {
				n = -1000
			}
			cur = fmt.Sprintf("r%d", 64+n)
		case strings.HasPrefix(name, "DW_OP_lit") && cur == "":
			cur = "lit" + name[len("DW_OP_lit"):]
		case name == "DW_OP_stack_value" && strings.HasPrefix(cur, "lit"):
			cur = "=" + cur[len("lit"):]
		case name == "DW_OP_fbreg" && cur == "":
			cur = "cfa" + arg
		case name == "DW_OP_plus_uconst" && strings.HasPrefix(cur, "cfa"):
			base, _ := strconv.ParseInt(cur[len("cfa"):], 10, 64)
			n, _ := strconv.ParseInt(arg, 0, 64)
			cur = fmt.Sprintf("cfa%+d", base+n)
		case name == "DW_OP_call_frame_cfa" && cur == "":
			cur = "cfa+0"
		case name == "DW_OP_deref" && strings.HasPrefix(cur, "cfa"):
			cur = "*" + cur
		case name == "DW_OP_piece":
			if cur == "" {
				cur = "none"
			}
			n, _ := strconv.ParseUint(arg, 0, 64)
			out = append(out, fmt.Sprintf("%s:%d", cur, n))
			cur = ""
		default:
			cur = "other"
		}
	}
	if cur != "" {
		out = append(out, cur)
	}
	return strings.Join(out, " ")
}
