package inspect

import (
	"context"
	"math"
	"slices"
)

// gray is a picture of luminance, 0 to 255, with a white margin.
type gray struct {
	w, h  int // margin included
	pix   []uint8
	scale float32 // how many pixels of the original one is wide
}

// at is the luminance between pixels, by two-way interpolation; x and y must lie at least one
// pixel inside.
func (g *gray) at(x, y float32) float32 {
	ix, iy := int(x), int(y)
	fx, fy := x-float32(ix), y-float32(iy)
	row := g.pix[iy*g.w+ix:]
	below := row[g.w:]
	a, b := float32(row[0]), float32(row[1])
	c, d := float32(below[0]), float32(below[1])
	top := a + (b-a)*fx
	return top + (c+(d-c)*fx-top)*fy
}

// minEdges are those of a start, two characters, a check symbol and a stop.
const minEdges = (minSymbols+3)*elements + 1

// minElement is the mean width of bars and spaces, in pixels, below which a line shows noise: at
// 1.3 pixels a module nothing can be read.
const minElement = 2.4

// sighting is a code seen by a scan line.
type sighting struct {
	text           string
	symbols        int
	x1, y1, x2, y2 float32 // its ends, in pixels of the original
}

// scanner looks for Code 128 along straight lines at many tilts: the picture need not be turned,
// a line only has to cross every bar. The library's reader (gozxing 0.1.1, hybrid then histogram,
// whole and half size) reads 12 of the 15 phone photos that the tests know, this one all 15.
type scanner struct {
	table *symbolTable
	seen  []sighting

	samples, sharp, smooth []float32
	turns                  []int
	edges                  []float32
}

// tilts are the angles of scan lines, in degrees: the upright ones first.
func tilts() []float64 {
	const step = 6
	all := []float64{0, 90}
	for a := step; a < 90; a += step {
		all = append(all, float64(a), float64(180-a), float64(90-a), float64(90+a))
	}
	slices.Sort(all[2:])
	return append(all[:2], slices.Compact(all[2:])...)
}

// scan draws lines over the picture, spacing pixels apart, at a tilt.
func (s *scanner) scan(ctx context.Context, g *gray, tilt float64, spacing float32) {
	sin, cos := math.Sincos(tilt * math.Pi / 180)
	dx, dy := float32(cos), float32(sin)
	nx, ny := -dy, dx
	cx, cy := float32(g.w)/2, float32(g.h)/2
	reach := float32(math.Hypot(float64(g.w), float64(g.h))) / 2
	for off := -reach + spacing/2; off < reach; off += spacing {
		if ctx.Err() != nil {
			return
		}
		ox, oy := cx+nx*off, cy+ny*off
		from, to := clip(ox, dx, 2, float32(g.w-3), -reach, reach)
		from, to = clip(oy, dy, 2, float32(g.h-3), from, to)
		if to-from < 40 {
			continue
		}
		s.sample(g, ox, oy, dx, dy, from, to)
		s.decode(func(c line128) {
			a, b := from+c.from, from+c.to
			s.seen = append(s.seen, sighting{
				c.text, c.symbols,
				(ox + dx*a) * g.scale, (oy + dy*a) * g.scale, (ox + dx*b) * g.scale, (oy + dy*b) * g.scale,
			})
		})
	}
}

// clip narrows the part of a line on which low <= o + d*t <= high.
func clip(o, d, low, high, from, to float32) (float32, float32) {
	if d > -1e-6 && d < 1e-6 {
		if o < low || o > high {
			return 0, 0
		}
		return from, to
	}
	a, b := (low-o)/d, (high-o)/d
	return max(from, min(a, b)), min(to, max(a, b))
}

// sample reads the luminance along a line, over three pixels across it: noise falls, bars stay.
func (s *scanner) sample(g *gray, ox, oy, dx, dy, from, to float32) {
	n := int(to - from)
	s.samples = slices.Grow(s.samples[:0], n)[:n]
	for i := range s.samples {
		t := from + float32(i)
		x, y := ox+dx*t, oy+dy*t
		s.samples[i] = (2*g.at(x, y) + g.at(x-dy, y+dx) + g.at(x+dy, y-dx)) / 4
	}
}

