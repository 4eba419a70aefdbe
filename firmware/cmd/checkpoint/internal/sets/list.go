package sets

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/roster"
)

type listCmd struct {
	Members string `arg:"" type:"existingfile" help:"Text file: on each line a scheme and a pseudonym in it, as in a code's claims 1 and 2."`
	Out     string `short:"o" required:"" type:"path" placeholder:"FILE" help:"lists/residents.bin of the directory that \"bundle build\" reads."`
}

func (c *listCmd) Run() error {
	text, err := input.File(c.Members)
	if err != nil {
		return err
	}
	var members []roster.Member
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		parts := strings.Fields(lines.Text())
		switch {
		case len(parts) == 0:
		case !utf8.ValidString(lines.Text()):
			return fmt.Errorf("%s:%d: it is not UTF-8, and nobody's code would ever be found: write the file anew as UTF-8", c.Members, n)
		case len(parts) == 2:
			members = append(members, roster.Member{Scheme: parts[0], Subject: parts[1]})
		default:
			return fmt.Errorf("%s:%d: want a scheme and a pseudonym", c.Members, n)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: a line is longer than 64 KiB, which no pseudonym is: %w", c.Members, err)
	}
	var salt [16]byte
	rand.Read(salt[:]) // never fails: crypto/rand
	data, err := roster.Build(salt, members)
	if err != nil {
		return err
	}
	if err := put(filepath.Dir(c.Out), filepath.Base(c.Out), data); err != nil {
		return err
	}
	list, err := roster.Parse(data)
	fmt.Fprintf(os.Stdout, "%s: %d on the list\n", c.Out, list.Len())
	return err
}
