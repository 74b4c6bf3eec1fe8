package traceback

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"moho/evidence"
	"moho/gostate"
	"moho/gotab"
	"moho/internal/bounded"
)

const (
	// maxProfile is how large a decompressed profile may be: one of a million
	// goroutines in ten thousand different stacks has some megabytes.
	maxProfile = 64 << 20

	// maxRecords is how many samples, locations, functions and strings it may
	// have together: each becomes a few hundred bytes.
	maxRecords = 1 << 20
)

// IsProfile reports whether a file begins like pprof's: with a field of its
// message that holds a ValueType, which no text does.
func IsProfile(head []byte) bool {
	if len(head) < 4 || head[0] != 0x0a && head[0] != 0x5a {
		return false
	}
	_, n := binary.Uvarint(head[1:])
	return n > 0 && 1+n < len(head) && (head[1+n] == 0x08 || head[1+n] == 0x10)
}

// readProfile reads a profile in pprof's format: false if the file is none.
func (d *Dump) readProfile() (bool, error) {
	head := make([]byte, 16)
	n, _ := d.r.ReadAt(head, 0)
	if !IsProfile(head[:n]) {
		return false, nil
	}
	if err := bounded.Check("bytes of a profile", uint64(d.size), maxProfile); err != nil {
		return true, err
	}
	data := make([]byte, d.size)
	if n, err := d.r.ReadAt(data, 0); n < len(data) {
		return true, err
	}
	if err := countRecords(data); err != nil {
		return true, err
	}
	p, err := profile.ParseUncompressed(data)
	if err == nil {
		err = p.CheckValid()
	}
	if err != nil {
		return true, fmt.Errorf("profile: %w", err)
	}
	at := -1
	for i, t := range p.SampleType {
		if t.Type == "goroutine" || t.Type == "goroutineleak" {
			at = i
		}
	}
	if at < 0 {
		var types []string
		for _, t := range p.SampleType {
			types = append(types, t.Type)
		}
		return true, fmt.Errorf("%w: a profile of %s, not of goroutines", ErrNone, strings.Join(types, ", "))
	}
	d.kind = KindProfile
	d.tally = *newTally(0)
	d.dumps = 1
	for _, s := range p.Sample {
		if slices.Contains(s.Location, nil) {
			return true, errors.New("profile: a sample whose location is missing")
		}
		if at < len(s.Value) && s.Value[at] > 0 {
			d.count(int(min(s.Value[at], maxCount)), d.sampleFrames(s), sampleLabels(s))
		}
	}
	if len(p.Mapping) > 0 {
		if id := p.Mapping[0].BuildID; isHex(id) {
			d.build = evidence.BuildID{GNU: id}
		}
	}
	return true, d.counted()
}

// maxCount is how many goroutines one stack can have: more than any machine.
const maxCount = 1 << 31

// countRecords walks over the fields of a profile, each of which becomes
// something in memory.
func countRecords(data []byte) error {
	for n := uint64(1); len(data) > 0; n++ {
		if err := bounded.Check("records of a profile", n, maxRecords); err != nil {
			return err
		}
		tag, used := binary.Uvarint(data)
		if used <= 0 {
			return errors.New("profile: a field without a tag")
		}
		data = data[used:]
		switch size, used := binary.Uvarint(data); {
		case tag&7 == 0 && used > 0:
			data = data[used:]
		case tag&7 == 2 && used > 0 && size <= uint64(len(data)-used):
			data = data[used+int(size):]
		default:
			return fmt.Errorf("profile: a field of type %d that does not end", tag&7)
		}
	}
	return nil
}

func (d *Dump) sampleFrames(s *profile.Sample) []gostate.Frame {
	var frames []gostate.Frame
	for _, l := range s.Location {
		if len(l.Line) == 0 && len(frames) < maxFrames {
			frames = append(frames, gostate.Frame{Func: fmt.Sprintf("%#x", l.Address), PCIndex: -1, Foreign: true})
		}
		for i, line := range l.Line {
			if line.Function == nil || len(frames) >= maxFrames {
				continue
			}
			c := callLine{name: []byte(gotab.PrintName(line.Function.Name)), inlined: i+1 < len(l.Line)}
			file := line.Function.Filename
			p := place{text: fmt.Appendf(nil, "%s:%d", file, line.Line), file: []byte(file), line: int(max(0, min(line.Line, 1<<31-1)))}
			site, n := d.sites.add(c, p, false)
			frames = append(frames, site.frame(n))
		}
	}
	return frames
}

func sampleLabels(s *profile.Sample) map[string]string {
	labels := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(s.Label)) {
		if len(s.Label[k]) > 0 && len(labels) < maxLabels {
			labels[k] = s.Label[k][0]
		}
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// count adds a stack that so many goroutines are in.
func (d *Dump) count(n int, frames []gostate.Frame, labels map[string]string) {
	g := gostate.Goroutine{Frames: frames, Printed: &gostate.Printed{
		Count: n, Counted: true, Labels: labels, Args: make([]string, len(frames)),
	}}
	settle(&g)
	d.tally.n += n
	if len(d.counts) >= maxGroups || d.tally.frames+len(frames) > maxGroupFrames {
		d.tally.rest += n
		d.counts = append(d.counts, gostate.Goroutine{Printed: g.Printed, Truncated: "there are too many different stacks"})
		return
	}
	d.tally.frames += len(frames)
	d.counts = append(d.counts, g)
}

// counted ends a profile.
func (d *Dump) counted() error {
	if d.tally.n == 0 {
		return fmt.Errorf("%w: the profile is empty", ErrNone)
	}
	for i := range d.counts {
		g := &d.counts[i]
		if len(d.tally.groups) == maxGroups || g.Frames == nil && g.Truncated != "" {
			continue
		}
		d.tally.groups = append(d.tally.groups, gostate.Group{Count: g.Printed.Count, System: g.System, First: g})
	}
	d.tally.sort()
	return nil
}

func isHex(s string) bool {
	if s == "" || len(s)%2 != 0 || len(s) > 128 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
