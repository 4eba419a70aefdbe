package sets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"example.org/checkpoint/firmware/policy"
)

type profilesCmd struct {
	Out string `short:"o" required:"" type:"path" placeholder:"DIR" help:"Where the files go, usually the policy/ of the directory that \"bundle build\" reads. A file that is there already is left alone."`
}

func (c *profilesCmd) Run() error {
	names, err := fs.Glob(policy.Shipped, "profiles/*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		to := path.Join(c.Out, path.Base(name))
		if _, err := os.Lstat(to); err == nil {
			fmt.Println(to, "is there already and left alone")
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		data, err := fs.ReadFile(policy.Shipped, name)
		if err != nil {
			return err
		}
		if err := put(c.Out, path.Base(name), data); err != nil {
			return err
		}
		fmt.Println(to)
	}
	return nil
}
