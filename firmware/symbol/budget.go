package symbol

// Budget bounds one Read in units of work, which a slow processor does not change. What is at
// zero is not done; the zero Budget reads nothing.
type Budget struct {
	Layers     int // pictures searched: the first is the frame, the others are made from it while nothing is read
	Pixels     int // pixels put through the threshold, over all layers
	Candidates int // places along a row that are looked at as finder patterns
	Triples    int // choices of three finder patterns
	Grids      int // grids laid over the picture and sampled
	Decodes    int // grids handed to error correction
	Modules    int // sampled, and sorted in each of the ways tried, over all grids: version 40 has seventy times those of version 1
}

// Glance is for every frame of a camera: the picture as it is.
func Glance() Budget {
	return Budget{Layers: 1, Pixels: MaxPixels, Candidates: 8192, Triples: 20_000, Grids: 40, Decodes: 24, Modules: 300_000}
}

// Thorough is for a picture that somebody waits for, and for a frame in which a glance saw
// something.
func Thorough() Budget {
	return Budget{Layers: maxLayers, Pixels: 2 * MaxPixels, Candidates: 20_000, Triples: 60_000, Grids: 160, Decodes: 60, Modules: 1_000_000}
}
