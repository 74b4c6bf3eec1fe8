package value

import (
	"reflect"
	"strconv"
	"strings"
)

// ErrorText returns what the method Error of v would return, for types of the
// standard library whose text is in their fields or is that of an error in
// them. It returns false for other types, whose code can't be run here.
//
// v may be an interface, and a pointer must have been followed.
func (v *Value) ErrorText() (string, bool) { return v.errorText(16) }

func (v *Value) errorText(depth int) (string, bool) {
	if depth == 0 {
		return "", false
	}
	x := v
	for x.Kind == reflect.Interface || x.Kind == reflect.Pointer {
		if len(x.Children) != 1 {
			return "", false
		}
		x = &x.Children[0]
	}
	part := func(name string) (string, bool) {
		f := x.field(name)
		if f == nil {
			return "", false
		}
		if f.Kind == reflect.String {
			return f.unquote()
		}
		return f.errorText(depth - 1)
	}
	join := func(names ...string) (string, bool) {
		var b strings.Builder
		for _, n := range names {
			text, ok := part(n)
			switch {
			case strings.Trim(n, ": ") == "" || n == "lookup ":
				text = n
			case !ok:
				return "", false
			}
			b.WriteString(text)
		}
		return b.String(), true
	}
	switch x.Type {
	case "errors.errorString", "fmt.wrapError", "fmt.wrapErrors":
		if text, ok := part("s"); ok {
			return text, true
		}
		return part("msg")
	case "fs.PathError", "io/fs.PathError":
		return join("Op", " ", "Path", ": ", "Err")
	case "os.SyscallError":
		return join("Syscall", ": ", "Err")
	case "os.LinkError":
		return join("Op", " ", "Old", " ", "New", ": ", "Err")
	case "strconv.NumError":
		num, ok1 := part("Num")
		fn, ok2 := part("Func")
		err, ok3 := part("Err")
		return "strconv." + fn + ": parsing " + strconv.Quote(num) + ": " + err, ok1 && ok2 && ok3
	case "runtime.errorString", "runtime.plainError":
		text, ok := x.unquote()
		if x.Type == "runtime.errorString" {
			text = "runtime error: " + text
		}
		return text, ok
	case "context.deadlineExceededError":
		return "context deadline exceeded", true
	case "syscall.Errno":
		n, err := strconv.ParseUint(x.Text, 0, 32) // a uintptr
		text, ok := errnos[n]
		return text, err == nil && ok
	}
	return "", false
}

// errnos are the texts of the system's errors that programs meet, by Linux's
// numbers, which both architectures share.
//
// Source: $GOROOT/src/syscall/zerrors_linux_amd64.go, go1.26.
var errnos = map[uint64]string{
	1: "operation not permitted", 2: "no such file or directory", 4: "interrupted system call", 5: "input/output error",
	9: "bad file descriptor", 10: "no child processes", 11: "resource temporarily unavailable",
	12: "cannot allocate memory", 13: "permission denied", 16: "device or resource busy", 17: "file exists",
	20: "not a directory", 21: "is a directory", 22: "invalid argument", 24: "too many open files",
	28: "no space left on device", 30: "read-only file system", 32: "broken pipe", 39: "directory not empty",
	98: "address already in use", 99: "cannot assign requested address", 101: "network is unreachable",
	104: "connection reset by peer", 110: "connection timed out", 111: "connection refused", 113: "no route to host",
}

// field returns the field with that name, or nil.
func (v *Value) field(name string) *Value {
	if v.Kind != reflect.Struct {
		return nil
	}
	for i := range v.Children {
		if v.Children[i].Name == name {
			return &v.Children[i]
		}
	}
	return nil
}

// unquote returns the text of a string, with an ellipsis if it is cut.
func (v *Value) unquote() (string, bool) {
	if v.Kind != reflect.String || v.Unreadable != "" {
		return "", false
	}
	s, err := strconv.Unquote(v.Text)
	if v.Elided > 0 {
		s += "…"
	}
	return s, err == nil
}
