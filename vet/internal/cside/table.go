package cside

import (
	"strings"
	"sync"
)

// known lists functions of well-known libraries, one a line: the name, a word
// for each parameter, and the result after an arrow.
//
// A word is made of letters: n reads up to a NUL, w writes, f releases, k keeps
// beyond the call, K keeps in the memory of the first argument, c copies its
// memory there; - is none of these. A last word of ... stands for further arguments. A result is o for new
// memory that the caller frees, s for memory that is always there, or the
// number of the parameter that it points into.
//
// Sources: the C standard (C17, clause 7), POSIX.1-2017, sqlite.org/c3ref,
// zlib.h 1.3, OpenSSL 3 manual pages.
const known = `
strlen n
strcpy w n > 0
strcat wn n > 0
strncpy w - - > 0
strncat wn - - > 0
stpcpy w n
strlcpy w n -
strlcat wn n -
strcmp n n
strcasecmp n n
strncmp - - -
strncasecmp - - -
strcoll n n
strchr n - > 0
strrchr n - > 0
strchrnul n - > 0
strstr n n > 0
strpbrk n n > 0
strspn n n
strcspn n n
strtok wn n > 0
strtok_r wn n w > 0
strsep - n
strdup n > o
strndup - - > o
strnlen - -
strerror - > s
memcpy w c - > 0
memmove w c - > 0
memset w - - > 0
memcmp - - -
memchr - - - > 0
bcopy - w -
bzero w -
malloc - > o
calloc - - > o
realloc f - > o
reallocarray f - - > o
aligned_alloc - - > o
valloc - > o
free f
cfree f
atoi n
atol n
atoll n
atof n
strtol n w -
strtoll n w -
strtoul n w -
strtoull n w -
strtod n w
strtof n w
getenv n > s
setenv n n -
unsetenv n
putenv kn
system n
abort
exit -
abs -
qsort w - - -
bsearch - - - - - > 1
printf n ...
fprintf - n ...
dprintf - n ...
sprintf w n ...
snprintf w - n ...
vprintf n -
vfprintf - n -
vsnprintf w - n -
puts n
fputs n -
putchar -
fputc - -
putc - -
fgets w - - > 0
fgetc -
getc -
getchar
sscanf n n ...
fopen n n
fdopen - n
freopen n n -
fclose f
fread w - - -
fwrite - - - -
fflush -
fseek - - -
ftell -
feof -
ferror -
setbuf - K
setvbuf - K - -
remove n
rename n n
perror n
open n - ...
creat n -
close -
read - w -
write - - -
pread - w - -
pwrite - - - -
send - - - -
recv - w - -
access n -
stat n w
lstat n w
unlink n
mkdir n -
rmdir n
chdir n
getcwd w - > 0
opendir n
closedir f
dlopen n -
dlsym - n > s
dlclose -
assert -
__assert_fail - - - -
pthread_create w - - k
pthread_mutex_init w -
pthread_mutex_lock -
pthread_mutex_unlock -
pthread_mutex_destroy -
pthread_setspecific - k
pthread_getspecific - > s
pthread_join - w
atexit -
signal - -
sigaction - - w
usleep -
sleep -
nanosleep - w
time w
isalpha -
isdigit -
isspace -
toupper -
tolower -
__builtin_expect - - > 0
__builtin_memcpy w c - > 0
__builtin_strlen n
sqlite3_open n w
sqlite3_open_v2 n w - n
sqlite3_close f
sqlite3_close_v2 f
sqlite3_exec - n - - w
sqlite3_prepare - - - w w
sqlite3_prepare_v2 - - - w w
sqlite3_prepare_v3 - - - - w w
sqlite3_step -
sqlite3_reset -
sqlite3_finalize f
sqlite3_bind_parameter_index - n
sqlite3_free f
sqlite3_malloc - > o
sqlite3_malloc64 - > o
sqlite3_mprintf n ... > o
sqlite3_errmsg - > s
sqlite3_column_text - -
sqlite3_column_blob - -
sqlite3_complete n
sqlite3_strglob n n
sqlite3_strlike n n -
sqlite3_update_hook - - k
sqlite3_commit_hook - - k
sqlite3_rollback_hook - - k
sqlite3_busy_handler - - k
sqlite3_trace_v2 - - - k
sqlite3_progress_handler - - - k
sqlite3_set_authorizer - - k
crc32 - - -
adler32 - - -
compress w w - -
compress2 w w - - -
uncompress w w - -
compressBound -
gzopen n n
gzclose f
gzread - w -
gzwrite - - -
deflateEnd -
inflateEnd -
zlibVersion > s
OPENSSL_free f
CRYPTO_free f - -
EVP_MD_CTX_new > o
EVP_MD_CTX_free f
EVP_CIPHER_CTX_new > o
EVP_CIPHER_CTX_free f
EVP_PKEY_free f
EVP_get_digestbyname n > s
EVP_get_cipherbyname n > s
EVP_DigestUpdate - - -
EVP_DigestFinal_ex - w w
BIO_free f
BIO_free_all f
BIO_new_mem_buf k -
BN_free f
BN_clear_free f
RSA_free f
X509_free f
SSL_free f
SSL_CTX_free f
SSL_read - w -
SSL_write - - -
SHA256_Update - - -
SHA1_Update - - -
RAND_bytes w -
ERR_error_string - w
`

// stores lists functions whose second argument ends up in what the first
// points to.
var stores = map[string]bool{
	"atomic_store": true, "atomic_store_explicit": true, "atomic_exchange": true, "__atomic_store_n": true,
	"__atomic_exchange_n": true, "__sync_lock_test_and_set": true, "InterlockedExchangePointer": true,
}

var table = sync.OnceValue(func() map[string]*Func {
	all := map[string]*Func{}
	for line := range strings.Lines(known) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		f := &Func{Name: words[0], Known: true}
		for i := 1; i < len(words); i++ {
			switch words[i] {
			case "...":
				f.Variadic = true
			case ">":
				i++
				switch r := words[i]; r {
				case "o":
					f.Result.Owned = true
				case "s":
					f.Result.Static = true
				default:
					f.Result.Into = []int{int(r[0] - '0')}
				}
			default:
				f.Params = append(f.Params, effect(words[i], f.Name))
			}
		}
		all[f.Name] = f
	}
	for name := range stores {
		all[name] = &Func{Name: name, Known: true, Params: []Param{{Writes: true}, {KeepsIn: []int{0}, Where: "what " + name + " stores to"}}}
	}
	return all
})

func effect(word, name string) Param {
	p := Param{
		NUL:      strings.Contains(word, "n"),
		Writes:   strings.Contains(word, "w"),
		Releases: strings.Contains(word, "f"),
		Keeps:    strings.Contains(word, "k"),
	}
	if p.Keeps {
		p.Where = "memory of " + name
	}
	if strings.Contains(word, "K") {
		p.KeepsIn = []int{0}
	}
	p.copied = strings.Contains(word, "c")
	return p
}

// WellKnown returns what the table says of a function, nil when it is not there.
func WellKnown(name string) *Func { return table()[name] }

// Hints at what a function is for, by its name alone.
var releasing = []string{"_free", "_destroy", "_release", "_unref", "_close", "_delete", "_dispose"}

// SoundsReleasing reports a name that releases what it is given, as names go.
// That is a hint and no knowledge.
func SoundsReleasing(name string) bool {
	for _, s := range releasing {
		if strings.HasSuffix(strings.ToLower(name), s) {
			return true
		}
	}
	return false
}
