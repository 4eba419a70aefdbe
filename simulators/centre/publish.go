package centre

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/checkpoint/simulators/centre/streams"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Published is the answer of POST /publish.
type Published struct {
	Files   int   `json:"files"`   // files that were new or changed
	Version int64 `json:"version"` // of the timestamp
}

// publish carries a signed repository into the object store. The centre only carries: it
// checks no signature. What is pointed at goes first, the timestamp last, so whoever reads
// meanwhile, or after a kill, sees the old set or the new one.
func publish(ctx context.Context, nc *nats.Conn, bucket jetstream.ObjectStore, dir string) (Published, error) {
	if dir == "" {
		return Published{}, errors.New("want dir, the signed repository")
	}
	var names []string
	repo := os.DirFS(dir)
	err := fs.WalkDir(repo, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (strings.HasPrefix(name, "targets/") || filepath.Ext(name) == ".json") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return Published{}, err
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	if len(names) == 0 || names[len(names)-1] != "timestamp.json" {
		return Published{}, fmt.Errorf("%s is not a signed repository: it has no timestamp.json", dir)
	}
	var p Published
	for _, name := range names {
		data, err := fs.ReadFile(repo, name)
		if err != nil {
			return p, err
		}
		fresh, err := put(ctx, bucket, name, data)
		if err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
		if fresh {
			p.Files++
		}
		if name == "timestamp.json" {
			var t struct{ Signed struct{ Version int64 } }
			if err := json.Unmarshal(data, &t); err != nil {
				return p, fmt.Errorf("%s: %w", name, err)
			}
			p.Version = t.Signed.Version
		}
	}
	hint, err := json.Marshal(map[string]any{"v": 1, "hint": "bundle", "version": p.Version})
	if err != nil {
		return p, err
	}
	return p, errors.Join(nc.Publish(streams.Push, hint), nc.Flush())
}

// rank orders files by who points at whom.
func rank(name string) int {
	switch {
	case strings.HasPrefix(name, "targets/"):
		return 0
	case strings.HasSuffix(name, ".targets.json"):
		return 1
	case strings.HasSuffix(name, ".snapshot.json"):
		return 2
	case strings.HasSuffix(name, ".root.json"):
		return 3
	case name == "timestamp.json":
		return 5
	}
	return 4
}

func put(ctx context.Context, bucket jetstream.ObjectStore, name string, data []byte) (fresh bool, err error) {
	sum := sha256.Sum256(data)
	info, err := bucket.GetInfo(ctx, name)
	switch {
	case err == nil && info.Digest == "SHA-256="+base64.URLEncoding.EncodeToString(sum[:]):
		return false, nil
	case err != nil && !errors.Is(err, jetstream.ErrObjectNotFound):
		return false, err
	}
	_, err = bucket.Put(ctx, jetstream.ObjectMeta{Name: name}, bytes.NewReader(data))
	return err == nil, err
}
