package order

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// release is a version by the precedence of semver.org 2.0.0. What "git describe" appends to the tag
// before a build ("-3-g1a2b3c4", "-dirty") and build metadata ("+…") count for nothing: such a build
// has all that the tag has.
type release struct {
	numbers [3]int
	before  []string // identifiers of a pre-release, which comes before the release itself
}

// versions are "1.4.0", "v1.4", "2", each also with a pre-release and what "git describe" appends. The
// digits that a bare hash begins with ("4393acc") are none.
var versions = regexp.MustCompile(`^v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:-([0-9A-Za-z.-]+?))??(?:-\d+-g[0-9a-f]{4,64})?(?:-dirty)?(?:\+[0-9A-Za-z.-]+)?$`)

// inVersion is what a version is written with; what follows is words: "1.4.0 repairs the clock".
const inVersion = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.+-"

// maxVersion bounds a version in bytes.
const maxVersion = 128

// versionIn is the version that a text begins with.
func versionIn(text string) string {
	if end := strings.IndexFunc(text, func(c rune) bool { return !strings.ContainsRune(inVersion, c) }); end >= 0 {
		return text[:end]
	}
	return text
}

func parseRelease(text string) (r release, ok bool) {
	text = versionIn(text)
	if len(text) > maxVersion {
		return r, false
	}
	parts := versions.FindStringSubmatch(text)
	if parts == nil {
		return r, false
	}
	for i := range r.numbers {
		r.numbers[i], _ = strconv.Atoi(parts[1+i]) // a part that is left out is 0
	}
	if parts[4] != "" {
		r.before = strings.Split(parts[4], ".")
	}
	return r, true
}

// ErrWanted means: facts.json does not say which version a set is for.
var ErrWanted = errors.New("want \"v\": 1, and of \"min_version\" a release such as 1.4.0")

// Wanted reads of a set's facts.json, {"v": 1, "min_version": "1.4.0"}, from which version of the
// program on it is read; "" for all. Other members are others'.
func Wanted(data []byte) (least string, err error) {
	var f struct {
		V          int
		MinVersion string `json:"min_version"`
	}
	if err := json.Unmarshal(data, &f); err != nil || f.V != 1 || f.MinVersion != "" && !Released(f.MinVersion) {
		return "", fmt.Errorf("%w: %v", ErrWanted, err)
	}
	return f.MinVersion, nil
}

// Reads reports whether a version of the program is not older than a set wants it.
func Reads(version, least string) bool { return least == "" || !older(version, least) }

// Released reports whether a version can be compared with the least one that the centre orders. A build
// that stands at no tag cannot: such an order halts it whatever it has.
func Released(version string) bool {
	_, ok := parseRelease(version)
	return ok
}

// older reports whether a version is lower than the least one. One that is no version is: when in
// doubt nobody is admitted.
func older(version, least string) bool {
	a, ok1 := parseRelease(version)
	b, ok2 := parseRelease(least)
	return !ok1 || !ok2 || a.compare(b) < 0
}

// compare is the precedence of semver.org 2.0.0 section 11.
func (r release) compare(o release) int {
	if c := slices.Compare(r.numbers[:], o.numbers[:]); c != 0 {
		return c
	}
	if len(r.before) == 0 || len(o.before) == 0 {
		return cmp.Compare(min(1, len(o.before)), min(1, len(r.before)))
	}
	return slices.CompareFunc(r.before, o.before, func(a, b string) int {
		x, errX := strconv.ParseUint(a, 10, 64)
		y, errY := strconv.ParseUint(b, 10, 64)
		switch {
		case errX == nil && errY == nil:
			return cmp.Compare(x, y)
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		}
		return cmp.Compare(a, b)
	})
}
