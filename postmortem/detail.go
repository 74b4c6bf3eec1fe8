package postmortem

import (
	"strconv"

	"moho/gostate"
)

// appendDetail appends what memory says of a goroutine beyond its frames: how
// long it has waited, labels, what is left of its stack.
func (e *Encoder) appendDetail(b []byte, g *gostate.Goroutine, with With) []byte {
	w := e.c.World
	if w == nil || g.Printed != nil {
		return b
	}
	if latest := w.LatestStamp(); g.WaitSince > 0 && latest >= g.WaitSince {
		b = append(b, `,"waited":`...)
		b = strconv.AppendFloat(b, float64(latest-g.WaitSince)/1e9, 'f', -1, 64)
	}
	if labels := w.Labels(g); len(labels) > 0 {
		b = append(b, `,"labels":{`...)
		for i, l := range labels {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, l.Key)
			b = append(b, ':')
			b = appendString(b, l.Value)
		}
		b = append(b, '}')
	}
	if with.Ancestors {
		b = append(b, `,"ancestors":[`...)
		for i, c := range w.Ancestors(g) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"goroutine":`...)
			b = strconv.AppendUint(b, c.GoID, 10)
			b = append(b, `,"alive":`...)
			b = strconv.AppendBool(b, w.Alive(c.GoID))
			b = append(b, `,"func":`...)
			b = appendString(b, c.Func)
			b = append(b, `,"file":`...)
			b = appendString(b, c.File)
			b = append(b, `,"line":`...)
			b = strconv.AppendInt(b, int64(c.Line), 10)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return b
}

// appendRoom appends what is left of the stack.
func (e *Encoder) appendRoom(b []byte, g *gostate.Goroutine) []byte {
	w := e.c.World
	if w == nil || g.Printed != nil {
		return b
	}
	r, ok := w.Room(g)
	if !ok {
		return b
	}
	b = append(b, `,"free":`...)
	b = strconv.AppendUint(b, r.Free, 10)
	if r.Guard > 0 {
		b = append(b, `,"guard":`...)
		b = strconv.AppendUint(b, r.Guard, 10)
	}
	if r.Headroom >= 0 {
		b = append(b, `,"headroom":`...)
		b = strconv.AppendInt(b, r.Headroom, 10)
	}
	if r.Near(g.Stack) {
		b = append(b, `,"nearOverflow":true`...)
	}
	return b
}
