//go:build !goexperiment.simd || !amd64

package plane

// extremesAcross, lightWord and scalarAgain do nothing without vectors; see vector_amd64.go.
func extremesAcross([]byte, int, int, []uint8, []uint8) int { return 0 }

func lightWord([]byte, []byte, int) (uint64, int) { return 0, 0 }

func scalarAgain() {}
