//go:build linux && (amd64 || arm64)

package capture_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"moho/core"
	"moho/core/capture"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	argv := []string{"sh", "-c", "kill -ABRT $$"}
	r, err := capture.Run(context.Background(), argv, filepath.Join(dir, "sh.core"), capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := core.Open(r.Core)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	s, _ := p.Signal()
	fmt.Println(p.Command(), "ended by", s)
	// Output: sh -c kill -ABRT $$ ended by SIGABRT
}
