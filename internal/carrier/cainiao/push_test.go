package cainiao_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parcelward/internal/carrier/cainiao"
	"parcelward/internal/port"
	"parcelward/internal/rules"
)

func TestReceive(t *testing.T) {
	t.Parallel()
	c := client(t, options(""))
	const content = `{"success":true,"module":[{"mailNo":"LP1","detailList":[{"timeStr":"2026-03-01 08:00:00","timeZone":"GMT-3","time":1772323200000,"actionCode":"GTMS_SIGNED"}]}]}`
	form := func(content, digest string) []byte {
		return []byte(url.Values{"logistics_interface": {content}, "data_digest": {digest}}.Encode())
	}
	pushed, err := c.Receive(nil, form(content, cainiao.Digest(content, "key123")))
	require.NoError(t, err)
	require.JSONEq(t, `{"success":true}`, string(pushed.Reply))
	require.Contains(t, pushed.ReplyType, "application/json")
	require.Len(t, pushed.Answers, 1)
	require.Equal(t, "LP1", pushed.Answers[0].Number)
	require.Equal(t, rules.Delivered, pushed.Answers[0].Rows[0].Milestone)
	require.Equal(t, "2026-03-01T11:00:00Z", pushed.Answers[0].Rows[0].At.Format("2006-01-02T15:04:05Z07:00"))

	for name, digest := range map[string]string{
		"another key":   cainiao.Digest(content, "key124"),
		"another text":  cainiao.Digest(content+" ", "key123"),
		"none":          "",
		"hexadecimal":   "b9f614eebbd7847637203c99832b7a48",
		"half":          cainiao.Digest(content, "key123")[:12],
		"in lower case": strings.ToLower(cainiao.Digest(content, "key123")),
	} {
		pushed, err := c.Receive(nil, form(content, digest))
		require.ErrorIs(t, err, port.ErrSignature, name)
		require.Empty(t, pushed.Answers, name)
		require.Contains(t, string(pushed.Reply), `"S02"`, name)
		require.NotContains(t, err.Error(), "key123")
	}
	for name, body := range map[string][]byte{
		"no form":       []byte(content),
		"no content":    []byte("data_digest=x"),
		"broken escape": []byte("logistics_interface=%zz"),
		"no trace":      form(`{"success":true}`, cainiao.Digest(`{"success":true}`, "key123")),
		"no JSON":       form(`<xml/>`, cainiao.Digest(`<xml/>`, "key123")),
	} {
		pushed, err := c.Receive(nil, body)
		require.ErrorIs(t, err, port.ErrRefused, name)
		require.Contains(t, string(pushed.Reply), `"success":false`, name)
	}
}

// Base64 holds plus signs, and not every sender escapes them.
func TestReceiveUnescapedDigest(t *testing.T) {
	t.Parallel()
	c := client(t, options(""))
	for i := range 100 {
		content := `{"mailNo":"LP` + strings.Repeat("1", i+1) + `","detailList":[]}`
		digest := cainiao.Digest(content, "key123")
		if !strings.Contains(digest, "+") {
			continue
		}
		_, err := c.Receive(nil, []byte("logistics_interface="+url.QueryEscape(content)+"&data_digest="+digest))
		require.NoError(t, err)
		return
	}
	t.Fatal("no digest with a plus sign")
}
