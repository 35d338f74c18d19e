package visavis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	redeemPath     = "/v1/verification/redeem-result-code"
	redeemTimeout  = 10 * time.Second
	maxAnswerBytes = 1_000_000
)

var visibleASCII = regexp.MustCompile(`\A[\x21-\x7e]+\z`)

// RedeemError says that the code was not redeemed; Status is 0 when there was no usable answer.
type RedeemError struct {
	Status int
	Detail string
}

func (e *RedeemError) Error() string { return fmt.Sprintf("%s (status %d)", e.Detail, e.Status) }

// An API key is not carried to wherever an answer points.
var client = &http.Client{
	Timeout:       redeemTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// RedeemResultCode trades the single-use code of a verified result for the result itself. The result
// comes from VerifyResult with AnyAge and AnyNonce, as a code travels without either: compare the
// answer's "nonce" with the visitor's by CompareNonce.
func RedeemResultCode(ctx context.Context, baseURL, apiKey string, result *Result) (map[string]any, error) {
	if err := checkAddress(baseURL, apiKey); err != nil {
		return nil, err
	}
	if result == nil || result.ResultCode() == "" || result.SessionID() == "" {
		return nil, errors.New("result: holds no result code")
	}
	wish, _ := json.Marshal(map[string]string{
		"verificationSessionId": result.SessionID(), "resultCode": result.ResultCode(),
	})
	answer, err := post(ctx, strings.TrimRight(baseURL, "/")+redeemPath, apiKey, wish)
	if err != nil {
		return nil, err
	}
	if answer["verificationSessionId"] != result.SessionID() {
		return nil, &RedeemError{http.StatusOK, "the answer is about another session"}
	}
	return answer, nil
}

// CompareNonce returns ErrNonceMismatch unless a redeemed answer belongs to the visitor's link.
func CompareNonce(answer map[string]any, expected string) error {
	nonce, _ := answer["nonce"].(string)
	return compareNonce(nonce, expected)
}

func checkAddress(baseURL, apiKey string) error {
	parts, err := url.Parse(baseURL)
	if err != nil {
		return fmt.Errorf("baseURL: %w", err)
	}
	host := parts.Hostname()
	isLoopback := host == "localhost" || host == "127.0.0.1" || host == "::1"
	if parts.Scheme != "https" && !(parts.Scheme == "http" && isLoopback) {
		return errors.New("baseURL: must begin with https://, as an API key travels with it")
	}
	if !visibleASCII.MatchString(apiKey) {
		return errors.New("apiKey: must be visible ASCII")
	}
	return nil
}

func post(ctx context.Context, address, apiKey string, wish []byte) (map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(wish))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "ApiKey "+apiKey)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, &RedeemError{0, "no answer"}
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, &RedeemError{response.StatusCode, "the service refused"}
	}
	var answer map[string]any
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil || json.Unmarshal(body, &answer) != nil || answer == nil {
		return nil, &RedeemError{0, "no usable answer"}
	}
	return answer, nil
}
