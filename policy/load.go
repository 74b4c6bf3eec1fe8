package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	// MaxSize is the size of the largest policy that is read: 1 MiB.
	MaxSize = 1 << 20
	// MaxDepth is how deep its lists and maps may nest.
	MaxDepth = 16
)

// An Error is one thing that is wrong with a policy file.
type Error struct {
	File      string
	Line, Col int // from 1; 0 if the place is not known
	Msg       string
	Text      string // the line
}

// Error returns file:line:col: message, then the line and a mark under the
// column.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	if e.Text == "" {
		return s
	}
	gutter := fmt.Sprintf("%5d | ", e.Line)
	return s + "\n" + gutter + e.Text + "\n" + strings.Repeat(" ", len(gutter)-2) + "| " + indent(e.Text, e.Col) + "^"
}

// indent returns blanks as wide as the part of text before col.
func indent(text string, col int) string {
	var b strings.Builder
	n := 1
	for _, r := range text {
		if n >= col {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// Load reads a policy file. The error is, or joins, values of *[Error] if the
// contents are at fault.
func Load(path string) (*Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a policy from data; name is the file in errors. See [Load].
func Parse(name string, data []byte) (*Policy, error) {
	if len(data) > MaxSize {
		return nil, &Error{File: name, Msg: fmt.Sprintf("more than %d bytes: not a policy", MaxSize)}
	}
	d := &decoder{file: name, lines: strings.Split(string(data), "\n"), pos: map[string]*yaml.Node{}}
	root, err := d.parse(data)
	if err != nil {
		return nil, err
	}
	p := &Policy{text: data, origin: name}
	d.decode(root, p)
	if len(d.errs) == 0 {
		d.check(p)
	}
	if len(d.errs) > 0 {
		return nil, d.join()
	}
	return p, nil
}

// parse returns the root of the one document in data.
func (d *decoder) parse(data []byte) (*yaml.Node, error) {
	ld, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := ld.Load(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{File: d.file, Msg: "empty: want a policy that starts with apiVersion: " + APIVersion}
	} else if err != nil {
		return nil, d.syntax(err)
	}
	var next yaml.Node
	if err := ld.Load(&next); err == nil {
		return nil, d.errorAt(&next, "a second document: want one policy in a file")
	} else if !errors.Is(err, io.EOF) {
		return nil, d.syntax(err)
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0], nil
	}
	return &doc, nil
}

// syntax gives the parser's error a place and our form.
func (d *decoder) syntax(err error) error {
	e := &Error{File: d.file, Msg: err.Error()}
	if le, ok := errors.AsType[*yaml.LoadError](err); ok {
		e.Msg = le.Message
		e.Line, e.Col = le.Mark.Line, le.Mark.Column
		if e.Line == 0 {
			e.Line, e.Col = le.ContextMark.Line, le.ContextMark.Column
		}
	}
	e.Text = d.line(e.Line)
	return e
}
