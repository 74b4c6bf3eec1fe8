package core

import (
	"encoding/hex"

	"moho/core/internal/layout"
	"moho/evidence"
	"moho/internal/bounded"
	"moho/objfile"
)

// ExecutableBuildID returns the Build IDs of the main executable from its first
// page, which kernel cores hold. It reports false when the page or the notes in
// it are not there: qemu-user leaves the page out.
func (p *Process) ExecutableBuildID() (evidence.BuildID, bool) {
	page, _ := p.executableHeader()
	if page == nil {
		return p.id, !p.id.IsZero()
	}
	id, _ := objfile.ELFBuildID(page)
	sectionIDs(page, &id)
	return id, !id.IsZero()
}

// sectionIDs completes id from note sections. Go's linker gives the GNU note no
// program header (a PT_NOTE covers .note.go.buildid alone), but it writes the
// section headers right behind the program headers, so that one page has
// them; the C linker and strip write them at the end of the file.
//
// Source: $GOROOT/src/cmd/link/internal/ld/elf.go (asmbElf), go1.26.
func sectionIDs(page []byte, id *evidence.BuildID) {
	size := uint64(len(page))
	off, n := le64(page[layout.EhShoff:]), uint64(le16(page[layout.EhShnum:]))
	if le16(page[layout.EhShentsize:]) != layout.ShdrSize || off > size {
		return
	}
	for i := range min(n, (size-off)/layout.ShdrSize) {
		sh := page[off+i*layout.ShdrSize:][:layout.ShdrSize]
		if le32(sh[4:]) != layout.SHTNote {
			continue
		}
		b, ok := bounded.Sub(page, le64(sh[24:]), le64(sh[32:]))
		if !ok {
			continue
		}
		eachNote(b, func(name string, typ uint32, desc []byte, _ uint64) {
			switch {
			case name == "Go" && typ == layout.NTGoBuildID && id.Go == "" && len(desc) <= 1024:
				id.Go = string(desc)
			case name == "GNU" && typ == layout.NTGNUBuildID && id.GNU == "" && len(desc) <= 64:
				id.GNU = hex.EncodeToString(desc)
			}
		})
	}
}