// decode tries the line as it is, sharpened against blur and smoothed against noise, each
// with steps of several heights taken for edges. One line has one vote for a text.
func (s *scanner) decode(found func(line128)) {
	var told [8]string
	n := 0
	once := func(c line128) {
		if !slices.Contains(told[:n], c.text) && n < len(told) {
			told[n] = c.text
			n++
			found(c)
		}
	}
	low, high := slices.Min(s.samples), slices.Max(s.samples)
	if high-low < 16 {
		return
	}
	s.smooth = blur3(s.smooth, s.samples)
	s.sharp = sharpen(s.sharp, s.samples)
	for _, try := range [...]struct {
		line  []float32
		steps []float32
	}{{s.samples, []float32{10, 20, 36}}, {s.smooth, []float32{5, 10, 20}}, {s.sharp, []float32{14, 28}}} {
		line := try.line
		for _, step := range try.steps {
			if step > (high-low)/2 {
				break
			}
			falls := s.findTurns(line, step)
			if len(s.turns) < minEdges || float32(len(s.turns)) > float32(len(line))/minElement {
				continue // nothing, or noise
			}
			firstBar := 1
			if falls {
				firstBar = 0
			}
			for _, place := range [...]func([]float32, int, int) float32{middle, steepest} {
				s.edges = s.edges[:0]
				for i := range len(s.turns) - 1 {
					s.edges = append(s.edges, place(line, s.turns[i], s.turns[i+1]))
				}
				s.table.read(s.edges, firstBar, once)
			}
		}
	}
}

func blur3(into, p []float32) []float32 {
	into = slices.Grow(into[:0], len(p))[:len(p)]
	into[0], into[len(p)-1] = p[0], p[len(p)-1]
	for i := 1; i < len(p)-1; i++ {
		into[i] = (p[i-1] + 2*p[i] + p[i+1]) / 4
	}
	return into
}

// sharpen takes away what a pixel's neighbours two off have in common with it.
func sharpen(into, p []float32) []float32 {
	into = slices.Grow(into[:0], len(p))[:len(p)]
	copy(into, p)
	for i := 2; i < len(p)-2; i++ {
		into[i] = p[i]*2.4 - (p[i-2]+p[i-1]+p[i+1]+p[i+2])*0.35
	}
	return into
}

// findTurns fills s.turns with the spots, dark and light by turns, between which the line
// changes by at least step, and tells whether it falls from the first to the second.
func (s *scanner) findTurns(p []float32, step float32) (falls bool) {
	s.turns = s.turns[:0]
	low, high, up := 0, 0, 0 // up: 1 rising since low, -1 falling since high, 0 not known
	for i := 1; i < len(p); i++ {
		v := p[i]
		switch {
		case up >= 0 && v > p[high]:
			high = i
		case up <= 0 && v < p[low]:
			low = i
		}
		switch {
		case up == 0 && p[high]-p[low] >= step:
			if up = 1; high < low {
				up = -1
			}
			falls = up == -1
			s.turns = append(s.turns, min(low, high))
		case up == 1 && p[high]-v >= step:
			s.turns = append(s.turns, high)
			up, low = -1, i
		case up == -1 && v-p[low] >= step:
			s.turns = append(s.turns, low)
			up, high = 1, i
		}
	}
	switch up {
	case 1:
		s.turns = append(s.turns, high)
	case -1:
		s.turns = append(s.turns, low)
	}
	return falls
}

// middle is where between the turns a and b half of the step is done, to a part of a pixel.
func middle(p []float32, a, b int) float32 {
	half, rising := (p[a]+p[b])/2, p[b] > p[a]
	for i := a; i < b; i++ {
		if next := p[i+1]; rising && next >= half || !rising && next <= half {
			return float32(i) + (half-p[i])/(next-p[i])
		}
	}
	return float32(b)
}

// steepest is where between the turns a and b the step is steepest, to a part of a pixel: under
// blur the middle of narrow bars moves, this does not.
func steepest(p []float32, a, b int) float32 {
	best, at := float32(-1), a
	for i := a; i < b; i++ {
		if d := abs(p[i+1] - p[i]); d > best {
			best, at = d, i
		}
	}
	var before, after float32
	if at > a {
		before = abs(p[at] - p[at-1])
	}
	if at+2 <= b {
		after = abs(p[at+2] - p[at+1])
	}
	x := float32(at) + 0.5
	if bend := before - 2*best + after; bend < 0 {
		x += (before - after) / (2 * bend)
	}
	return x
}

func abs(f float32) float32 { return max(f, -f) }
