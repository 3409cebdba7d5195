package file

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // a first frame is read
	"image/jpeg"
	"image/png"
	"sync"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // read, like gif
)

const (
	previewSide = 640        // pixels of the longer side
	maxPixels   = 40_000_000 // more is not unpacked: it could be a bomb
	jpegQuality = 82
)

// picture is what is made of an image: its size as it is looked at, and the
// preview.
type picture struct {
	width, height int
	preview       []byte
	kind          string // of the preview
}

// oneAtATime, because an unpacked picture may take 160 MB.
var oneAtATime sync.Mutex

// drawPreview makes the preview of an image: the zero picture of whatever cannot be
// read, and no preview of what is too large to unpack. Only points of colour go
// into the preview: where and by whom a photo was taken stays out.
func drawPreview(data []byte) (p picture) {
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return p
	}
	turn := orientation(data, format)
	p.width, p.height = c.Width, c.Height
	if turn >= 5 {
		p.width, p.height = p.height, p.width
	}
	if c.Width > maxPixels/c.Height {
		return p
	}
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return p
	}
	small := turned(shrunk(src), turn)
	var out bytes.Buffer
	if small.Opaque() {
		p.kind, err = "image/jpeg", jpeg.Encode(&out, small, &jpeg.Options{Quality: jpegQuality})
	} else {
		p.kind, err = "image/png", png.Encode(&out, small)
	}
	if err != nil {
		return picture{width: p.width, height: p.height}
	}
	p.preview = out.Bytes()
	return p
}

// shrunk is the picture with its longer side at most previewSide.
func shrunk(src image.Image) *image.RGBA {
	w, h := fit(src.Bounds().Dx(), src.Bounds().Dy())
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(small, small.Bounds(), src, src.Bounds(), draw.Src, nil)
	return small
}

// fit is the size of the preview of a picture.
func fit(w, h int) (int, int) {
	most := max(w, h)
	if most <= previewSide {
		return w, h
	}
	return max(1, w*previewSide/most), max(1, h*previewSide/most)
}

// turned is the picture as it is to be looked at, by the number a camera writes
// (1 to 8: four turns, each mirrored or not).
func turned(src *image.RGBA, turn int) *image.RGBA {
	if turn <= 1 || turn > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [9]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[turn]
			out.SetRGBA(to.X, to.Y, src.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads how the camera was held; 1, upright, if nothing says so.
func orientation(data []byte, format string) int {
	kind := map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP}[format]
	turn := 1
	if kind == 0 {
		return turn
	}
	_, err := imagemeta.Decode(imagemeta.Options{R: bytes.NewReader(data), ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Namespace == "IFD0" && t.Tag == "Orientation" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if _, err := fmt.Sscan(fmt.Sprint(t.Value), &turn); err != nil {
				turn = 1
			}
			return imagemeta.ErrStopWalking
		}})
	if err != nil || turn < 1 || turn > 8 {
		return 1
	}
	return turn
}
