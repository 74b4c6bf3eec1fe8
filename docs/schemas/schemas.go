// Package schemas carries the JSON Schemas (2020-12) of everything that moho
// prints as JSON and of the policy that it reads. The schema of the kind
// moho/NAME/v1 is NAME.v1.json; common.json has what several kinds share.
//
// The schemas of output are open: a newer moho may add fields. The schema of
// the policy is closed, because an unknown key in a policy is an error.
package schemas

import "embed"

// Files are the schemas by file name.
//
//go:embed *.json
var Files embed.FS
