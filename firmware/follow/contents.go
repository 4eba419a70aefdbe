package follow

import (
	"errors"
	"fmt"
	"io/fs"

	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/firmware/verdict/words"
)

// legalTexts reads legal/<site>/<language>.md of a set, of those languages that there are.
func legalTexts(set fs.FS, site string) (map[string]legal.Text, error) {
	texts := map[string]legal.Text{}
	for _, l := range words.Languages {
		name := "legal/" + site + "/" + l + ".md"
		file, err := fs.ReadFile(set, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			texts[l], err = legal.Parse(file)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return texts, nil
}

// staffOf reads staff/<site>.json of a set; nil where it has none: then nobody signs in.
func staffOf(set fs.FS, site string) (*staff.List, error) {
	name := "staff/" + site + ".json"
	file, err := fs.ReadFile(set, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := staff.Parse(file, site)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}
