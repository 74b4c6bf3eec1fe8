package good

/*
#include <stdlib.h>
#include <string.h>
static const char *title;
static void set_title(const char *s) { title = s; }
static int title_len(void) { return title ? (int)strlen(title) : 0; }
static void forget(void) { title = NULL; }
static void own_title(char *s) { free((void *)title); title = s; }
static char *twice(const char *s) { char *p = malloc(2 * strlen(s) + 1); strcpy(p, s); return strcat(p, s); }
static void with(void *p, void (*done)(void *)) { done(p); }
typedef void (*done_t)(void *);
static done_t freeing(void) { return free; }
*/
import "C"

import "unsafe"

func titled(s string) int {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	C.set_title(cs)
	n := int(C.title_len())
	C.set_title(nil)
	return n
}

func reset(s, t string) int {
	cs, ct := C.CString(s), C.CString(t)
	defer C.free(unsafe.Pointer(ct))
	C.set_title(cs)
	C.set_title(ct)
	C.free(unsafe.Pointer(cs))
	n := int(C.title_len())
	C.forget()
	return n
}

func forgotten(s string) int {
	cs := C.CString(s)
	C.set_title(cs)
	C.forget()
	C.free(unsafe.Pointer(cs))
	return int(C.title_len())
}

// own_title takes what it is given.
func owned(s string) { C.own_title(C.CString(s)) }

func called(s string) { C.with(unsafe.Pointer(C.CString(s)), C.freeing()) }

func doubled(s string) string {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	both := C.twice(cs)
	defer C.free(unsafe.Pointer(both))
	return C.GoString(both)
}

func grown(n int) byte {
	p := C.malloc(C.size_t(n))
	q := C.realloc(p, C.size_t(2*n))
	if q == nil {
		C.free(p)
		return 0
	}
	defer C.free(q)
	return *(*byte)(q)
}

func found(s string) string {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	p := C.strchr(cs, ':')
	if p == nil {
		return ""
	}
	return C.GoString(p)
}
