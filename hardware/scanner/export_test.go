package scanner

import "os"

// NewUngrabbed is a wedge at a FIFO, which nothing else reads and which cannot be grabbed.
func NewUngrabbed(path string, o Options) *Scanner {
	return newWedge(path, o, func(*os.File) error { return nil })
}
