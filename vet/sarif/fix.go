package sarif

import (
	"fmt"
	"strings"

	"moho/evidence"
)

// fix translates a fix, whose edits are in bytes, into regions of lines and
// columns; ok is false when a file's text can't be had, or an edit lies outside.
func (c *converter) fix(f evidence.Finding, x evidence.Fix) (fix, bool) {
	out := fix{Description: message{Text: x.Message}}
	for _, e := range x.Edits {
		text := c.res.Sources.Text(f.Place.Module, e.File)
		if text == nil || e.Start < 0 || e.End < e.Start || e.End > len(text.Bytes) {
			return fix{}, false
		}
		sl, sc := text.Position(e.Start)
		el, ec := text.Position(e.End)
		r := replacement{DeletedRegion: region{
			StartLine: sl, StartColumn: text.UTF16(sl, sc), EndLine: el, EndColumn: text.UTF16(el, ec),
		}}
		if e.New != "" {
			r.InsertedContent = &message{Text: e.New}
		}
		at := c.artifact(f, e.File)
		if n := len(out.ArtifactChanges); n == 0 || out.ArtifactChanges[n-1].ArtifactLocation != at {
			out.ArtifactChanges = append(out.ArtifactChanges, artifactChange{ArtifactLocation: at})
		}
		last := &out.ArtifactChanges[len(out.ArtifactChanges)-1]
		last.Replacements = append(last.Replacements, r)
	}
	return out, len(out.ArtifactChanges) > 0
}

// uri escapes a relative path for a URI reference.
//
// Source: RFC 3986, section 3.3 (pchar), without the colon, which the first
// part of a relative reference may not have.
func uri(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-._~!$&'()*+,;=@", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
