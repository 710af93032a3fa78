package devstack

// Alive tells whether a process runs; a zombie, which waits for its parent only, does not.
func Alive(pid int) bool {
	_, alive := startTime(pid)
	return alive
}
