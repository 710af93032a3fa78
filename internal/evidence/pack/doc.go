// Package pack lays out the papers of one filing: a PDF (a letter in Chinese and English side by
// side, the trace, the list of evidence, the originals' pictures) and a ZIP (that PDF, the
// originals unaltered, a manifest of hashes).
//
// Invariants: the same pack gives the same bytes, whenever and wherever it is written; no
// character of what it is given vanishes (what the font lacks stands as its code, such as [U+1F600]); an original
// whose bytes are not those of its hash stops the pack with [ErrChanged]; one that cannot be shown
// gets a labelled place and does not stop it; names in the archive are made here, never taken from
// an uploader; one original's picture is in memory at a time. All words come from
// internal/rules/wording: rules decide, this package only lays out.
package pack
