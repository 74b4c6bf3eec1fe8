package postmortem

import (
	"encoding/hex"
	"strconv"

	"moho/gostate"
)

// appendDamage appends what is broken about a stack, if anything is.
func appendDamage(b []byte, g *gostate.Goroutine) []byte {
	d := g.Damage
	if d == nil {
		return b
	}
	b = append(b, `,"damage":{"kind":`...)
	b = appendString(b, d.Kind)
	b = append(b, `,"where":"`...)
	b = appendHex(b, d.Where)
	b = append(b, `","value":"0x`...)
	b = strconv.AppendUint(b, d.Value, 16)
	b = append(b, `","why":`...)
	b = appendString(b, d.Why)
	b = append(b, `,"trusted":`...)
	if d.Trusted < 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(d.Trusted), 10)
	}
	b = append(b, `,"recovered":`...)
	b = appendString(b, d.Recovered)
	if len(d.Bytes) > 0 {
		b = append(b, `,"bytes":{"at":"`...)
		b = appendHex(b, d.At)
		b = append(b, `","hex":"`...)
		b = hex.AppendEncode(b, d.Bytes)
		b = append(b, `"}`...)
	}
	return append(b, '}')
}
