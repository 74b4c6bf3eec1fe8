//go:build amd64 || arm64

package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Available returns how many bytes of memory this process may take without
// swapping, or without being killed for it: what the machine has available, or
// what its control group, or one that this is in, still allows. A container's
// limit is that of the program beside which moho runs, too.
func Available() (int64, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	free := int64(1 << 30) // kernels before 3.14 do not say
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("MemAvailable:")); ok {
			n, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 53)
			if err != nil {
				return 0, err
			}
			free = n << 10
		}
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return free, nil
	}
	for line := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		switch {
		case f[1] == "":
			free = min(free, allowed("/sys/fs/cgroup", f[2], "memory.max", "memory.current"))
		case strings.Contains(","+f[1]+",", ",memory,"):
			free = min(free, allowed("/sys/fs/cgroup/memory", f[2], "memory.limit_in_bytes", "memory.usage_in_bytes"))
		}
	}
	return free, nil
}

// allowed returns how much the group at path and those above it still allow. In
// a container the path may not exist; its own group is then the root.
func allowed(root, path, limit, usage string) int64 {
	free := int64(1<<63 - 1)
	for p := filepath.Join("/", path); ; p = filepath.Dir(p) {
		max, ok1 := number(filepath.Join(root, p, limit))
		used, ok2 := number(filepath.Join(root, p, usage))
		if ok1 && ok2 {
			if stat, err := os.ReadFile(filepath.Join(root, p, "memory.stat")); err == nil {
				used -= reclaimable(string(stat))
			}
			free = min(free, max-used)
		}
		if p == "/" {
			return free
		}
	}
}

// reclaimable returns how much of what a group uses is cache that the kernel
// gives up when asked.
func reclaimable(stat string) (n int64) {
	for line := range strings.Lines(stat) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key == "inactive_file" || key == "total_inactive_file" {
			x, _ := strconv.ParseInt(value, 10, 63)
			n = max(n, x)
		}
	}
	return n
}

// number reads a file that holds one. It reports false for "max".
func number(path string) (int64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 63)
	return n, err == nil
}
