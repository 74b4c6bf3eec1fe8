package value

import (
	"reflect"
	"strconv"
	"time"
)

// explain adds what people want to know of values that say little as they are:
// the time of a time.Time, in UTC, and the length of a time.Duration.
func (v *Value) explain() {
	switch {
	case v.Kind == reflect.Int64 && v.Type == "time.Duration":
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			v.Note = time.Duration(n).String()
		}
	case v.Kind == reflect.Struct && v.Type == "time.Time":
		if t, ok := v.time(); ok {
			v.Note = t.UTC().Format(time.RFC3339Nano)
		}
	}
}

// How a time.Time keeps its seconds: since the year 1, or, together with a
// reading of the monotonic clock, since 1885 in some bits of wall.
//
// Source: $GOROOT/src/time/time.go, go1.21 to go1.27.
const (
	hasMonotonic  = 1 << 63
	nanoBits      = 30
	secondBits    = 33
	secondsTo1885 = (1884*365 + 1884/4 - 1884/100 + 1884/400) * 86400
	secondsTo1970 = (1969*365 + 1969/4 - 1969/100 + 1969/400) * 86400
)

func (v *Value) time() (time.Time, bool) {
	wall, ext := v.field("wall"), v.field("ext")
	if wall == nil || ext == nil {
		return time.Time{}, false
	}
	w, err1 := strconv.ParseUint(wall.Text, 10, 64)
	e, err2 := strconv.ParseInt(ext.Text, 10, 64)
	if err1 != nil || err2 != nil {
		return time.Time{}, false
	}
	nano := int64(w & (1<<nanoBits - 1))
	if w&hasMonotonic != 0 {
		e = secondsTo1885 + int64(w>>nanoBits&(1<<secondBits-1))
	}
	t := time.Unix(e-secondsTo1970, nano)
	return t, nano < 1e9 && t.Year() >= 0 && t.Year() <= 9999
}
