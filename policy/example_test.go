package policy_test

import (
	"fmt"

	"moho/policy"
)

func ExampleParse() {
	_, err := policy.Parse("moho.yaml", []byte(`apiVersion: moho/v1
name: release
targets:
  - goos: linux
    goarch: amd64
    cpu: {amd64: v9}
`))
	fmt.Println(err)
	// Output:
	// moho.yaml:6:18: GOAMD64=v9 is not a level: want v1, v2, v3, v4
	//     6 |     cpu: {amd64: v9}
	//       |                  ^
}

func ExamplePolicy_Plan() {
	p, err := policy.Parse("moho.yaml", []byte(`apiVersion: moho/v1
name: release
targets:
  - {goos: linux, goarch: [amd64, arm64], link: static, cpu: {amd64: v2}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range p.Plan() {
		fmt.Printf("%s %q %s\n", b.Target, b.Level, b.Link)
	}
	// Output:
	// linux/amd64 "v2" static
	// linux/arm64 "" static
}
