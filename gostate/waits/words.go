package waits

import (
	"encoding/binary"
	"fmt"

	"moho/evidence"
)

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// maxGaps bounds the gaps: each is of another kind, so there are few.
const maxGaps = 32

func (a *Analysis) gap(what, where, format string, args ...any) {
	if len(a.gaps) < maxGaps {
		a.gaps = append(a.gaps, evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)})
	}
}
