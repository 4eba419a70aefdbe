//go:build !linux

package camera

import (
	"context"
	"errors"
	"image"
)

func (c *Camera) v4l2(context.Context, func(*image.Gray), func(error)) error {
	return errors.New("V4L2 is of Linux; use a camera on the network (http://…)")
}
