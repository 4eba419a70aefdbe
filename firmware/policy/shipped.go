package policy

import "embed"

// Shipped are the policy files that come with the program, as profiles/<profile>.json:
// a start for a site's own, with their sources and their tests.
//
//go:embed profiles/*.json
var Shipped embed.FS
