package kdniao

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// quotaWait is how long to wait once the day's quota is used up: when the service's day
// begins is not documented.
const quotaWait = time.Hour

// The service's result codes.
const (
	codeOK            = "100"
	codeMissing       = "101" // a parameter
	codeSignature     = "102"
	codeFormat        = "103"
	codeAccount       = "104"
	codeOther         = "105"
	codeRequestData   = "401" // is malformed
	codeNoNumber      = "402"
	codeSpecialLetter = "403" // in the number
	codeNumberLength  = "404"
	codeQuota         = "405" // of the day
)

// failure is what went wrong: with this number alone, or with the whole call; both nil: nothing.
func (s *snapshot) failure(call string) (number, whole error) {
	if s.ok() {
		return nil, nil
	}
	said := strings.TrimSpace(wire.Short(s.resultCode() + " " + string(s.Reason)))
	switch s.resultCode() {
	case codeOK:
		return nil, nil
	case codeSignature, codeAccount:
		return nil, fmt.Errorf("%s: the account or its key: %s: %w", call, said, port.ErrRefused)
	case codeQuota:
		return nil, &port.UnavailableError{Call: call, Status: http.StatusOK, After: quotaWait, Detail: said}
	case codeMissing, codeFormat, codeRequestData, codeNoNumber, codeSpecialLetter, codeNumberLength:
		return fmt.Errorf("%s: %s: %w", call, said, port.ErrRefused), nil
	}
	switch reason := string(s.Reason); {
	case has(reason, "暂无", "无轨迹", "没有轨迹", "查无"), has(reason, "重复订阅", "已订阅", "已经订阅"):
		return nil, nil
	}
	// 105, another code or none: nothing says that it concerns more than this number.
	return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: said}, nil
}

// resultCode is the code of a failure; empty where the answer bears none that can be told.
func (s *snapshot) resultCode() string {
	for _, code := range []string{string(s.ResultCode), string(s.Code)} {
		if code != "" {
			return code
		}
	}
	reason := strings.TrimLeft(string(s.Reason), " [【(（")
	digits := reason[:len(reason)-len(strings.TrimLeft(reason, "0123456789"))]
	switch digits {
	case codeMissing, codeSignature, codeFormat, codeAccount, codeOther, codeRequestData, codeNoNumber,
		codeSpecialLetter, codeNumberLength, codeQuota:
		return digits
	}
	switch {
	case has(reason, "验签", "签名", "DataSign"):
		return codeSignature
	case has(reason, "次数"):
		return codeQuota
	}
	return ""
}
