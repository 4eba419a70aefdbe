//go:build !(opencv && cgo)

package camera

import (
	"context"
	"errors"
	"image"
)

func (c *Camera) opencv(context.Context, func(*image.Gray), func(error)) error {
	return errors.New("this program was built without OpenCV: build it with -tags opencv, or use another device")
}
