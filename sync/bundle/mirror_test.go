package bundle

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"example.org/checkpoint/sync/bundle/publish"
)

// mirror is a repository made with go-tuf's metadata alone, which may say anything.
type mirror struct {
	t     testing.TB
	keys  publish.Keys
	root  *metadata.Metadata[metadata.RootType]
	targs *metadata.Metadata[metadata.TargetsType]
	snap  *metadata.Metadata[metadata.SnapshotType]
	stamp *metadata.Metadata[metadata.TimestampType]
	files map[string][]byte // as served
}

func newMirror(t testing.TB) *mirror {
	expires := noon.AddDate(1, 0, 0)
	m := &mirror{t: t, keys: newKeys(t, 3, 2), root: metadata.Root(expires), targs: metadata.Targets(expires),
		snap: metadata.Snapshot(expires), stamp: metadata.Timestamp(noon.AddDate(0, 0, 3)), files: map[string][]byte{}}
	m.trust(m.keys)
	m.put("rules.txt", "one")
	m.publish()
	return m
}

// trust sets the root's keys.
func (m *mirror) trust(k publish.Keys) {
	fresh := metadata.Root(m.root.Signed.Expires)
	for role, keys := range map[string][]ed25519.PrivateKey{metadata.ROOT: k.Roots, metadata.TARGETS: {k.Targets},
		metadata.SNAPSHOT: {k.Snapshot}, metadata.TIMESTAMP: {k.Timestamp}} {
		for _, key := range keys {
			half, _ := public(m.t, key)
			if err := fresh.Signed.AddKey(half, role); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	fresh.Signed.Roles[metadata.ROOT].Threshold = k.Threshold
	m.root.Signed.Keys, m.root.Signed.Roles = fresh.Signed.Keys, fresh.Signed.Roles
}

func (m *mirror) put(name, text string) {
	sum := sha256.Sum256([]byte(text))
	m.targs.Signed.Targets[name] = &metadata.TargetFiles{Length: int64(len(text)), Hashes: metadata.Hashes{"sha256": sum[:]}}
	m.files[stored(name, text)] = []byte(text)
}

func stored(name, text string) string {
	sum := sha256.Sum256([]byte(text))
	return path.Join("targets", path.Dir(name), hex.EncodeToString(sum[:])+"."+path.Base(name))
}

// signed signs with so many keys.
func signed[T metadata.Roles](t testing.TB, x *metadata.Metadata[T], keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	x.ClearSignatures()
	for _, key := range keys {
		s, err := signature.LoadSigner(key, crypto.Hash(0))
		if err == nil {
			_, err = x.Sign(s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := x.ToBytes(false)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// public is the public half of a key, as metadata lists it.
func public(t testing.TB, key ed25519.PrivateKey) (half *metadata.Key, id string) {
	t.Helper()
	half, err := metadata.KeyFromPublicKey(key.Public())
	if err == nil {
		id, err = half.ID()
	}
	if err != nil {
		t.Fatal(err)
	}
	return half, id
}

// describe is what snapshot and timestamp say of other metadata.
func describe(version int64, data []byte) *metadata.MetaFiles {
	sum := sha256.Sum256(data)
	return &metadata.MetaFiles{Version: version, Length: int64(len(data)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}

// publish signs everything as it stands and puts it out.
func (m *mirror) publish() {
	m.files[fmt.Sprintf("%d.root.json", m.root.Signed.Version)] = signed(m.t, m.root, m.keys.Roots...)
	targs := signed(m.t, m.targs, m.keys.Targets)
	m.files[fmt.Sprintf("%d.targets.json", m.targs.Signed.Version)] = targs
	m.snap.Signed.Meta["targets.json"] = describe(m.targs.Signed.Version, targs)
	m.point()
}

// point signs snapshot and timestamp over what the snapshot says.
func (m *mirror) point() {
	snap := signed(m.t, m.snap, m.keys.Snapshot)
	m.files[fmt.Sprintf("%d.snapshot.json", m.snap.Signed.Version)] = snap
	m.stamp.Signed.Meta["snapshot.json"] = describe(m.snap.Signed.Version, snap)
	m.files["timestamp.json"] = signed(m.t, m.stamp, m.keys.Timestamp)
}

// next raises every version but the root's.
func (m *mirror) next() {
	m.targs.Signed.Version++
	m.snap.Signed.Version++
	m.stamp.Signed.Version++
}

func (m *mirror) fetch(_ context.Context, name string, max int64) ([]byte, error) {
	b, ok := m.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return b[:min(int64(len(b)), max+1)], nil
}

func (m *mirror) device(path string) *Store {
	s, err := Open(path, m.files["1.root.json"], func(ctx context.Context, name string, max int64) ([]byte, error) { return m.fetch(ctx, name, max) })
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { s.Close() })
	return s
}
