package connect_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"parcelward/internal/devstack"
)

var stack *devstack.Stack

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "parcelward-connect")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // the system cleans its temporary folder
		stack, err = devstack.StartPostgres(context.Background(), devstack.Options{Dir: filepath.Join(dir, "stack")})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stack.Close() //nolint:errcheck // the tests have ended
	return m.Run()
}
