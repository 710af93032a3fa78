package action_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao/action"
	"parcelward/internal/rules"
)

// The whole table, as people review it.
func TestTable(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for _, code := range action.Codes() {
		m, known := action.Milestone(code)
		require.True(t, known, code)
		require.Contains(t, rules.Milestones(), m, code)
		fmt.Fprintf(&table, "%s %s\n", code, m)
	}
	golden, err := os.ReadFile("testdata/table.txt")
	require.NoError(t, err)
	require.Equal(t, string(golden), table.String())
	require.True(t, slices.IsSorted(action.Codes()))
	require.Len(t, slices.Compact(action.Codes()), len(action.Codes()), "no code twice")
}

// Alibaba's published list.
func TestEveryPublishedCodeIsKnown(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../../../shared/data/aliexpress_api/cainiao_action_codes.csv")
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") != "" {
			t.Fatal("the shared test data is not here")
		}
		t.Skip("the shared test data is not here")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 116)
	for _, row := range rows[1:] {
		_, known := action.Milestone(row[0])
		require.True(t, known, "%s %s", row[0], row[1])
	}
}

// apis.md 3.4 names these beside the published list.
func TestEveryObservedCodeIsKnown(t *testing.T) {
	t.Parallel()
	for code := range strings.FieldsSeq(`LAST_MILE_ASN_NOTIFY PRE_READY_TO_SHIP PU_PRE_PICKUP_SUCCESS CW_INBOUND CW_OUTBOUND
		TD_TRANS_ARRIVE_C TD_TRANS_DEPART_C TD_TRANS_ARRIVE_DCP TD_TRANS_DEPART_DCP GSTA_INFORM_BUYER
		COMMON_INTRANSIT COMMON_ACCEPT COMMON_DEPART COMMON_SIGNED EXCEPTION LH_BIGBAG_SHELVE`) {
		_, known := action.Milestone(code)
		require.True(t, known, code)
	}
}

func TestMilestone(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]rules.Milestone{
		"gtms_signed":        rules.Delivered,
		" GTMS  STA SIGNED ": rules.AvailableForPickup,
	} {
		m, known := action.Milestone(code)
		require.True(t, known, code)
		require.Equal(t, want, m, code)
	}
	for _, code := range []string{"", "NEVER_SEEN", "GTMS", "GTMS_SIGNED_", "ＧＴＭＳ＿ＳＩＧＮＥＤ"} {
		m, known := action.Milestone(code)
		require.False(t, known, code)
		require.Equal(t, rules.InTransit, m, code)
	}
}
