package inspect

import (
	"fmt"
	"math"
	"strings"
)

// patterns are the widths, in modules, of Code 128's symbols: bar, space, bar, space, bar,
// space, beginning with a bar (ISO/IEC 15417, table 1). The stop has one bar more.
const patterns = "212222222122222221121223121322131222122213122312132212221213" +
	"221312231212112232122132122231113222123122123221223211221132" +
	"221231213212223112312131311222321122321221312212322112322211" +
	"212123212321232121111323131123131321112313132113132311211313" +
	"231113231311112133112331132131113123113321133121313121211331" +
	"231131213113213311213131311123311321331121312113312311332111" +
	"314111221411431111111224111422121124121421141122141221112214" +
	"112412122114122411142112142211241211221114413111241112134111" +
	"111242121142121241114212124112124211411212421112421211212141" +
	"214121412121111143111341131141114113114311411113411311113141" +
	"114131311141411131211412211214211232"

const stopPattern = "2331112"

// The symbols that are no characters.
const (
	symFNC3   = 96
	symFNC2   = 97
	symShift  = 98
	symCodeC  = 99
	symCodeB  = 100 // in sets A and C; FNC4 in set B
	symCodeA  = 101 // in sets B and C; FNC4 in set A
	symFNC1   = 102
	symStartA = 103
	symStartC = 105
)

const (
	elements = 6    // of a symbol
	modules  = 11.0 // of a symbol
	// maxOff is how far a width from an edge to the next edge of the same direction may be from
	// its pattern's, in modules: at 0.5 two patterns would meet.
	maxOff = 0.46
	// maxDrift is by how much a symbol's width may differ from its neighbour's: tilt and
	// curved parcels change it slowly.
	maxDrift = 0.22
	// quietModules is the least white beside a code that is taken for its quiet zone. The
	// standard wants 10; labels are cut short.
	quietModules = 4.0
	// minSymbols and maxSymbols are the characters between start and check symbol.
	minSymbols, maxSymbols = 2, 80
)

// profile is one symbol as its edges show it.
type profile struct {
	like [4]float32 // from an edge to the next of its direction: blur and ink spread leave them alone
	bars float32    // the bars together
	each [elements]float32
}

// symbolTable holds the profiles of the symbols and of the stop's first six elements.
type symbolTable [len(patterns)/elements + 1]profile

func newSymbolTable() *symbolTable {
	var t symbolTable
	for i := range t {
		widths := stopPattern[:elements]
		if at := i * elements; at < len(patterns) {
			widths = patterns[at : at+elements]
		}
		var edges [elements + 1]float32
		for j := range elements {
			edges[j+1] = edges[j] + float32(widths[j]-'0')
		}
		t[i] = profileOf(edges[:], 1)
	}
	return &t
}

// profileOf takes the edges that bound six elements. sign is -1 where the line is read backwards.
func profileOf(edges []float32, sign float32) profile {
	total := sign * (edges[elements] - edges[0])
	scale := sign * float32(modules) / total
	var p profile
	for i := range p.each {
		p.each[i] = (edges[i+1] - edges[i]) * scale
	}
	for i := range p.like {
		p.like[i] = p.each[i] + p.each[i+1]
	}
	p.bars = p.each[0] + p.each[2] + p.each[4]
	return p
}

// distance is how unlike two profiles are; infinite when they cannot be the same symbol.
func (p *profile) distance(q *profile, gain float32) float32 {
	var d float32
	for i := range p.like {
		off := p.like[i] - q.like[i]
		if off > maxOff || off < -maxOff {
			return math.MaxFloat32
		}
		d += off * off
	}
	for i := range p.each {
		off := p.each[i] - q.each[i] - gain
		gain = -gain
		d += 0.15 * off * off
	}
	if off := p.bars - q.bars - 3*gain; off > 1.7 || off < -1.7 {
		return math.MaxFloat32
	}
	return d
}

// match finds the symbol that the edges show, and whether it is beyond doubt.
func (t *symbolTable) match(p *profile, gain float32, from, to int) (int, bool) {
	best, second, symbol := float32(math.MaxFloat32), float32(math.MaxFloat32), -1
	for i := from; i < to; i++ {
		switch d := p.distance(&t[i], gain); {
		case d < best:
			best, second, symbol = d, best, i
		case d < second:
			second = d
		}
	}
	return symbol, symbol >= 0 && second > best*1.6+0.04
}

// line128 is a code that one scan line shows.
type line128 struct {
	text     string
	from, to float32 // where along the line
	symbols  int
}

