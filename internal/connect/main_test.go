package connect_test

import (
	"testing"

	"parcelward/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }
