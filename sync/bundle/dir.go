package bundle

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Dir fetches from a repository in a directory, such as a USB stick that anybody may have
// written: only plain files inside it, and no link anywhere on the way to them. A stick that does
// not answer keeps nobody: what it was asked for last is waited for once, by one goroutine.
func Dir(dir string) Fetcher {
	return patiently(func(name string, max int64) ([]byte, error) {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("bundle: %q is no file of a repository", name)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		for at, r := range name + "/" {
			if r != '/' {
				continue
			}
			info, err := root.Lstat(name[:at])
			if err != nil {
				return nil, err
			}
			if last := at == len(name); last && !info.Mode().IsRegular() || !last && !info.IsDir() {
				return nil, fmt.Errorf("bundle: %s is not a plain file", name)
			}
		}
		f, err := root.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, max+1))
	})
}

// patiently reads for as long as the context has patience.
func patiently(read func(name string, max int64) ([]byte, error)) Fetcher {
	type answer struct {
		data []byte
		err  error
	}
	busy := make(chan struct{}, 1)
	return func(ctx context.Context, name string, max int64) ([]byte, error) {
		select {
		case busy <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		answers := make(chan answer, 1)
		go func() { // ends when the medium answers; there is one at a time
			data, err := read(name, max)
			<-busy
			answers <- answer{data, err}
		}()
		select {
		case a := <-answers:
			return a.data, a.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
