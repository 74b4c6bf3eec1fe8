package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/pprof/profile"

	"moho/asm"
	"moho/internal/bounded"
	"moho/internal/cli"
	"moho/objfile"
)

// maxProfile is how large a profile may be, in bytes and decompressed; real ones
// have some hundred kilobytes.
const maxProfile = 64 << 20

// samples are what a profile counted, by the address of the instruction.
type samples struct {
	at    map[uint64]int64
	total int64
	lost  int64 // in other mappings: libraries, the kernel
}

// readProfile reads a profile in pprof's format and translates its addresses
// into those of p: a position independent program was loaded somewhere else.
func readProfile(path string, p *asm.Program) (*samples, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a FIFO would wait for a writer
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := profileData(f, maxProfile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	prof, err := profile.ParseData(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &samples{at: map[uint64]int64{}}
	for _, x := range prof.Sample {
		if len(x.Location) == 0 || len(x.Value) == 0 {
			continue
		}
		n := x.Value[0] // the count; times and bytes come after it
		s.total += n
		if addr, ok := fileAddr(p.File, x.Location[0]); ok {
			s.at[addr] += n
		} else {
			s.lost += n
		}
	}
	if s.total == s.lost {
		return nil, cli.WithHints(fmt.Errorf("%s has no sample in %s", path, p.File.Name()),
			"moho reads the addresses in it: a profile of another program, or one without addresses, can't be shown on instructions")
	}
	return s, nil
}

// profileData reads a profile of at most n bytes. It decompresses here, because
// the parser does it without a bound.
func profileData(f io.Reader, n int64) ([]byte, error) {
	const magic = "\x1f\x8b"
	b := bufio.NewReader(f)
	r := io.Reader(b)
	if head, _ := b.Peek(len(magic)); string(head) == magic {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		r = z
	}
	data, err := io.ReadAll(io.LimitReader(r, n+1))
	if err != nil {
		return nil, err
	}
	if err := bounded.Check("bytes of a profile", uint64(len(data)), uint64(n)); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte(magic)) {
		return nil, errors.New("a profile that was compressed twice")
	}
	return data, nil
}

// fileAddr translates the address of a location into the file's.
func fileAddr(f *objfile.File, l *profile.Location) (uint64, bool) {
	m := l.Mapping
	if m == nil || m.Start == 0 && m.Limit == 0 {
		return l.Address, true // Go's own profiles of some systems say nothing
	}
	if l.Address < m.Start || l.Address >= m.Limit {
		return 0, false
	}
	off := l.Address - m.Start + m.Offset
	for _, s := range f.Segments() {
		if s.Exec && off >= uint64(s.Off) && off-uint64(s.Off) < s.FileSize {
			return uint64(s.Addr) + off - uint64(s.Off), true
		}
	}
	return 0, false
}

// in returns the samples in n bytes at pc.
func (s *samples) in(pc uint64, n int) (int64, bool) {
	sum := int64(0)
	for i := range uint64(n) {
		sum += s.at[pc+i]
	}
	return sum, sum > 0
}

// profileSamples reads the profile of --profile, or nothing without it.
func (af *asmFlags) profileSamples(p *asm.Program) (*samples, error) {
	if af.profile == "" {
		return nil, nil
	}
	if !p.Arch().BytePC {
		return nil, errors.New("--profile: code of " + p.Arch().Name + " has no addresses")
	}
	return readProfile(af.profile, p)
}
