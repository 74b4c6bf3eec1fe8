package testbin

import (
	"embed"
	"testing"
)

//go:embed testdata/toy
var toyFiles embed.FS

// Toy returns a program whose functions have the frames that machine views are
// measured by: register arguments that are spilled, a frame of 40,000 bytes,
// deferred calls in open code, a closure, a chain of NOSPLIT functions that
// ends in assembly, an inlined callee, methods, generics. It runs everywhere
// and needs no module but the standard library; Go 1.18 and newer compile it.
func Toy(tb testing.TB) Source {
	tb.Helper()
	entries, err := toyFiles.ReadDir("testdata/toy")
	if err != nil {
		tb.Fatal(err)
	}
	src := Source{}
	for _, e := range entries {
		b, err := toyFiles.ReadFile("testdata/toy/" + e.Name())
		if err != nil {
			tb.Fatal(err)
		}
		src[e.Name()] = string(b)
	}
	return src
}

// NetHTTP returns a program that links much of the standard library: a server
// and a client of net/http over TLS.
func NetHTTP() Source { return Main(netHTTP) }

const netHTTP = `package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
)

func main() {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.URL.Path)
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL + "/moho")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer resp.Body.Close()
	io.Copy(os.Stdout, resp.Body)
}
`
