package asm

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"moho/gotab"
)

// ErrNoFunc is wrapped by the error of Find when no function is meant.
var ErrNoFunc = errors.New("no such function")

// A MatchError says that a pattern names no function, or one of many. Names
// are the candidates: those that it could mean, or those that look like it, the
// likeliest first; Count is how many it could mean.
type MatchError struct {
	Pattern string
	Count   int
	Names   []string
}

// Error says which of both it is.
func (e *MatchError) Error() string {
	if e.Count == 0 {
		return fmt.Sprintf("no function %s", e.Pattern)
	}
	return fmt.Sprintf("%s could be any of %d functions", e.Pattern, e.Count)
}

// Unwrap returns ErrNoFunc.
func (e *MatchError) Unwrap() error { return ErrNoFunc }

// maxNear is how many candidates a MatchError names: what fits a screen.
const maxNear = 6

// Find returns the functions that pattern means, in order of entry: by address
// (0x…, inside the function), else by the whole name, else by the name without
// type arguments, else by the end of the name from a dot or a slash on (Spill,
// (*T).M; a major version in the package's path may be left out), and last as a
// regular expression. Several functions can have one
// name: an assembly function and its wrapper, instances of a generic function,
// closures. The error is a *MatchError when none is found, or when a name's end
// fits different ones.
func (p *Program) Find(pattern string) ([]gotab.Func, error) {
	if hex, ok := strings.CutPrefix(pattern, "0x"); ok {
		if v, err := strconv.ParseUint(hex, 16, 64); err == nil {
			if fn, ok := p.Table.FuncAt(gotab.PC(v)); ok {
				return []gotab.Func{fn}, nil
			}
			return nil, &MatchError{Pattern: "at " + pattern}
		}
	}
	var exact, generic, suffix []gotab.Func
	want, wantShort := []byte(pattern), withoutArgs([]byte(pattern))
	major := majorEnd(wantShort)
	var buf []byte
	for fn := range p.Functions() {
		buf = fn.AppendName(buf[:0])
		if bytes.Equal(buf, want) {
			exact = append(exact, fn)
			continue
		}
		short := withoutArgs(buf) // buf is spoilt
		switch {
		case bytes.Equal(short, wantShort):
			generic = append(generic, fn)
		case endsWith(short, wantShort), major.fits(short):
			suffix = append(suffix, fn)
		}
	}
	switch {
	case len(exact) > 0:
		return exact, nil
	case len(generic) > 0:
		return generic, nil
	case len(suffix) > 0:
		if err := sameName(pattern, suffix); err != nil {
			return nil, err
		}
		return suffix, nil
	}
	if re, err := regexp.Compile(pattern); err == nil && isRegexp(pattern) {
		for fn := range p.Functions() {
			if buf = fn.AppendName(buf[:0]); re.Match(buf) {
				exact = append(exact, fn)
			}
		}
		if len(exact) > 0 {
			return exact, nil
		}
	}
	return nil, &MatchError{Pattern: pattern, Names: p.near(pattern)}
}

// isRegexp reports whether pattern has something that no name has: dots,
// parentheses, brackets and stars are in names too.
func isRegexp(pattern string) bool {
	return strings.ContainsAny(pattern, `^$|?+\{`) || strings.Contains(pattern, ".*")
}

// withoutArgs cuts the type arguments, as [gotab.PrintName] does, out of a name
// that may be overwritten.
func withoutArgs(name []byte) []byte {
	i, j := bytes.IndexByte(name, '['), bytes.LastIndexByte(name, ']')
	if i < 0 || j <= i {
		return name
	}
	return append(name[:i], name[j+1:]...)
}

func endsWith(name, end []byte) bool {
	if len(end) == 0 || len(end) >= len(name) || !bytes.HasSuffix(name, end) {
		return false
	}
	c := name[len(name)-len(end)-1]
	return c == '.' || c == '/' || end[0] == '.'
}

// A major is the end of a name in a package that people know by the element
// before a major version: raft.New means example.org/raft/v3.New.
type major struct{ pkg, rest []byte }

func majorEnd(end []byte) major {
	slash := bytes.LastIndexByte(end, '/') + 1
	if dot := bytes.IndexByte(end[slash:], '.'); dot > 0 {
		return major{end[:slash+dot], end[slash+dot:]}
	}
	return major{}
}

func (m major) fits(name []byte) bool {
	path, ok := bytes.CutSuffix(name, m.rest)
	if !ok || len(m.pkg) == 0 {
		return false
	}
	slash := bytes.LastIndexByte(path, '/')
	if slash < 0 || slash+2 >= len(path) || path[slash+1] != 'v' {
		return false
	}
	for _, c := range path[slash+2:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return endsWith(path[:slash], m.pkg) || bytes.Equal(path[:slash], m.pkg)
}

// sameName returns an error unless all functions are instances of one.
func sameName(pattern string, fns []gotab.Func) error {
	set := map[string]bool{}
	for _, fn := range fns {
		set[gotab.PrintName(fn.Name())] = true
	}
	if len(set) == 1 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(set), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return &MatchError{Pattern: pattern, Count: len(set), Names: names[:min(len(names), maxNear)]}
}

// near returns names that pattern may have been meant for: those that contain
// its last part, whatever the case, else those whose last part differs least.
func (p *Program) near(pattern string) []string {
	part := lastPart(gotab.PrintName(pattern))
	if part == "" {
		return nil
	}
	type scored struct {
		name string
		far  int
	}
	var best []scored
	for fn := range p.Functions() {
		name := gotab.PrintName(fn.Name())
		last := lastPart(name)
		far := 0
		switch {
		case strings.EqualFold(last, part):
			far = 0
		case len(part) >= 3 && strings.Contains(strings.ToLower(last), strings.ToLower(part)):
			far = 1 + len(last) - len(part)
		default:
			if far = 2 * distance(last, part, 2); far > 4 {
				continue
			}
		}
		best = append(best, scored{name, far})
	}
	slices.SortStableFunc(best, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(len(a.name), len(b.name)))
	})
	var names []string
	for _, s := range best {
		if len(names) < maxNear && !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// lastPart returns what stands behind the last dot of a name.
func lastPart(name string) string {
	name = strings.Trim(name, ".")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// distance returns how many characters must be changed, added or dropped to
// make a of b, or more than limit when it is more.
func distance(a, b string, limit int) int {
	const longest = 64 // names beyond are not typed by hand
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > longest || len(b) > longest {
		return limit + 1
	}
	var row [longest + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if lower(a[i]) != lower(b[j]) {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
