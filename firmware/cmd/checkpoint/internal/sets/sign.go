package sets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/exit"
	"example.org/checkpoint/sync/bundle/publish"
)

type signCmd struct {
	Targets   string        `arg:"" type:"existingdir" help:"Directory that \"bundle build\" has checked."`
	Out       string        `short:"o" required:"" type:"path" placeholder:"DIR" help:"The repository; made, or carried on with the next version."`
	Keys      string        `required:"" type:"path" placeholder:"DIR" help:"Directory of signing keys."`
	Init      bool          `help:"Make the keys first, for a laboratory."`
	RootKeys  int           `default:"3" help:"With --init: how many root keys."`
	Threshold int           `placeholder:"N" help:"Root keys that must sign a root. Default: 2 in a new repository (1 if there is only one), otherwise as it was."`
	Scheme    []string      `placeholder:"NAME" help:"Make a key for a scheme, which signs its own files from then on: trust, status and revocation."`
	Valid     time.Duration `default:"72h" help:"How long the timestamp vouches for the set; sign again well before."`
}

// Help is shown by "checkpoint bundle sign --help".
func (signCmd) Help() string {
	return `Signs the files under TUF (The Update Framework). Four roles, each with a key of its own:

  root        says which keys count; changes once in years; root-1.pem, root-2.pem, ...
  targets     says which files there are, with their hashes; targets.pem
  snapshot    says which targets are current; snapshot.pem
  timestamp   says that this is still the newest set; signed again hourly; timestamp.pem

A scheme that has a key, scheme-HK.pem, signs trust/HK.json, status/HK/ and revoked/HK itself: devices
take these from no other scheme, and nothing else from it.

--init makes all of them in one directory, which is for a laboratory only. PRODUCTION ROOT KEYS
BELONG OFFLINE, on tokens in different hands: whoever has enough of them owns every device. Ordinary
signing needs no root key; put them back into the directory only to make the first root, to
change a key, or to renew the root (2 years).

Running it again without changes signs a new timestamp only. Devices trust root.json of the
repository; give it to them with the package or at enrolment.`
}

// errValid is a timestamp that would vouch for nothing.
var errValid = errors.New("--valid is how long the timestamp vouches for the set, more than 0: give 72h for example")

func (c *signCmd) Run() error {
	if c.Valid <= 0 {
		return errValid
	}
	files := os.DirFS(c.Targets)
	names, err := wellFormed(files)
	if err != nil {
		return err
	}
	if err := aged(files, names); err != nil {
		fmt.Fprintln(os.Stderr, "checkpoint:", err)
		return exit.ErrNo
	}
	if c.Init {
		if err := publish.MakeKeys(c.Keys, c.RootKeys); errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w: the keys are there already, leave --init out", err)
		} else if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "made laboratory keys in %s; production root keys belong offline, in different hands\n", c.Keys)
	}
	for _, scheme := range c.Scheme {
		if err := publish.MakeSchemeKey(c.Keys, scheme); err != nil {
			return err
		}
	}
	keys, err := publish.LoadKeys(c.Keys)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: name the directory of the signing keys, or make them with --init", err)
	} else if err != nil {
		return err
	}
	keys.Threshold = c.Threshold
	life := publish.DefaultLifetimes
	life.Timestamp = c.Valid
	signed, err := publish.Sign(c.Out, files, keys, time.Now(), life)
	if err != nil {
		return err
	}
	what := "the same files"
	if signed.Changed {
		what = "new files"
	}
	fmt.Printf("%s: version %d, %d files (%s), timestamp %d, root %d\n", c.Out, signed.Targets, signed.Files, what, signed.Timestamp, signed.Root)
	return nil
}
