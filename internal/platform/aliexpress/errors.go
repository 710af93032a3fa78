package aliexpress

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"parcelward/internal/port"
	"parcelward/internal/wire"
)

// APIError is the platform's no to a call. It wraps [port.ErrRefused].
type APIError struct {
	Call    string // service and method
	Code    string // code, or the sub-code where there is one
	Message string // the platform's reason, shortened
	Request string // the platform's request ID, for its support
}

// Error implements error.
func (e *APIError) Error() string {
	return fmt.Sprintf("%s: %s %s (request %s): %v", e.Call, e.Code, e.Message, e.Request, port.ErrRefused)
}

// Unwrap is [port.ErrRefused].
func (e *APIError) Unwrap() error { return port.ErrRefused }

// TokenError says that a store has no token that the platform takes, and that none can be had
// without a person: the seller must authorise the app again. It wraps [port.ErrUnauthorised]
// and [port.ErrRefused].
type TokenError struct {
	Store  string
	Code   string // the platform's, such as IllegalAccessToken; empty: it was not asked
	Detail string // holds no token
}

// Error implements error.
func (e *TokenError) Error() string {
	return fmt.Sprintf("store %s must authorise the app again: %s %s: %v", e.Store, e.Code, e.Detail, port.ErrRefused)
}

// Unwrap is [port.ErrUnauthorised] and [port.ErrRefused].
func (e *TokenError) Unwrap() []error { return []error{port.ErrUnauthorised, port.ErrRefused} }

// aboutToken tells whether the platform's code is about the token. Only IllegalAccessToken is known from life; 26, 27
// and the sub-codes are the older gateway's.
func aboutToken(code, sub string) bool {
	switch code {
	case "IllegalAccessToken", "IllegalRefreshToken", "InvalidAccessToken", "InvalidRefreshToken",
		"AccessTokenExpired", "RefreshTokenExpired", "MissingAccessToken", "26", "27":
		return true
	}
	return strings.Contains(sub, "sessionkey") || strings.Contains(sub, "access-token") || strings.Contains(sub, "session-expired")
}

// aboutLimits tells whether the code is about how often we call.
func aboutLimits(code, sub string) bool {
	switch code {
	case "7", "ApiCallLimit", "ApiCallLimits", "AppCallLimit", "AppCallLimits":
		return true
	}
	return strings.HasPrefix(sub, "accesscontrol.limited-by") || sub == "isp.call-limited"
}

// aboutPlatform tells whether the code is about the platform's own trouble. Code 15 is a remote service's error, whose
// sub-code says whose fault it is: isp. the service's, isv. ours.
func aboutPlatform(code, sub, kind string) bool {
	switch code {
	case "ServiceTimeout", "ServiceUnavailable", "UnknownRuntimeException", "InternalError", "SystemError", "10":
		return true
	case "15":
		return !strings.HasPrefix(sub, "isv.")
	}
	return strings.HasPrefix(sub, "isp.") || kind == "SYSTEM" || kind == "ISP"
}

var banLasts = regexp.MustCompile(`ban will last (?:for )?(\d{1,6})`)

// explain turns a no into the error that says whether a repeat helps.
func (f *failure) explain(call, store string, now time.Time) error {
	code, sub, text := string(f.Code), string(f.SubCode), reason(f.SubMsg, f.Msg, f.Message)
	shown := code
	if sub != "" {
		shown = sub
	}
	switch {
	case aboutToken(code, sub):
		return &TokenError{Store: store, Code: shown, Detail: text}
	case aboutLimits(code, sub):
		return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: shown + " " + text, After: ban(code, sub, text, now)}
	case aboutPlatform(code, sub, string(f.Type)):
		return &port.UnavailableError{Call: call, Status: http.StatusOK, Detail: shown + " " + text}
	}
	return &APIError{Call: call, Code: shown, Message: text, Request: wire.Short(string(f.RequestID))}
}

// ban is how long calls are refused: the seconds that the platform tells, and until 24:00 in
// Beijing where the app's calls of the day are used up.
func ban(code, sub, text string, now time.Time) time.Duration {
	told := banLasts.FindStringSubmatch(text)
	if sub == "accesscontrol.limited-by-app-access-count" || told == nil && strings.HasPrefix(code, "AppCallLimit") {
		y, m, d := now.In(wire.Beijing()).Date()
		return time.Date(y, m, d+1, 0, 0, 0, 0, wire.Beijing()).Sub(now)
	}
	if told == nil {
		return time.Second
	}
	seconds, _ := strconv.Atoi(told[1]) // six digits
	return time.Duration(seconds+1) * time.Second
}

// reason is the first text that says something.
func reason(texts ...wire.Text) string {
	for _, t := range texts {
		if t != "" {
			return wire.Short(string(t))
		}
	}
	return "no reason given"
}
