package postmortem

import (
	"moho/core"
	"moho/evidence"
	"moho/gostate/where"
)

// SchemaMemoryMap is the schema of a [MemoryMap].
const SchemaMemoryMap = "moho/memorymap/v1"

// A MemoryMap is the address space, as moho/memorymap/v1.
type MemoryMap struct {
	Schema   string         `json:"schema"`
	Target   Target         `json:"target"`
	Ranges   []MemoryRange  `json:"ranges"`
	Heap     *MemoryUsage   `json:"heap"` // null = unknown
	Marks    []MemoryMark   `json:"marks"`
	Complete bool           `json:"complete"`
	Gaps     []evidence.Gap `json:"gaps"`
}

// A MemoryRange is a part of the address space.
type MemoryRange struct {
	Start string       `json:"start"`
	End   string       `json:"end"`
	Perms string       `json:"perms"`
	Held  uint64       `json:"held"`
	Kind  where.Kind   `json:"kind"`
	Name  string       `json:"name,omitempty"`
	Heap  *MemoryUsage `json:"heap,omitempty"`
}

// A MemoryUsage says what memory of the heap is used for, in bytes.
type MemoryUsage struct {
	Spans     int    `json:"spans"`
	InUse     uint64 `json:"inUse"`
	Allocated uint64 `json:"allocated"`
	Stacks    uint64 `json:"stacks"`
	Buffers   uint64 `json:"buffers"`
}

// A MemoryMark is a structure of the runtime's.
type MemoryMark struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// MemoryMap describes the address space as JSON.
func (c *Case) MemoryMap(ranges []where.Range, marks []where.Mark) MemoryMap {
	j := MemoryMap{
		Schema: SchemaMemoryMap, Target: c.Target(), Ranges: []MemoryRange{}, Marks: []MemoryMark{},
		Complete: len(c.Gaps) == 0, Gaps: append([]evidence.Gap{}, c.Gaps...),
	}
	if c.Heap() != nil {
		u := MemoryUsage(where.Total(ranges))
		j.Heap = &u
	}
	for _, r := range ranges {
		j.Ranges = append(j.Ranges, MemoryRange{
			Start: hexAddr(r.Start), End: hexAddr(r.End), Perms: PermString(r.Perms), Held: r.Held,
			Kind: r.Kind, Name: r.Name, Heap: (*MemoryUsage)(r.Heap),
		})
	}
	for _, m := range marks {
		j.Marks = append(j.Marks, MemoryMark{m.Name, hexAddr(m.Addr)})
	}
	return j
}

// Perms returns a region's permissions as /proc/PID/maps has them.
func Perms(r *core.Region) string { return PermString([3]bool{r.Read, r.Write, r.Exec}) }

// PermString is Perms for what a [where.Range] has.
func PermString(set [3]bool) string {
	b := []byte("---")
	for i := range set {
		if set[i] {
			b[i] = "rwx"[i]
		}
	}
	return string(b)
}
