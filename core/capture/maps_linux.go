//go:build amd64 || arm64

package capture

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// vma is one mapping of the process.
type vma struct {
	start, end        uint64
	read, write, exec bool
	shared            bool
	off               uint64
	name              string // file, "[heap]" and the like, or ""
	file              bool   // there is an inode behind it
	anonymous         uint64 // bytes of private pages, resident or swapped out
	dontDump          bool   // VmFlags: dd, io, or reserved for hardware
}

func (v *vma) size() uint64 { return v.end - v.start }

// sharedMemory reports whether v is shared memory without a file to read it
// from later.
func (v *vma) sharedMemory() bool {
	return v.shared && v.file && strings.HasSuffix(v.name, " (deleted)")
}

// readMaps reads /proc/PID/smaps: unlike maps it tells which mappings have
// pages of their own, and which asked not to be dumped.
func readMaps(pid int) ([]vma, error) {
	path := fmt.Sprintf("/proc/%d/smaps", pid)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseMaps(path, string(b))
}

func parseMaps(path, text string) ([]vma, error) {
	var maps []vma
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		key, value, _ := strings.Cut(line, ":")
		if len(maps) > 0 && !strings.ContainsAny(key, " -") {
			maps[len(maps)-1].attribute(key, value)
			continue
		}
		v, err := parseMapping(line)
		if err != nil {
			return nil, fmt.Errorf("capture: %s: %w", path, err)
		}
		maps = append(maps, v)
	}
	return maps, nil
}

// parseMapping reads "start-end rwxp offset dev inode  name".
func parseMapping(line string) (vma, error) {
	f := strings.SplitN(line, " ", 6)
	if len(f) < 5 || len(f[1]) != 4 {
		return vma{}, fmt.Errorf("mapping %q: want six fields", line)
	}
	from, to, _ := strings.Cut(f[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	off, err3 := strconv.ParseUint(f[2], 16, 64)
	if err1 != nil || err2 != nil || err3 != nil || start >= end {
		return vma{}, fmt.Errorf("mapping %q: bad range or offset", line)
	}
	v := vma{
		start: start, end: end, off: off,
		read: f[1][0] == 'r', write: f[1][1] == 'w', exec: f[1][2] == 'x', shared: f[1][3] == 's',
		file: f[4] != "0",
	}
	if len(f) == 6 {
		v.name = strings.ReplaceAll(strings.TrimLeft(f[5], " "), `\012`, "\n")
	}
	return v, nil
}

func (v *vma) attribute(key, value string) {
	switch key {
	case "Anonymous", "Swap":
		n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 54)
		v.anonymous += n << 10
	case "VmFlags":
		for _, flag := range strings.Fields(value) {
			if flag == "dd" || flag == "io" || flag == "pf" {
				v.dontDump = true
			}
		}
	}
}

// Bits of /proc/PID/pagemap that any tracer may see.
//
// Source: linux/Documentation/admin-guide/mm/pagemap.rst.
const (
	pageShared  = 1 << 61 // a page of a file, or shared memory
	pageSwapped = 1 << 62
	pagePresent = 1 << 63
)

// own yields the runs of private pages in v. If the kernel does not tell, that
// is all of v.
func own(pagemap *os.File, v *vma, page uint64, yield func(start, end uint64) error) error {
	if pagemap == nil {
		return yield(v.start, v.end)
	}
	buf := make([]byte, 64<<10)
	var from uint64 // start of the current run, 0 outside
	for at := v.start; at < v.end; {
		n := min(uint64(len(buf))/8, (v.end-at)/page)
		got, err := pagemap.ReadAt(buf[:n*8], int64(at/page*8))
		if err != nil && got < 8 {
			if from == 0 {
				from = at
			}
			break // not told: take the rest
		}
		for i := range uint64(got) / 8 {
			e := binary.NativeEndian.Uint64(buf[i*8:])
			mine := e&(pagePresent|pageSwapped) != 0 && e&pageShared == 0
			switch addr := at + i*page; {
			case mine && from == 0:
				from = addr
			case !mine && from != 0:
				if err := yield(from, addr); err != nil {
					return err
				}
				from = 0
			}
		}
		at += uint64(got) / 8 * page
	}
	if from != 0 {
		return yield(from, v.end)
	}
	return nil
}
