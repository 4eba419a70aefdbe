package follow

import (
	"maps"
	"os"
	"path/filepath"

	"example.org/checkpoint/firmware/credential/holder"
)

// siteKeys reads the site's private keys, from the configured folder and those that the
// centre gave. They are read anew with every set of rules,
// so that next week's key is there when its public half is. A file that others may
// read, or that is none, is left out and logged: its codes do not open.
func (f *Follower) siteKeys() holder.SiteKeys {
	keys := holder.SiteKeys{}
	names, _ := filepath.Glob(filepath.Join(f.siteKeyFolder(), "site-key*.json")) // the pattern is sound
	if dir := f.config.Device.SiteKeys; dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "site-key*.json"))
		names = append(names, more...)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			f.log.Error("site key: make the file readable for its owner only (chmod 600)", "file", name)
			continue
		}
		data, err := os.ReadFile(name)
		one, site := holder.SiteKeys{}, ""
		if err == nil {
			site, err = one.AddFile(data)
		}
		switch {
		case err != nil:
			f.log.Error("site key", "file", name, "err", err)
		case site != f.config.Device.Site:
			f.log.Error("site key: it is another site's; remove it", "file", name)
		default:
			maps.Copy(keys, one)
		}
	}
	return keys
}
