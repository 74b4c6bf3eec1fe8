package prove

import (
	"fmt"
	"slices"

	"moho/evidence"
	"moho/vet/prove/internal/report"
)

// story tells a hit in order of time.
func (r *runner) story(h *report.Hit) []evidence.Step {
	var steps []evidence.Step
	add := func(frames []report.Frame, text string) {
		own := r.ownFrames(frames)
		if len(own) == 0 {
			return
		}
		steps = append(steps, evidence.Step{Pos: r.plan.position(r.tool, own[0]), Text: text + within(own[0])})
	}
	for _, s := range h.History() {
		switch s.Name {
		case "alloc":
			if h.Rule == "c-leak" {
				continue // that is where it is reported
			}
			add(s.Frames, fmt.Sprintf("C memory of %s is allocated", bytesOf(h.CSize)))
		case "lent":
			add(s.Frames, "Go memory is lent to C")
		case "view":
			if h.Rule == "string-mutate" {
				add(s.Frames, "the string gets a view that can be written to")
				continue
			}
			add(s.Frames, "a string view is made")
		case "born":
			add(s.Frames, "the address becomes an integer")
		case "left":
			add(s.Frames, "the last variable that holds it is given up")
		case "free":
			if h.Finalizer != 0 {
				add(s.Frames, "a finalizer or a cleanup frees it: the collector has found its owner dead")
				continue
			}
			add(s.Frames, "it is freed")
		case "unmapped":
			add(s.Frames, "the memory is unmapped")
		case "deleted":
			add(s.Frames, "the handle is deleted")
		}
	}
	add(r.breaking(h), what(h))
	if h.Rule == "c-leak" && len(steps) > 1 {
		// Here the rule is broken first, and what follows shows it.
		steps = append(steps[len(steps)-1:], steps[:len(steps)-1]...)
	}
	return steps
}

// breaking are the frames in which the rule was broken, innermost first, without those
// of Go's own library. That a buffer has changed may be seen when the next view of it is
// made: then it is the caller of what makes views.
func (r *runner) breaking(h *report.Hit) []report.Frame {
	at, view := r.ownFrames(h.At), r.ownFrames(h.View)
	if len(at) > 1 && len(view) > 0 && sameLine(at[0], view[0]) {
		return at[1:]
	}
	return at
}

func sameLine(a, b report.Frame) bool { return a.File == b.File && a.Line == b.Line }

// again reports a view that was found changed at the end of the program, when one of the
// same site was found changed before.
func (r *runner) again(h *report.Hit) bool {
	at := r.ownFrames(h.At)
	return h.Rule == "string-view-reuse" && len(h.View) == 0 && len(at) > 0 && slices.ContainsFunc(r.hits, func(s seen) bool {
		view := r.ownFrames(s.hit.View)
		return s.hit.Rule == h.Rule && len(view) > 0 && sameLine(view[0], at[0])
	})
}

// within names the function of a frame.
func within(f report.Frame) string {
	sym := evidence.ParseSymbol(f.Fn)
	name := sym.Base
	for _, c := range sym.Closures {
		name += "." + c
	}
	return ", in " + name
}

// ownFrames are the Go frames of a stack from the innermost one that is not Go's
// own library; all of them when all are.
func (r *runner) ownFrames(frames []report.Frame) []report.Frame {
	all := goFrames(frames, len(frames))
	for i, f := range all {
		if _, pkg, _ := r.plan.locate(r.tool, f.File); pkg == nil || !pkg.Standard {
			return all[i:]
		}
	}
	return all
}

// what says in half a sentence what a hit has seen.
func what(h *report.Hit) string {
	switch h.Rule {
	case "view-overrun", "header-overgrow":
		if h.B < 0 {
			return fmt.Sprintf("a view of %s begins beyond the object", bytesOf(h.A))
		}
		return fmt.Sprintf("a view of %s is made where %s are left of %s", bytesOf(h.A), bytesOf(h.B), object(h))
	case "view-of-freed":
		return "a view is made of memory that is not allocated"
	case "add-past-object":
		return "a pointer is moved out of its object"
	case "uintptr-roundtrip":
		return "an integer becomes a pointer into " + object(h)
	case "pun-uintptr-load":
		return "an integer is read as a pointer into " + object(h)
	case "int-as-pointer":
		return "a small integer becomes a pointer"
	case "cast-align":
		return fmt.Sprintf("an address is used that is not a multiple of %d", h.A)
	case "ptr-in-noscan":
		return "a pointer is stored where the garbage collector does not look"
	case "go-ptr-in-c":
		return "a Go pointer is stored in memory that is not Go's"
	case "c-go-ptr-in-arg":
		return "C is given memory that holds Go pointers"
	case "header-literal":
		return "an integer becomes the data of a header, for " + object(h)
	case "syscall-split":
		return "a system call is given an integer that is the address of " + object(h)
	case "go-ptr-as-cint":
		return "C is given an integer that is the address of " + object(h)
	case "c-uaf":
		return "C memory is used after it was freed"
	case "c-overrun":
		return "C memory is used beyond its end"
	case "c-double-free":
		return "C memory is freed a second time"
	case "c-bad-free":
		return "something is freed that malloc did not return"
	case "free-go-memory":
		return "Go memory is given to free"
	case "c-leak":
		return fmt.Sprintf("%d blocks of C memory, %s, are never freed and nothing refers to them", h.Count, bytesOf(h.Bytes))
	case "c-retains-go":
		return "C uses Go memory after the call that lent it"
	case "c-overrun-go":
		return "C uses Go memory beyond its end"
	case "string-mutate":
		return "memory that must not change is written to"
	case "string-view-reuse":
		return "a string changes under a view that is still in use"
	case "munmap-use":
		return "memory is used that was unmapped"
	case "handle-typestate":
		return "a handle is used that is not valid"
	case "export-returns-go-ptr":
		return "a Go function returns a Go pointer to C"
	case "keepalive":
		return "C memory is used after the collector has found its owner dead"
	case "fault":
		return "memory is used that is not there"
	case "bad-pointer":
		return "the garbage collector finds a pointer that can't be one"
	}
	return h.Rule
}

func object(h *report.Hit) string {
	switch h.Mem {
	case "heap":
		if h.Size > 0 {
			return fmt.Sprintf("an object of %s", bytesOf(h.Size))
		}
		return "an object"
	case "stack":
		return "a goroutine's stack"
	case "free":
		return "memory that is not allocated"
	case "data":
		if h.Size > 0 {
			return fmt.Sprintf("a variable of %s", bytesOf(h.Size))
		}
		return "a variable"
	}
	return "memory"
}

func bytesOf(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
