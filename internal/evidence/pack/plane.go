package pack

// plane is one component of a picture, 8 bits a sample.
type plane struct {
	w, h, stride int
	pix          []byte
}

func newPlane(w, h int) plane { return plane{w, h, w, make([]byte, w*h)} }

// weight says what part of a sample a smaller one takes: parts of 1<<16 sum up to it.
type weight struct {
	from  int
	parts []uint32
}

// weights divides from samples evenly among to, to <= from or a little more: whole numbers only,
// so that every machine gets the same picture.
func weights(from, to int) []weight {
	all := make([]weight, to)
	for i := range all {
		// In units of 1/to of a source sample, target i covers [i*from, (i+1)*from).
		begin, end := i*from, (i+1)*from
		w := weight{from: begin / to}
		var sum uint32
		for s := w.from; s*to < end; s++ {
			part := uint32((min(end, (s+1)*to) - max(begin, s*to)) << 16 / from) //nolint:gosec // at most 1<<16
			w.parts = append(w.parts, part)
			sum += part
		}
		w.parts[0] += 1<<16 - sum // what rounding down lost
		all[i] = w
	}
	return all
}

// scaled makes a plane smaller, each sample the mean of the area that it covers.
func (p plane) scaled(w, h int) plane {
	if w == p.w && h == p.h {
		return p
	}
	out := newPlane(w, h)
	across := weights(p.w, w)
	sums, line := make([]uint64, w), make([]uint32, w)
	lastRow := -1
	for y, down := range weights(p.h, h) {
		clear(sums)
		for i, part := range down.parts {
			row := down.from + i
			if row != lastRow { // two targets may share a row
				p.squeeze(row, across, line)
				lastRow = row
			}
			for x, v := range line {
				sums[x] += uint64(v) * uint64(part)
			}
		}
		target := out.pix[y*w : (y+1)*w]
		for x, sum := range sums {
			target[x] = byte((sum + 1<<31) >> 32) //nolint:gosec // a mean of bytes
		}
	}
	return out
}

// squeeze makes one row narrower; line holds samples times 1<<16.
func (p plane) squeeze(row int, across []weight, line []uint32) {
	source := p.pix[row*p.stride : row*p.stride+p.w]
	for x := range across {
		var sum uint32
		w := &across[x]
		from := source[w.from : w.from+len(w.parts)]
		for i, part := range w.parts {
			sum += uint32(from[i]) * part
		}
		line[x] = sum
	}
}

// turned brings a plane upright from an EXIF orientation.
func (p plane) turned(orientation int) plane {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.w, p.h
	if orientation >= 5 {
		w, h = h, w
	}
	out := newPlane(w, h)
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = p.w - 1 - x
			case 3:
				sx, sy = p.w-1-x, p.h-1-y
			case 4:
				sy = p.h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, p.h-1-x
			case 7:
				sx, sy = p.w-1-y, p.h-1-x
			case 8:
				sx, sy = p.w-1-y, x
			}
			out.pix[y*w+x] = p.pix[sy*p.stride+sx]
		}
	}
	return out
}
