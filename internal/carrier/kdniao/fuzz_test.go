package kdniao_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/kdniao"
	"parcelward/internal/rules"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		documented, nothing, string(push("102", documented, "x")), string(push("107", "{}", "")), "{}", "", "RequestData=%",
		`{"Success":false,"ResultCode":"405","Reason":"超出查询次数限制"}`,
		`{"Timezone":"+","Traces":[null,{"AcceptTime":20260301,"Action":304,"AcceptStation":"签收人：由 由代收"}]}`,
		`{"Data":[],"Traces":[{"AcceptTime":"9999-12-31T23:59:59-14:00","Action":"3","AcceptStation":"签收人 签收人:"}]}`,
	} {
		f.Add([]byte(seed))
	}
	if _, err := os.Stat(filepath.Join(shared, "timelines.jsonl")); err == nil {
		for _, file := range []string{"timelines.jsonl", "labelled_status_cases.jsonl"} {
			for _, rows := range recorded(f, file) {
				raw, err := json.Marshal(object{"LogisticCode": "X", "Success": true, "State": "3", "Traces": rows})
				require.NoError(f, err)
				f.Add(raw)
			}
		}
	}
	known := map[rules.Milestone]bool{}
	for _, m := range rules.Milestones() {
		known[m] = true
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		answers, err := kdniao.Parse(raw)
		if err != nil {
			require.Empty(t, answers)
			return
		}
		rows := 0
		for _, a := range answers {
			rows += len(a.Rows) + len(a.Unplaced)
			for i, r := range a.Rows {
				require.False(t, r.At.IsZero())
				require.True(t, i == 0 || !r.At.Before(a.Rows[i-1].At), "sorted")
				require.True(t, known[r.Milestone], r.Milestone)
			}
			for _, r := range a.Unplaced {
				require.True(t, r.At.IsZero())
				require.True(t, known[r.Milestone], r.Milestone)
			}
			_, err := json.Marshal(rules.TrackingUpdated{TrackingNumber: a.Number, Rows: a.Rows})
			require.NoError(t, err)
		}
		told, distinct := count(raw)
		require.LessOrEqual(t, rows, told)
		require.GreaterOrEqual(t, rows, distinct, "a row is lost")
	})
}

// count counts the rows of a body, and the descriptions among them that differ: rows that
// differ in these are no repeats.
func count(raw []byte) (told, distinct int) {
	type waybill struct {
		Traces []struct{ AcceptStation, Remark any }
	}
	var body struct {
		waybill

		Data []waybill
	}
	if json.Unmarshal(raw, &body) != nil {
		form, err := url.ParseQuery(strings.TrimSpace(string(raw)))
		if err != nil || form.Get("RequestType") == "107" || json.Unmarshal([]byte(form.Get("RequestData")), &body) != nil {
			return 0, 0
		}
	}
	for _, w := range append(body.Data, body.waybill) {
		told += len(w.Traces)
		seen := map[string]bool{}
		for _, r := range w.Traces {
			if text, ok := r.AcceptStation.(string); ok && r.Remark == nil {
				seen[strings.TrimSpace(text)] = true
			}
		}
		distinct += len(seen)
	}
	return told, distinct
}
