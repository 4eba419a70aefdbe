//go:build opencv && cgo

package camera

import (
	"context"
	"errors"
	"image"
	"os"
	"strings"
	"time"

	"gocv.io/x/gocv"
)

// opencv reads whatever OpenCV's VideoCapture opens: a film (AVI, MP4), numbered pictures
// ("f_%03d.jpg"), a stream (http://…, rtsp://…), a device ("0"). A film is shown at its own pace,
// again and again.
func (c *Camera) opencv(ctx context.Context, put func(*image.Gray), bad func(error)) error {
	name := strings.TrimPrefix(c.device, openCV)
	frames, ended := make(chan *image.Gray), make(chan error, 1)
	go func() { ended <- capture(ctx, name, frames) }() // ends with ctx, once OpenCV gives it the next frame
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case img := <-frames:
			if img == nil {
				bad(ErrBadPicture)
			} else {
				put(img)
			}
		}
	}
}

// capture sends frames, nil for one that is no picture. OpenCV cannot be interrupted: whoever waits
// for this may have to wait as long as it does.
func capture(ctx context.Context, name string, frames chan<- *image.Gray) error {
	video, err := gocv.OpenVideoCapture(name)
	if err != nil {
		return errors.New("OpenCV cannot open it: correct the device in the configuration, or plug it in")
	}
	defer video.Close()
	frame, grey := gocv.NewMat(), gocv.NewMat()
	defer frame.Close()
	defer grey.Close()
	pace := interval(name, video)
	for shown := time.Now(); ctx.Err() == nil; shown = shown.Add(pace) {
		if !video.Read(&frame) {
			return errors.New("OpenCV: it ended")
		}
		select {
		case <-ctx.Done():
		case frames <- luminance(frame, &grey):
		}
		time.Sleep(time.Until(shown.Add(pace)))
	}
	return ctx.Err()
}

// interval is from one frame of a film to the next; a camera has its own pace, which is 0 here.
func interval(name string, video *gocv.VideoCapture) time.Duration {
	if _, err := os.Stat(name); err != nil && !strings.Contains(name, "%") || strings.HasPrefix(name, "/dev/") {
		return 0
	}
	fps := video.Get(gocv.VideoCaptureFPS)
	if !(fps >= 1 && fps <= 120) {
		fps = 15
	}
	return time.Duration(float64(time.Second) / fps)
}

// luminance is a frame in grey.
func luminance(frame gocv.Mat, grey *gocv.Mat) *image.Gray {
	if frame.Empty() || frame.Cols()*frame.Rows() > mostPixels {
		return nil
	}
	if frame.Channels() == 3 {
		gocv.CvtColor(frame, grey, gocv.ColorBGRToGray)
	} else {
		frame.CopyTo(grey)
	}
	pix := grey.ToBytes()
	if len(pix) != grey.Cols()*grey.Rows() {
		return nil
	}
	return &image.Gray{Pix: pix, Stride: grey.Cols(), Rect: image.Rect(0, 0, grey.Cols(), grey.Rows())}
}
