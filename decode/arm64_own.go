package decode

// ownARM64 reports whether w is an instruction that arm64asm does not know.
func ownARM64(w uint32) bool {
	switch {
	case w>>16 == 0: // UDF
		return true
	case w&0xfffffbff == 0xd65f0bff: // RETAA, RETAB
		return true
	case w&0x3f200c00 == 0x38200000: // atomics
		return true
	case w&0xff808000 == 0xce000000 && w>>21&3 < 2: // EOR3, BCAX
		return true
	case w>>21 == 0xce800000>>21: // XAR
		return true
	case w&0xffe0fc00 == 0xce608c00, w&0xffe0f800 == 0xce608000, w&0xffe0fc00 == 0xce608800, w&0xfffffc00 == 0xcec08000:
		return true // RAX1, SHA512H, SHA512H2, SHA512SU1, SHA512SU0
	case w&0xfff8f01f == 0xd500401f: // MSR of an immediate
		return true
	case w&0x3fa07c00 == 0x08a07c00, w&0xbfa07c00 == 0x08207c00: // CAS, CASP
		return true
	}
	return false
}
