package store_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"moho/evidence"
	"moho/store"
)

// An artifact is found by the Build ID that a core dump of it shows.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := store.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	sha, size, err := s.PutArtifact(ctx, strings.NewReader("an executable"))
	if err != nil {
		fmt.Println(err)
		return
	}
	rep := evidence.Report{Schema: evidence.SchemaReport}
	rep.Statement.Artifacts = []evidence.Artifact{{Name: "app", SHA256: sha, Size: size, GNUBuildID: "c0ffee"}}
	if _, _, err := s.PutReport(ctx, rep); err != nil {
		fmt.Println(err)
		return
	}
	found, err := s.ByBuildID(evidence.BuildID{GNU: "c0ffee"})
	fmt.Println(len(found), found[0].SHA256 == sha, err)
	// Output: 1 true <nil>
}
