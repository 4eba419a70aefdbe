// Package tuf holds what the signer of a repository and a device agree on: which files a set
// may have, which of them each role may list, and the two members that are ours.
package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// ErrContents reports what is no set that a device takes: too many or too large files, unclean names.
var ErrContents = errors.New("bundle: not a set that a device takes")

// What a device takes. The centre's tools refuse more.
const (
	MaxFile  = 8 << 20   // bytes
	MaxTotal = 256 << 20 // bytes of all files
	MaxSmall = 64 << 20  // bytes of those below Large, which lie in memory
	MaxFiles = 2000
	maxName  = 200 // bytes

	// Large is the length in bytes from which on a device keeps a file on its disk, mapped: 32,768 hashes
	// of a revocation list.
	Large = 256 << 10
)

// Lists is the signed metadata of a role that lists files.
type Lists = metadata.Metadata[metadata.TargetsType]

// Target is one file as a role lists it.
type Target struct {
	Name    string
	Length  int64
	Hash    []byte    // SHA-256
	Changed time.Time // zero if the signer did not say

	meta *metadata.TargetFiles
}

// Verify compares a file with what is listed of it.
func (t Target) Verify(data []byte) error { return t.meta.VerifyLengthHashes(data) }

// Stored is the name of a file in a repository with consistent snapshots (specification section 7).
func Stored(name string, hash []byte) string {
	return path.Join("targets", path.Dir(name), hex.EncodeToString(hash)+"."+path.Base(name))
}

// listed checks what a role lists of the names that it may.
func listed(m *Lists, may func(name string) bool) ([]Target, error) {
	var list []Target
	for name, f := range m.Signed.Targets {
		if !may(name) {
			continue
		}
		if f == nil || len(f.Hashes["sha256"]) != sha256.Size {
			return nil, fmt.Errorf("%w: %q has no SHA-256", ErrContents, name)
		}
		list = append(list, Target{Name: name, Length: f.Length, Hash: f.Hashes["sha256"], Changed: Changed(f), meta: f})
	}
	return list, nil
}

// Changed is when a file last changed, {"changed": <Unix seconds>} in its custom member.
func Changed(f *metadata.TargetFiles) time.Time {
	if f.Custom == nil {
		return time.Time{}
	}
	var custom map[string]any
	if json.Unmarshal(*f.Custom, &custom) != nil {
		return time.Time{}
	}
	return unix(custom["changed"])
}

// Published is when a timestamp was signed, its member "published" in Unix seconds.
func Published(t metadata.TimestampType) time.Time { return unix(t.UnrecognizedFields["published"]) }

func unix(v any) time.Time {
	if sec, ok := v.(float64); ok && sec > 0 && sec < 1<<40 {
		return time.Unix(int64(sec), 0).UTC()
	}
	return time.Time{}
}

// Check lists the plain files of a set, sorted, and refuses what a device would not take:
// number, sizes, names, anything that is not a plain file.
func Check(files fs.FS) ([]string, error) {
	var (
		names []string
		list  []Target
	)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%w: %s is not a plain file", ErrContents, name)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, name)
		list = append(list, Target{Name: name, Length: info.Size()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrContents)
	}
	return names, checkList(list)
}

// checkList bounds a sorted list of files and demands clean names.
func checkList(list []Target) error {
	if len(list) > MaxFiles {
		return fmt.Errorf("%w: %d files, at most %d", ErrContents, len(list), MaxFiles)
	}
	total, small, names := int64(0), int64(0), map[string]bool{}
	for _, t := range list {
		if !clean(t.Name) {
			return fmt.Errorf("%w: file name %q: use letters, digits, '.', '-', '_' and '/', at most %d bytes, no part beginning with '.'", ErrContents, t.Name, maxName)
		}
		if total += t.Length; t.Length < 0 || t.Length > MaxFile || total > MaxTotal {
			return fmt.Errorf("%w: %s: %d bytes; a file has at most %d, all together %d", ErrContents, t.Name, t.Length, MaxFile, MaxTotal)
		}
		if t.Length < Large {
			small += t.Length
		}
		if small > MaxSmall {
			return fmt.Errorf("%w: %s: files of less than %d bytes have more than %d together: put them into fewer", ErrContents, t.Name, Large, MaxSmall)
		}
		names[t.Name] = true
	}
	for _, t := range list {
		for dir := path.Dir(t.Name); dir != "."; dir = path.Dir(dir) {
			if names[dir] {
				return fmt.Errorf("%w: %s is a file and a directory", ErrContents, dir)
			}
		}
	}
	return nil
}

func clean(name string) bool {
	if !fs.ValidPath(name) || name == "." || len(name) > maxName {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-/", r):
		default:
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return true
}
