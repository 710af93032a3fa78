package protocol

import (
	"time"

	"parcelward/internal/rules"
)

// StatementInput starts a Statement workflow.
type StatementInput struct {
	Store string `json:"store"`
	Month string `json:"month,omitempty"` // such as 2026-03; empty: the one that is over
	Clock Clock  `json:"clock,omitzero"`
}

// StatementRequest asks for a month's statement to be made and kept.
type StatementRequest struct {
	Store string    `json:"store"`
	Month string    `json:"month,omitempty"` // empty: the one before Now
	Now   time.Time `json:"now"`             // virtual
}

// StatementResult is what was kept.
type StatementResult struct {
	Month       string `json:"month"`
	Serial      int    `json:"serial"` // from 1; a later one says something else
	SHA256      string `json:"sha256"` // of all that it says, as JSON
	Orders      int    `json:"orders"`
	Differences int    `json:"differences"`
	Changed     bool   `json:"changed,omitzero"` // an earlier one said something else
}

// HealthInput starts a Health workflow.
type HealthInput struct {
	Store string `json:"store"`
	Week  string `json:"week,omitempty"` // such as 2026-W10; empty: the one that is over
	Clock Clock  `json:"clock,omitzero"`
}

// HealthRequest asks for a store's health.
type HealthRequest struct {
	Store string    `json:"store"`
	Week  string    `json:"week,omitempty"` // empty: the one before Now
	Now   time.Time `json:"now"`            // virtual
}

// HealthResult is a store's health in a week.
type HealthResult = rules.Health
