package jetstream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrTooLarge means that a file is larger than the reader allows.
var ErrTooLarge = errors.New("jetstream: the file is larger than allowed")

// Where the files of the bundle repository are, the same at the centre.
const (
	bucketName   = "tuf"
	bucketStream = "OBJ_" + bucketName
	chunkSubject = "$O." + bucketName + ".C."
)

// files is the object store, and the stream that it is kept in.
type files struct {
	bucket jetstream.ObjectStore
	stream jetstream.Stream
}

// repository finds the object store once: asking again for every file would cost as much as a file.
func (l *Link) repository(ctx context.Context) (*files, error) {
	if f := l.files.Load(); f != nil {
		return f, nil
	}
	bucket, err := l.js.ObjectStore(ctx, bucketName)
	if err != nil {
		return nil, err
	}
	stream, err := l.js.Stream(ctx, bucketStream)
	if err != nil {
		return nil, err
	}
	f := &files{bucket, stream}
	l.files.Store(f)
	return f, nil
}

// Fetch gives a file of the bundle repository, at most max bytes. One that is not there is an
// error that is fs.ErrNotExist; a longer one is ErrTooLarge and is not read to its end.
func (l *Link) Fetch(ctx context.Context, name string, max int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(max>>20)*30*time.Second) // a slow line brings a large file
	defer cancel()
	f, err := l.repository(ctx)
	if err != nil {
		return nil, fmt.Errorf("jetstream: fetch %s: %w", name, err)
	}
	info, err := f.bucket.GetInfo(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, fmt.Errorf("jetstream: fetch %s: %w", name, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("jetstream: fetch %s: %w", name, err)
	case info.Opts != nil && info.Opts.Link != nil:
		return nil, fmt.Errorf("jetstream: fetch %s: it is a link", name) // a client would follow it round and round
	case info.Size > uint64(max):
		return nil, fmt.Errorf("%w: %s has %d bytes, allowed %d", ErrTooLarge, name, info.Size, max)
	}
	read := f.whole
	if info.Chunks == 1 {
		read = f.chunk
	}
	// The size it is said to have is not believed: count.
	data, err := read(ctx, info, max+1)
	switch {
	case int64(len(data)) > max:
		return nil, fmt.Errorf("%w: %s has more than it says, allowed %d", ErrTooLarge, name, max)
	case err != nil:
		return nil, fmt.Errorf("jetstream: fetch %s: %w", name, err)
	}
	return data, nil
}

// chunk reads a file that is one message, with one question and one answer.
func (f *files) chunk(ctx context.Context, info *jetstream.ObjectInfo, _ int64) ([]byte, error) {
	m, err := f.stream.GetLastMsgForSubject(ctx, chunkSubject+info.NUID)
	if err != nil {
		return nil, err
	}
	sum, err := jetstream.DecodeObjectDigest(info.Digest)
	if got := sha256.Sum256(m.Data); err != nil || !bytes.Equal(sum, got[:]) {
		return nil, jetstream.ErrDigestMismatch
	}
	return m.Data, nil
}

// whole reads at most so much of a file of several messages, which a consumer of its own brings.
func (f *files) whole(ctx context.Context, info *jetstream.ObjectInfo, most int64) ([]byte, error) {
	object, err := f.bucket.Get(ctx, info.Name)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return io.ReadAll(io.LimitReader(object, most))
}
