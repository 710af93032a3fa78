package main

import (
	"context"
	"log/slog"

	"parcelward/internal/postgres"
	"parcelward/internal/protocol"
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
