// Package inflate unpacks zlib (RFC 1950) within a bound.
package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

var (
	errTooLarge = errors.New("unpacks to more than it may")
	errTrailing = errors.New("bytes after the compressed part")
)

// Zlib unpacks one stream, nothing after it, to at most max bytes.
func Zlib(packed []byte, max int64) ([]byte, error) {
	in := bytes.NewReader(packed)
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, max+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(out)) > max:
		return nil, errTooLarge
	case in.Len() > 0:
		return nil, errTrailing
	}
	return out, nil
}
