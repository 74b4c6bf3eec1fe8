//go:build amd64 || arm64

package proc

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// VMA is one mapping of the process.
type VMA struct {
	Start, End        uint64
	Read, Write, Exec bool
	Shared            bool
	Off               uint64
	Name              string // file, "[heap]" and the like, or ""
	File              bool   // there is an inode behind it
	Anonymous         uint64 // bytes of private pages, resident or swapped out
	DontDump          bool   // VmFlags: dd, io, or reserved for hardware
}

// Size returns how many bytes of address space v has.
func (v *VMA) Size() uint64 { return v.End - v.Start }

// SharedMemory reports whether v is shared memory without a file to read it
// from later.
func (v *VMA) SharedMemory() bool {
	return v.Shared && v.File && strings.HasSuffix(v.Name, " (deleted)")
}

// ReadMaps reads /proc/PID/smaps: unlike maps it tells which mappings have
// pages of their own, and which asked not to be dumped.
func ReadMaps(pid int) ([]VMA, error) {
	path := fmt.Sprintf("/proc/%d/smaps", pid)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseMaps(path, string(b))
}

func parseMaps(path, text string) ([]VMA, error) {
	var maps []VMA
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		key, value, _ := strings.Cut(line, ":")
		if len(maps) > 0 && !strings.ContainsAny(key, " -") {
			maps[len(maps)-1].attribute(key, value)
			continue
		}
		v, err := parseMapping(line)
		if err != nil {
			return nil, fmt.Errorf("proc: %s: %w", path, err)
		}
		maps = append(maps, v)
	}
	return maps, nil
}

// parseMapping reads "start-end rwxp offset dev inode  name".
func parseMapping(line string) (VMA, error) {
	f := strings.SplitN(line, " ", 6)
	if len(f) < 5 || len(f[1]) != 4 {
		return VMA{}, fmt.Errorf("mapping %q: want six fields", line)
	}
	from, to, _ := strings.Cut(f[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	off, err3 := strconv.ParseUint(f[2], 16, 64)
	if err1 != nil || err2 != nil || err3 != nil || start >= end {
		return VMA{}, fmt.Errorf("mapping %q: bad range or offset", line)
	}
	v := VMA{
		Start: start, End: end, Off: off,
		Read: f[1][0] == 'r', Write: f[1][1] == 'w', Exec: f[1][2] == 'x', Shared: f[1][3] == 's',
		File: f[4] != "0",
	}
	if len(f) == 6 {
		v.Name = strings.ReplaceAll(strings.TrimLeft(f[5], " "), `\012`, "\n")
	}
	return v, nil
}

func (v *VMA) attribute(key, value string) {
	switch key {
	case "Anonymous", "Swap":
		n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 54)
		v.Anonymous += n << 10
	case "VmFlags":
		for _, flag := range strings.Fields(value) {
			if flag == "dd" || flag == "io" || flag == "pf" {
				v.DontDump = true
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

// Own yields the runs of private pages in v. If the kernel does not tell, that
// is all of v.
func Own(pagemap *os.File, v *VMA, page uint64, yield func(start, end uint64) error) error {
	if pagemap == nil {
		return yield(v.Start, v.End)
	}
	buf := make([]byte, 64<<10)
	var from uint64 // start of the current run, 0 outside
	for at := v.Start; at < v.End; {
		n := min(uint64(len(buf))/8, (v.End-at)/page)
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
		return yield(from, v.End)
	}
	return nil
}
