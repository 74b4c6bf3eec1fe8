// Command mohovet is the rules of moho vet alone: as a tool for go vet
// -vettool, and standalone, where it prints the document of moho vet --json.
// The tests of vet and the benchmarks compile it; cmd/moho is the product.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"moho/vet"
)

func main() {
	if vet.IsTool(os.Args[1:]) {
		os.Exit(vet.Main())
	}
	os.Exit(run())
}

func run() int {
	tests := flag.Bool("tests", false, "look at test files")
	targets := flag.String("targets", "", "GOOS/GOARCH,…")
	flag.Parse()
	opts := vet.Options{Patterns: flag.Args(), Tests: *tests, Cache: vet.CacheDir()}
	if *targets != "" {
		opts.Targets = strings.Split(*targets, ",")
	}
	result, err := vet.Run(context.Background(), opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	out, jerr := json.MarshalIndent(result.Document(), "", "\t")
	if jerr != nil {
		fmt.Fprintln(os.Stderr, jerr)
		return 3
	}
	fmt.Printf("%s\n", out)
	switch {
	case err != nil:
		return 3
	case len(result.Findings) > 0:
		return 1
	}
	return 0
}
