// Package carrier decides which tracking service is asked about whose parcels, and when one
// may be called. The packages below it speak to one service each: its requests, its signature
// and its words, turned into the rows and milestones of the rules.
package carrier
