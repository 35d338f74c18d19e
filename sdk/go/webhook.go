package visavis

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Further refusals of a webhook, besides ErrBadSignature and ErrStale.
var (
	ErrBadHeader = errors.New("bad_header") // id or timestamp is missing or malformed
	ErrBadBody   = errors.New("bad_body")   // rightly signed, and yet no event
)

// A full stop separates what is signed, so that an id with one in it could be read in two ways.
var messageID = regexp.MustCompile(`\A[\x21-\x2d\x2f-\x7e]{1,256}\z`)

// WebhookCheck says what a webhook must answer to.
type WebhookCheck struct {
	Secrets   []string      // of the endpoint, each whsec_ and Base64, two while rotating
	Tolerance time.Duration // both ways; 0: five minutes
	Now       time.Time     // the zero time: now
}

// VerifyWebhook returns the event once signature and time are right (Standard Webhooks 1.0). The body is
// the raw one, as nothing else is signed. A webhook may come twice: remember its webhook-id.
func VerifyWebhook(header http.Header, body []byte, check WebhookCheck) (map[string]any, error) {
	keys, err := webhookKeys(check.Secrets)
	if err != nil {
		return nil, err
	}
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	if !messageID.MatchString(id) || !unixSeconds.MatchString(timestamp) {
		return nil, ErrBadHeader
	}
	message := append([]byte(id+"."+timestamp+"."), body...)
	if !isSigned(message, header.Get("webhook-signature"), keys) {
		return nil, ErrBadSignature
	}
	if !isRecent(timestamp, check) {
		return nil, ErrStale
	}
	return readEvent(body)
}

func webhookKeys(secrets []string) ([][]byte, error) {
	if err := checkSecrets(secrets); err != nil {
		return nil, err
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 || !strings.HasPrefix(secret, "whsec_") {
			return nil, errors.New("secrets: each must be whsec_ followed by Base64")
		}
		keys[i] = key
	}
	return keys, nil
}

func isSigned(message []byte, header string, keys [][]byte) bool {
	isMatch := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write(message)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, part := range strings.Split(header, " ") { // all of them: time tells nothing
			isMatch = hmac.Equal(expected, []byte(part)) || isMatch
		}
	}
	return isMatch
}

func isRecent(timestamp string, check WebhookCheck) bool {
	now, tolerance := check.Now, check.Tolerance
	if now.IsZero() {
		now = time.Now()
	}
	if tolerance == 0 {
		tolerance = defaultMaxAge
	}
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	age, limit := now.Unix()-seconds, int64(tolerance.Seconds())
	return -limit <= age && age <= limit
}

func readEvent(body []byte) (map[string]any, error) {
	var event map[string]any
	if !utf8.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return nil, ErrBadBody
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, ErrBadBody
	}
	if _, isText := event["event"].(string); !isText {
		return nil, ErrBadBody
	}
	return event, nil
}
