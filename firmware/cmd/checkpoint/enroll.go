package main

import (
	"encoding/json"
	"fmt"
	"os"

	"example.org/checkpoint/firmware/cmd/checkpoint/internal/input"
	"example.org/checkpoint/sync/enrol"
)

type enrollCmd struct {
	State  string `required:"" type:"path" placeholder:"DIR" help:"The device's state directory; it keeps the key."`
	Device string `required:"" placeholder:"NAME" help:"The device's name, unique at the centre: letters, digits, - and _."`
	Site   string `required:"" placeholder:"NAME" help:"The site it stands at."`
	Admit  string `type:"existingfile" placeholder:"FILE" help:"What the centre gave for the card, for a line by mutual TLS: keep it."`
}

// Help is shown by `checkpoint enroll --help`.
func (enrollCmd) Help() string {
	return `Makes the device's key if there is none yet and prints the card by which the centre comes to
know the device. The private half never leaves the state directory. Give the card to the centre's
administrator, who approves the device by putting it into the centre's registry:

  checkpoint enroll --state /var/lib/checkpoint --device gate-07 --site LW > gate-07.json

A centre that lets in only whom it knows answers with an admission: a certificate and a user for
the keys on the card. The device keeps it and comes in by it from then on:

  checkpoint enroll --state /var/lib/checkpoint --device gate-07 --site LW --admit gate-07.admission.json

Running it again prints the same card. A device with a new key is a new device to the centre.`
}

func (c *enrollCmd) Run() error {
	key, created, err := enrol.Load(c.State)
	if err != nil {
		return err
	}
	if c.Admit != "" {
		text, err := input.File(c.Admit)
		if err != nil {
			return err
		}
		return enrol.Admit(c.State, c.Device, text)
	}
	card, err := key.Card(c.Device, c.Site)
	if err == nil {
		card.Request, err = key.Request(c.State, c.Device)
	}
	if err != nil {
		return err
	}
	if created {
		fmt.Fprintf(os.Stderr, "made a new device key in %s\n", c.State)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(card)
}
