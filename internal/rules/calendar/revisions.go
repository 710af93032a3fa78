package calendar

// Revisions are this calendar and what it was before each of its later years was known, by
// revision: a running story may be pinned to any of them, and must find it until it reads
// the inbox again and moves on to the newest. A year that [Calendar.WithYear] replaced is in
// all of them: whoever replaces years keeps the Revisions of before too.
func (c *Calendar) Revisions() map[string]*Calendar {
	all := map[string]*Calendar{c.revision: c}
	for n := 1; n < len(c.years); n++ {
		if c.years[n-1] == nil {
			continue
		}
		earlier := &Calendar{first: c.first, years: c.years[:n:n]}
		earlier.revision = earlier.name()
		all[earlier.revision] = earlier
	}
	return all
}
