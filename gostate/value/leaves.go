package value

import "reflect"

// A Leaf is a word, or less, that a value is made of: what has no parts.
type Leaf struct{ Off, Size uint64 }

// Leaves returns what a value of type t is made of, in order: two words of a
// string or an interface, three of a slice. It returns false when there are more
// than most or a type can't be read.
func (r *Reader) Leaves(t Type, most int) ([]Leaf, bool) {
	if t.s == nil {
		return nil, false
	}
	l := leaves{r: r, most: most}
	if !l.add(t.s, 0, 0) {
		return nil, false
	}
	return l.list, true
}

type leaves struct {
	r    *Reader
	most int
	list []Leaf
}

func (l *leaves) words(off, n, size uint64) bool {
	for i := range n {
		if len(l.list) >= l.most {
			return false
		}
		l.list = append(l.list, Leaf{off + i*size, size})
	}
	return true
}

func (l *leaves) add(s *shape, off uint64, depth int) bool {
	if depth > maxNesting {
		return false
	}
	switch s.kind {
	case reflect.String, reflect.Interface:
		return l.words(off, 2, 8)
	case reflect.Slice:
		return l.words(off, 3, 8)
	case reflect.Complex64:
		return l.words(off, 2, 4)
	case reflect.Complex128:
		return l.words(off, 2, 8)
	case reflect.Array:
		e, err := l.r.shape(s.elem)
		if err != nil || s.len > uint64(l.most) {
			return false
		}
		for i := range s.len {
			if !l.add(e, off+i*e.size, depth+1) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if s.cut || len(s.fields) > l.most {
			return false
		}
		for _, f := range s.fields {
			t, err := l.r.shape(f.typ)
			if err != nil || !l.add(t, off+f.off, depth+1) {
				return false
			}
		}
		return true
	}
	return s.size <= 8 && l.words(off, 1, s.size)
}
