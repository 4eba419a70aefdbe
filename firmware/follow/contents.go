package follow

import (
	"errors"
	"fmt"
	"io/fs"

	"example.org/checkpoint/firmware/legal"
	"example.org/checkpoint/firmware/order"
	"example.org/checkpoint/firmware/staff"
	"example.org/checkpoint/firmware/verdict/words"
)

// factsFile says from which version of the program on a set is read.
const factsFile = "facts.json"

// ForVersion refuses a set that is for a later version of the program: an older one might misread it.
func ForVersion(set fs.FS, version string) error {
	text, err := fs.ReadFile(set, factsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var least string
	if err == nil {
		least, err = order.Wanted(text)
	}
	if err == nil && !order.Reads(version, least) {
		err = fmt.Errorf("the set is for version %s and later, and this is %q: install that first", least, version)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", factsFile, err)
	}
	return nil
}

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
