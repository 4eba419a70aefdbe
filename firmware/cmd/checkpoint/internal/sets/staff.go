package sets

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"example.org/checkpoint/firmware/staff"
)

type staffCmd struct {
	ID    string        `arg:"" help:"A pseudonymous name, as every act of theirs is recorded under."`
	Role  string        `required:"" enum:"officer,supervisor" help:"One of ${enum}."`
	Valid time.Duration `default:"8760h" help:"For how long, from now."`
}

// Help is shown by "checkpoint bundle staff --help".
func (staffCmd) Help() string {
	return `Reads a PIN of at least 6 characters from standard input and prints who may sign in with it, for
"staff" in {"v": 1, "site": "LMC", "staff": [...]} of staff/<site>.json. Of the PIN it holds an Argon2id
verifier only; a short PIN can be guessed by whoever has the file, so it goes to devices and nowhere else.`
}

func (c *staffCmd) Run() error { return c.write(os.Stdin, os.Stdout) }

var errTerm = errors.New("--valid is for how long from now somebody may sign in: give 8760h for example")

func (c *staffCmd) write(in io.Reader, out io.Writer) error {
	if c.Valid <= 0 {
		return errTerm
	}
	pin, err := bufio.NewReader(io.LimitReader(in, 100)).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return err
	}
	verifier, err := staff.Verifier(strings.TrimRight(pin, "\r\n"), salt)
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]string{"id": c.ID, "role": c.Role, "until": time.Now().Add(c.Valid).UTC().Format(time.RFC3339), "pin": verifier})
	if err == nil { // as a device reads it
		_, err = staff.Parse(fmt.Appendf(nil, `{"v":1,"site":"x","staff":[%s]}`, line), "x")
	}
	if err == nil {
		_, err = fmt.Fprintln(out, string(line))
	}
	return err
}
