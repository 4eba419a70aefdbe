package appliance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// leastKey is how long a scheme's document key is at least, in bytes: shorter ones let
// numbers be found by trying.
const leastKey = 16

// documentKeys reads the keys under which schemes digest the numbers of documents: files
// <scheme>.key in a folder, in hexadecimal, for their owner only.
func documentKeys(dir string) (map[string][]byte, error) {
	if dir == "" {
		return nil, nil
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.key")) // the pattern is sound
	if len(names) == 0 {
		return nil, fmt.Errorf("device.document_keys: no <scheme>.key in %s: put the scheme's key there, or leave the setting out", dir)
	}
	keys := map[string][]byte{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("document key: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			return nil, fmt.Errorf("document key %s: make the file readable for its owner only (chmod 600)", name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("document key: %w", err)
		}
		key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
		if err != nil || len(key) < leastKey {
			return nil, fmt.Errorf("document key %s: write %d bytes or more in hexadecimal", name, leastKey)
		}
		keys[strings.TrimSuffix(filepath.Base(name), ".key")] = key
	}
	return keys, nil
}
