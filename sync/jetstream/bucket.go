package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"
)

var (
	ErrTaken = errors.New("jetstream: the key has another revision") // another was there first
	ErrNone  = errors.New("jetstream: the key is not there")
)

// Bucket is what a site has in a key-value bucket at the other end of a line, which may be away.
type Bucket struct {
	link *Link
	name string
	site string                             // before each key, with a dot
	kv   atomic.Pointer[jetstream.KeyValue] // once it was found
}

// Bucket of a name. It is looked for when it is first needed. Its keys are <site in lower case, as tags of
// NATS users are>.<key>, so that a device can be let in to those of its own site alone.
func (l *Link) Bucket(name, site string) *Bucket {
	return &Bucket{link: l, name: name, site: strings.ToLower(site) + "."}
}

func (b *Bucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	if kv := b.kv.Load(); kv != nil {
		return *kv, nil
	}
	kv, err := b.link.js.KeyValue(ctx, b.name)
	if err != nil {
		return nil, fmt.Errorf("jetstream: bucket %s: %w", b.name, err)
	}
	b.kv.Store(&kv)
	return kv, nil
}

// Put writes a value if the key has that revision, 0 for none; ErrTaken if it has another.
func (b *Bucket) Put(ctx context.Context, key string, value []byte, revision uint64) error {
	kv, err := b.open(ctx)
	if err != nil {
		return err
	}
	if revision == 0 {
		_, err = kv.Create(ctx, b.site+key, value)
	} else {
		_, err = kv.Update(ctx, b.site+key, value, revision)
	}
	return b.said(err)
}

// Get gives a value and its revision; ErrNone if there is none.
func (b *Bucket) Get(ctx context.Context, key string) (value []byte, revision uint64, err error) {
	kv, err := b.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	e, err := kv.Get(ctx, b.site+key)
	if err != nil {
		return nil, 0, b.said(err)
	}
	return e.Value(), e.Revision(), nil
}

// Delete deletes a key that has that revision; ErrTaken if it has another.
func (b *Bucket) Delete(ctx context.Context, key string, revision uint64) error {
	kv, err := b.open(ctx)
	if err != nil {
		return err
	}
	return b.said(kv.Delete(ctx, b.site+key, jetstream.LastRevision(revision)))
}

// wrongRevision are the codes of a server and of a cluster.
var wrongRevision = []jetstream.ErrorCode{jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant}

func (b *Bucket) said(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrKeyExists):
		return ErrTaken
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return ErrNone
	case errors.As(err, &api) && (api.ErrorCode == wrongRevision[0] || api.ErrorCode == wrongRevision[1]):
		return ErrTaken
	}
	return fmt.Errorf("jetstream: bucket %s: %w", b.name, err)
}
