// Package layout is the shape of a Linux ELF core as constants: note types and
// the offsets of the fields inside them. The reader and the writer share it;
// readelf and gdb are the second opinion on both.
//
// Only the 64-bit little-endian forms are here: those of amd64 and arm64.
//
// # Untrusted input
//
// None: every value is a constant.
//
// # Compatibility
//
// Kernel ABI; it grows by new note types and never changes.
//
// Source: linux/include/uapi/linux/elf.h, linux/include/linux/elfcore.h,
// linux/fs/binfmt_elf.c (fill_files_note), glibc sys/procfs.h.
package layout

// ELF64 file header.
const (
	EhdrSize    = 64
	EhType      = 16
	EhMachine   = 18
	EhVersion   = 20
	EhEntry     = 24
	EhPhoff     = 32
	EhShoff     = 40
	EhEhsize    = 52
	EhPhentsize = 54
	EhPhnum     = 56
	EhShentsize = 58
	EhShnum     = 60
	EhShstrndx  = 62

	PhdrSize = 56
	ShdrSize = 64
	ShInfo   = 44 // offset of sh_info, which holds the real e_phnum under PNXNum

	PNXNum = 0xffff

	TypeRel  = 1
	TypeExec = 2
	TypeDyn  = 3
	TypeCore = 4

	MachineAMD64 = 62
	MachineARM64 = 183

	PTLoad  = 1
	PTNote  = 4
	SHTNote = 7

	FlagExec  = 1
	FlagWrite = 2
	FlagRead  = 4
)

// Note types, all under the name "CORE" but the last.
const (
	NTPRStatus = 1
	NTFPRegSet = 2
	NTPRPSInfo = 3
	NTAuxv     = 6
	NTFile     = 0x46494c45
	NTSigInfo  = 0x53494749
	NTXState   = 0x202 // name "LINUX"
)

// Build ID notes of executables, under the names "Go" and "GNU".
const (
	NTGoBuildID  = 4
	NTGNUBuildID = 3
)

// struct elf_prstatus: the registers start at PRReg and are followed by an
// int, pr_fpvalid, and padding to 8.
const (
	PRSigno  = 0
	PRCode   = 4
	PRErrno  = 8
	PRCurSig = 12
	PRSigPnd = 16
	PRSigHld = 24
	PRPid    = 32
	PRPPid   = 36
	PRPGrp   = 40
	PRSid    = 44
	PRUTime  = 48 // utime, stime, cutime, cstime: four struct timeval
	PRReg    = 112
)

// struct elf_prpsinfo.
const (
	PSState    = 0
	PSSName    = 1
	PSZomb     = 2
	PSNice     = 3
	PSFlag     = 8
	PSUid      = 16
	PSGid      = 20
	PSPid      = 24
	PSPPid     = 28
	PSPGrp     = 32
	PSSid      = 36
	PSFName    = 40
	PSFNameLen = 16
	PSArgs     = 56
	PSArgsLen  = 80
	PSSize     = 136
)

// siginfo_t.
const (
	SISigno = 0
	SICode  = 8
	SIAddr  = 16 // si_addr of a fault
	SIPid   = 16 // si_pid of a signal sent by a process
	SISize  = 128
)

// Auxiliary vector.
const (
	ATNull   = 0
	ATPhdr   = 3
	ATPhent  = 4
	ATPhnum  = 5
	ATPageSz = 6
	ATEntry  = 9
	ATVDSO   = 33 // AT_SYSINFO_EHDR
	ATExecFn = 31
)

// PRStatusSize returns the size of struct elf_prstatus for n registers.
func PRStatusSize(n int) int { return PRReg + 8*n + 8 }
