package asm

import (
	"encoding/json"
	"strconv"

	"moho/evidence"
	"moho/internal/cli"
)

// Kinds of what this package and listing give to other programs.
const (
	SchemaFuncs = "moho/funcs/v1" // a list of functions
	SchemaAsm   = "moho/asm/v1"   // functions with their code
)

// A Header says what program a list is about. GoVersion is "" when the program
// does not say.
type Header struct {
	Schema       string           `json:"schema,omitempty"`
	File         string           `json:"file"`
	Format       string           `json:"format"`
	Arch         string           `json:"arch"`
	Go           string           `json:"go"`
	BuildID      evidence.BuildID `json:"buildID"`
	TextBase     string           `json:"textBase"`
	TextBaseFrom string           `json:"textBaseFrom"`
	Count        *int             `json:"count,omitempty"`
}

// UnknownCount stands for the length of a list that is known at its end only.
const UnknownCount = -1

// Header describes p for a list of count items, or [UnknownCount].
func (p *Program) Header(schema string, count int) Header {
	h := Header{
		Schema: schema, File: p.File.Name(), Format: p.File.Format(), Arch: p.Arch().Name, Go: p.GoVersion(),
		BuildID: p.File.BuildID(), TextBaseFrom: p.Table.TextBaseFrom(),
		TextBase: string(AppendHex(nil, uint64(p.Table.TextBase()))),
	}
	if count != UnknownCount {
		h.Count = &count
	}
	return h
}

// GoVersion returns the release that built p, "" if p does not say.
func (p *Program) GoVersion() string {
	bi, err := p.File.BuildInfo()
	if err != nil {
		return ""
	}
	return bi.GoVersion
}

// AppendJSON appends f as an item of moho/funcs/v1: {"name":…}.
func (f *Function) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	dst = f.AppendFields(dst)
	return append(dst, '}')
}

// AppendFields is AppendJSON without the braces, for kinds that add to it.
func (f *Function) AppendFields(dst []byte) []byte {
	dst = AppendString(append(dst, `"name":`...), f.Name)
	dst = append(AppendHex(append(dst, `,"entry":"`...), uint64(f.Entry)), '"')
	dst = strconv.AppendUint(append(dst, `,"size":`...), f.Size, 10)
	if dst = append(dst, `,"frame":`...); f.Flags&Foreign != 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, int64(f.Frame), 10)
	}
	dst = append(dst, `,"args":`...)
	if f.ArgsKnown {
		dst = strconv.AppendInt(dst, int64(f.Args), 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = AppendString(append(dst, `,"file":`...), f.File)
	dst = strconv.AppendInt(append(dst, `,"line":`...), int64(f.Line), 10)
	dst = append(append(append(dst, `,"stackCheck":"`...), f.Check.String()...), `","abi":{"value":"`...)
	dst = append(append(append(dst, f.ABI.Value...), `","how":"`...), f.ABI.How...)
	dst = append(dst, `"},"flags":[`...)
	sep := false
	for i, n := range flagNames {
		if f.Flags>>i&1 == 0 {
			continue
		}
		if sep {
			dst = append(dst, ',')
		}
		sep = true
		dst = append(append(append(dst, '"'), n...), '"')
	}
	return append(dst, ']')
}

// AppendString appends s as a JSON string. What is not UTF-8 is replaced, as
// encoding/json does, and what a terminal would not show is escaped.
func AppendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			text, err := json.Marshal(s) // of a string it can't fail
			if err != nil {
				return append(dst, `""`...)
			}
			return cli.AppendVisible(dst, text)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
