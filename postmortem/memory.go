package postmortem

import (
	"encoding/hex"
	"fmt"
	"strings"

	"moho/core"
	"moho/gostate/value"
	"moho/gostate/where"
	"moho/gotab"
)

// SchemaMemory is the schema of a [Memory].
const SchemaMemory = "moho/memory/v1"

// A Memory is bytes of the process, as moho/memory/v1.
type Memory struct {
	Schema  string       `json:"schema"`
	Address string       `json:"address"`
	Region  where.Kind   `json:"region"`
	Length  int          `json:"length"` // of Bytes
	Bytes   string       `json:"bytes"`  // in hexadecimal, as they lie
	Words   []MemoryWord `json:"words"`  // those that point somewhere
	Type    string       `json:"type,omitempty"`
	Value   *value.Value `json:"value,omitempty"`
	Missing string       `json:"missing,omitempty"` // why there are fewer than were asked for
}

// A MemoryWord is a word that is an address of the process, and what is there.
type MemoryWord struct {
	Address string `json:"address"`
	Value   string `json:"value"`
	Is      string `json:"is"`
}

// ReadMemory returns up to n bytes at a, fewer where the memory ends; missing
// says why then.
func (c *Case) ReadMemory(a core.Addr, n int) (b []byte, missing string) {
	b = make([]byte, n)
	got, err := c.Process.ReadMemory(b, a)
	if err != nil {
		missing = err.Error()
	}
	return b[:got], missing
}

// Memory describes bytes that were read at a as JSON.
func (c *Case) Memory(a core.Addr, b []byte, missing string) Memory {
	m := c.Where()
	pl := m.Find(a)
	j := Memory{
		Schema: SchemaMemory, Address: hexAddr(a), Region: pl.Kind, Length: len(b), Bytes: hex.EncodeToString(b),
		Words: []MemoryWord{}, Missing: missing,
	}
	for off := int(-a & 7); off+8 <= len(b); off += 8 {
		x := core.Addr(Word(b[off:]))
		if is := m.Short(x); is != "" {
			j.Words = append(j.Words, MemoryWord{hexAddr(a + core.Addr(off)), hexAddr(x), is})
		}
	}
	return j
}

// Word reads a word as the process has it.
func Word(b []byte) uint64 {
	_ = b[7]
	var x uint64
	for i := 7; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

// Type returns the type of the program that is called name, as reflect's String
// has it, or with the whole path of its package in front of the last dot.
func (c *Case) Type(name string) (gotab.Type, error) {
	var found []gotab.Type
	near := ""
	for t, err := range c.World.Table().Types() {
		if err != nil {
			continue
		}
		switch {
		case t.Name == name, t.PkgPath != "" && t.PkgPath+t.Name[strings.LastIndexByte(t.Name, '.')+1:] == name,
			t.PkgPath != "" && t.PkgPath+"."+t.Name[strings.LastIndexByte(t.Name, '.')+1:] == name:
			found = append(found, t)
		case strings.HasSuffix(t.Name, "."+name):
			near = t.Name
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var paths []string
		for _, t := range found {
			paths = append(paths, t.PkgPath)
		}
		return gotab.Type{}, fmt.Errorf("type %s is in several packages: %s", name, strings.Join(paths, ", "))
	case near != "":
		return gotab.Type{}, fmt.Errorf("no type %s; there is %s", name, near)
	}
	return gotab.Type{}, fmt.Errorf("no type %s: the program keeps descriptors of types that interfaces, reflection or the collector need", name)
}

// ValueOf reads the value of type t at a.
func (c *Case) ValueOf(t gotab.Type, a core.Addr, o value.Options) (value.Value, error) {
	return c.ValueAt(core.Addr(uint64(t.Addr)+c.World.Bias()), a, o)
}

// ValueAt reads the value at a of the type whose descriptor is at typ, in the
// process.
func (c *Case) ValueAt(typ, a core.Addr, o value.Options) (value.Value, error) {
	r := c.values()
	t, err := r.Runtime(typ)
	if err != nil {
		return value.Value{}, err
	}
	return r.At(t, a, o), nil
}

// Channel reads the channel at a.
func (c *Case) Channel(a core.Addr, o value.Options) value.Value { return c.values().Channel(a, o) }
