package sets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/firmware/follow"
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

// Version is that of the program, "1.4.0".
type Version string

func (c *importCmd) Run(version Version) error {
	root, err := input.File(c.Root)
	if err != nil {
		return err
	}
	if info, err := os.Stat(c.State); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no state directory: give device.state of the device's configuration, and make the directory for a new device", c.State)
	}
	stick := bundle.Dir(c.Dir)
	s, err := bundle.Open(filepath.Join(c.State, "bundle.db"), root, stick)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Root, err)
	}
	defer s.Close()
	was := s.Status()
	if was.Aside != "" {
		fmt.Fprintln(os.Stderr, "checkpoint: the device's store was damaged and is started anew; keep the old one for the technician:", was.Aside)
	}
	if was.Fault != nil {
		fmt.Fprintln(os.Stderr, "checkpoint: what the device had is not believed, see that --root is the device's own:", was.Fault)
	}
	set, changed, err := s.Import(context.Background(), bundle.Time{Now: time.Now()}, stick)
	if err == nil && changed {
		if views, viewErr := fileset.All(set.FS); viewErr != nil {
			err = viewErr
		} else {
			for _, files := range views {
				err = errors.Join(err, cmp.Or(follow.ForVersion(files, string(version)), loads(files)))
			}
		}
		if err == nil {
			err = s.Activate(set)
		}
	}
	switch {
	case errors.Is(err, bundle.ErrUnreachable):
		return fmt.Errorf("%s: %w: copy all of what \"bundle sign\" made, as it is and without links", c.Dir, err)
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
