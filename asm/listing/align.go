package listing

// maxAlign bounds the memory that aligning two sequences takes: cells of two
// bytes. What is longer is aligned by the next equal element, which finds less.
const maxAlign = 16 << 20

// A match is a pair of indexes, one of them -1 where an element has no partner.
type match struct{ a, b int }

// align pairs the elements of two sequences in order, as many equal ones as
// possible.
func align[K comparable](a, b []K) []match {
	var out []match
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		out = append(out, match{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x) > 0 && len(y) > 0 && (len(x)+1)*(len(y)+1) <= maxAlign {
		out = longest(out, x, y, head)
	} else {
		out = nearest(out, x, y, head)
	}
	for i := range tail {
		out = append(out, match{len(a) - tail + i, len(b) - tail + i})
	}
	return out
}

// longest appends the longest common subsequence of x and y and what is between.
func longest[K comparable](out []match, x, y []K, base int) []match {
	w := len(y) + 1
	table := make([]uint16, (len(x)+1)*w) // capped: a sequence of 65,535 equal elements is long enough
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			best := max(table[(i+1)*w+j], table[i*w+j+1])
			if x[i] == y[j] {
				if d := table[(i+1)*w+j+1]; d < 0xffff {
					best = max(best, d+1)
				}
			}
			table[i*w+j] = best
		}
	}
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		switch {
		case x[i] == y[j]:
			out = append(out, match{base + i, base + j})
			i++
			j++
		case table[(i+1)*w+j] >= table[i*w+j+1]:
			out = append(out, match{base + i, -1})
			i++
		default:
			out = append(out, match{-1, base + j})
			j++
		}
	}
	return rest(out, i, j, len(x), len(y), base)
}

// nearest pairs each element of x with the next equal one of y.
func nearest[K comparable](out []match, x, y []K, base int) []match {
	const window = 256
	j := 0
	i := 0
	for ; i < len(x); i++ {
		at := -1
		for k := j; k < len(y) && k < j+window; k++ {
			if x[i] == y[k] {
				at = k
				break
			}
		}
		if at < 0 {
			out = append(out, match{base + i, -1})
			continue
		}
		for ; j < at; j++ {
			out = append(out, match{-1, base + j})
		}
		out = append(out, match{base + i, base + j})
		j++
	}
	return rest(out, i, j, len(x), len(y), base)
}

func rest(out []match, i, j, n, m, base int) []match {
	for ; i < n; i++ {
		out = append(out, match{base + i, -1})
	}
	for ; j < m; j++ {
		out = append(out, match{-1, base + j})
	}
	return out
}