// read finds the codes along a line of edges. edges alternate in direction; the first bar
// begins at an edge of even index plus first. backwards reads from the far end.
func (t *symbolTable) read(edges []float32, firstBar int, found func(line128)) {
	for i := firstBar; i+2*elements < len(edges); i += 2 {
		if code, end, ok := t.from(edges, i, 1); ok {
			found(code)
			i = end - 1 // a bar ends there: the next one begins an edge later
			if (i-firstBar)%2 != 0 {
				i--
			}
		}
	}
	// Read backwards, a bar begins where, read forwards, it ends.
	for i := firstBar + 1; i < len(edges); i += 2 {
		if code, _, ok := t.from(edges, i, -1); ok {
			found(code)
		}
	}
}

// window copies the edges of n elements from i on, in reading direction.
func window(edges []float32, i, step, n int, into []float32) bool {
	if last := i + step*n; last < 0 || last >= len(edges) {
		return false
	}
	for j := 0; j <= n; j++ {
		into[j] = edges[i+step*j]
	}
	return true
}

// from reads one code whose first bar begins at edge i.
func (t *symbolTable) from(edges []float32, i, step int) (line128, int, bool) {
	sign := float32(step)
	var w [elements + 2]float32
	if !window(edges, i, step, elements, w[:]) {
		return line128{}, 0, false
	}
	width := sign * (w[elements] - w[0])
	if !quiet(edges, i, -step, width/modules) { // the cheapest question ends nearly all tries
		return line128{}, 0, false
	}
	p := profileOf(w[:], sign)
	start, sure := t.match(&p, 0, symStartA, symStartC+1)
	if !sure {
		return line128{}, 0, false
	}
	gain := (p.bars - t[start].bars) / 3
	var values []int
	for at := i + step*elements; ; at += step * elements {
		if !window(edges, at, step, elements, w[:]) {
			return line128{}, 0, false
		}
		next := sign * (w[elements] - w[0])
		if drift := next/width - 1; drift > maxDrift || drift < -maxDrift {
			return line128{}, 0, false
		}
		width = next
		p = profileOf(w[:], sign)
		symbol, sure := t.match(&p, gain, 0, len(t))
		if !sure || symbol >= symStartA && symbol <= symStartC || len(values) > maxSymbols {
			return line128{}, 0, false
		}
		if symbol < symStartA {
			values = append(values, symbol)
			gain += ((p.bars-t[symbol].bars)/3 - gain) / 4
			continue
		}
		// The stop: its seventh element is a bar of two modules, then white.
		if !window(edges, at, step, elements+1, w[:]) {
			return line128{}, 0, false
		}
		last := sign * (w[elements+1] - w[elements]) * modules / width
		end := at + step*(elements+1)
		if last < 0.9 || last > 3.2 || !quiet(edges, end, step, width/modules) {
			return line128{}, 0, false
		}
		text, ok := text128(start, values)
		a, b := edges[i], edges[end]
		return line128{text, min(a, b), max(a, b), len(values)}, end, ok
	}
}

// quiet tells whether there is no edge beyond i for a quiet zone.
func quiet(edges []float32, i, step int, module float32) bool {
	next := i + step
	if next < 0 || next >= len(edges) {
		return true
	}
	return float32(step)*(edges[next]-edges[i]) >= quietModules*module
}

// text128 checks the check symbol, the last of values, and turns the others into text. FNC1
// leaves no trace: numbers are printed without it. FNC4 makes Latin-1 letters.
func text128(start int, values []int) (string, bool) {
	if len(values) <= minSymbols {
		return "", false
	}
	data := values[:len(values)-1]
	sum := start
	for i, v := range data {
		sum += (i + 1) * v
	}
	if sum%103 != values[len(data)] {
		return "", false
	}
	var text strings.Builder
	set := start - symStartA // 0, 1, 2: A, B, C
	shifted, upper, latched := false, false, false
	for _, v := range data {
		now := set
		if shifted {
			now, shifted = 1-set, false
		}
		switch {
		case now == 2 && v < symCodeB:
			fmt.Fprintf(&text, "%02d", v)
		case v == symFNC1:
		case v == symCodeA && now == 0, v == symCodeB && now == 1: // FNC4; twice: until the next two
			if upper {
				upper, latched = false, !latched
			} else {
				upper = true
			}
		case v == symCodeA:
			set = 0
		case v == symCodeB:
			set = 1
		case v == symCodeC:
			set = 2
		case v == symShift:
			shifted = true
		case v == symFNC2 || v == symFNC3:
		default:
			char := v + ' '
			if now == 0 && v >= 64 {
				char = v - 64
			}
			if upper != latched {
				char += 128
			}
			upper = false
			text.WriteRune(rune(char)) //nolint:gosec // at most 255
		}
	}
	return text.String(), text.Len() > 0
}
