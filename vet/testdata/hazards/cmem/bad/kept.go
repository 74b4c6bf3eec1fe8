package bad

/*
#include <stdlib.h>
#include <string.h>
static const char *title;
static struct { char *user; int n; } config;
static void *slots[4];
static void set_title(const char *s) { title = s; }
static int title_len(void) { return title ? (int)strlen(title) : 0; }
static void set_user(char *u) { config.user = u; }
static int user_first(void) { return *config.user; }
static int put(int i, void *p) { slots[i] = p; return i; }
static int get(int i) { return *(char *)slots[i]; }
static void drop(void *p) { if (p) free(p); }
static char *twice(const char *s) { char *p = malloc(2 * strlen(s) + 1); strcpy(p, s); return strcat(p, s); }
*/
import "C"

import "unsafe"

func titled(s string) int {
	cs := C.CString(s)
	C.set_title(cs)
	C.free(unsafe.Pointer(cs))
	return int(C.title_len()) // HAZARD: c-uaf
}

func user(s string) int {
	cs := C.CString(s)
	C.set_user(cs)
	release(cs)
	return int(C.user_first()) // HAZARD: c-uaf
}

func slot(n int) int {
	p := C.malloc(C.size_t(n))
	C.put(1, p)
	C.drop(p)
	return int(C.get(1)) // HAZARD: c-uaf
}

func droppedTwice(n int) {
	p := C.malloc(C.size_t(n))
	C.drop(p)
	C.drop(p) // HAZARD: c-double-free
}

func doubled(s string) string {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	return C.GoString(C.twice(cs)) // HAZARD: c-leak
}

func grown(n int) byte {
	p := C.malloc(C.size_t(n))
	q := C.realloc(p, C.size_t(2*n))
	defer C.free(q)
	return *(*byte)(p) // HAZARD: c-uaf
}

// found points into what strchr searched.
func found(s string) string {
	cs := C.CString(s)
	p := C.strchr(cs, ':')
	C.free(unsafe.Pointer(cs))
	if p == nil {
		return ""
	}
	return C.GoString(p) // HAZARD: c-uaf
}
