package outbox

import (
	"fmt"

	"example.org/checkpoint/firmware/journal"
)

// Return signs how much of a share the device has spent (PROTOCOL C6):
//
//	aad "lease-return", payload = [1, device: tstr, epoch: uint, quota: tstr, day: tstr, serial: uint, spent: uint]
func (o *Outbox) Return(h journal.Holding) ([]byte, error) {
	payload, err := canonical.Marshal([]any{1, o.o.Device, h.Epoch, h.Quota, h.Day, h.Serial, h.Spent})
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return o.o.Sign("lease-return", payload)
}
