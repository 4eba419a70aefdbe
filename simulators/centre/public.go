package centre

import (
	"encoding/json"
	"fmt"
)

// publicKeys is keys.json for the bundle: the centre's own keys, and those of all enrolled devices.
func (c *Centre) publicKeys() (json.RawMessage, error) {
	var file struct {
		V    int   `json:"v"`
		Keys []any `json:"keys"`
	}
	if err := json.Unmarshal(c.public, &file); err != nil {
		return nil, fmt.Errorf("centre: %w", err)
	}
	devices, err := c.registry.Keys()
	if err != nil {
		return nil, err
	}
	for _, k := range devices {
		file.Keys = append(file.Keys, k)
	}
	return json.Marshal(file)
}
