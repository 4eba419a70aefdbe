package sets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/sync/bundle"
	"example.org/checkpoint/sync/bundle/fileset"
)

type importCmd struct {
	Dir   string `arg:"" type:"existingdir" help:"The repository: what \"bundle sign\" made, copied as it is."`
	State string `default:"/var/lib/checkpoint" help:"State directory of the device, which must not be running."`
	Root  string `required:"" type:"existingfile" placeholder:"FILE" help:"The root.json that came with the device's package (centre.root of its configuration)."`
}

// Help is shown by "checkpoint bundle import --help".
func (importCmd) Help() string {
	return `For a device that cannot reach the centre. The same rules hold as over the line: signatures, versions
that never go back, nothing that has expired, no links, bounded sizes. A running device takes a stick
by itself where centre.stick of its configuration says that sticks appear.`
}

func (c *importCmd) Run() error {
	root, err := input.File(c.Root)
	if err != nil {
		return err
	}
	stick := bundle.Dir(c.Dir)
	s, err := bundle.Open(filepath.Join(c.State, "bundle.db"), root, stick)
	if err != nil {
		return err
	}
	defer s.Close()
	set, changed, err := s.Import(context.Background(), bundle.Time{Now: time.Now()}, stick)
	if err == nil && changed {
		if views, viewErr := fileset.All(set.FS); viewErr != nil {
			err = viewErr
		} else {
			for _, files := range views {
				err = errors.Join(err, loads(files))
			}
		}
		if err == nil {
			err = s.Activate(set)
		}
	}
	switch {
	case errors.Is(err, bundle.ErrUnreachable):
		return err
	case err != nil:
		fmt.Fprintln(os.Stderr, "checkpoint: refused:", err)
		return exit.ErrNo
	case !changed:
		fmt.Printf("version %s is in force already; it is vouched for until %s\n", set.Version, set.Expires.Format(time.RFC3339))
	default:
		fmt.Printf("version %s is in force; it is vouched for until %s\n", set.Version, set.Expires.Format(time.RFC3339))
	}
	return nil
}
