package main

import (
	"context"
	"log/slog"
	"time"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
	"parcelward/internal/rules"
)

// notifier keeps notices in the database and shows each once in the log. Chat and mail come
// with the console.
type notifier struct {
	db  *postgres.DB
	log *slog.Logger
}

// Notify implements port.Notifier.
func (n notifier) Notify(ctx context.Context, notice protocol.Notice) error {
	first, err := n.db.Told(ctx, notice)
	if err == nil && first {
		n.log.Info("notice", "kind", notice.Kind, "store", notice.Store, "order", notice.Order, "manager", notice.Manager,
			"due", notice.Due, "zh", notice.ZH, "en", notice.EN)
	}
	return err
}

// noTracker stands where no carrier is configured: nothing is heard but what is pushed.
type noTracker struct{}

// Trace implements port.Tracker.
func (noTracker) Trace(context.Context, protocol.Parcel, time.Time) ([]rules.Row, error) {
	return nil, nil
}
