package visavis

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"
)

type vector struct {
	Name, Kind, Why, Outcome, VerificationID, Secret, Query, Canonical, Signature string
	Secrets                                                                       []string
	ExpectedNonce, Nonce, ExternalID                                              *string
	MaxAge, ExpiresIn                                                             *int64
	Now, Tolerance                                                                int64
	BaseURL, URL, Body                                                            string
	Parameters                                                                    [][2]string
	Headers                                                                       map[string]string
}

func vectors(t *testing.T, file string) []vector {
	t.Helper()
	text, err := os.ReadFile("../vectors/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var read []vector
	if err := json.Unmarshal(text, &read); err != nil || len(read) == 0 {
		t.Fatal(file, err)
	}
	return read
}

func TestSignatures(t *testing.T) {
	for _, v := range vectors(t, "signatures") {
		t.Run(v.Name, func(t *testing.T) {
			pairs, err := parse(v.Query)
			if err != nil || canonical(pairs) != v.Canonical {
				t.Fatal(canonical(pairs), err)
			}
			if signature := sign(v.Secret, v.Kind, v.VerificationID, pairs); signature != v.Signature {
				t.Error(signature)
			}
		})
	}
}

func seconds(given *int64) time.Duration { return time.Duration(*given) * time.Second }

func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	return err.Error()
}

func TestResults(t *testing.T) {
	for _, v := range vectors(t, "refusals") {
		if v.Kind != "result" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			check := Check{VerificationID: v.VerificationID, Secrets: v.Secrets, Now: time.Unix(v.Now, 0)}
			if check.AnyNonce = v.ExpectedNonce == nil; !check.AnyNonce {
				check.Nonce = *v.ExpectedNonce
			}
			if check.AnyAge = v.MaxAge == nil; !check.AnyAge {
				check.MaxAge = seconds(v.MaxAge)
			}
			result, err := VerifyResult(v.Query, check)
			if outcome(err) != v.Outcome || (result == nil) != (err != nil) {
				t.Error(outcome(err), v.Why)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	for _, v := range vectors(t, "refusals") {
		// An empty text is Go's way to say "none", so these two cannot be asked for.
		if v.Kind != "link" || v.Name == "an empty external id" || v.Name == "an empty nonce" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			url, err := signVector(v)
			if (err == nil) != (v.Outcome == "accepted") || url != v.URL {
				t.Error(url, err, v.Why)
			}
		})
	}
}

func signVector(v vector) (string, error) {
	link, err := NewLink(v.BaseURL, v.VerificationID, v.Secret)
	if err != nil {
		return "", err
	}
	request := Request{Now: time.Unix(v.Now, 0), ForEver: v.ExpiresIn == nil}
	if v.ExpiresIn != nil {
		request.Expires = seconds(v.ExpiresIn)
	}
	if v.ExternalID != nil {
		request.ExternalID = *v.ExternalID
	}
	if v.Nonce != nil {
		request.Nonce = *v.Nonce
	}
	for _, pair := range v.Parameters {
		request.Parameters = append(request.Parameters, Param{pair[0], pair[1]})
	}
	return link.Sign(request)
}

func TestWebhooks(t *testing.T) {
	for _, v := range vectors(t, "webhooks") {
		t.Run(v.Name, func(t *testing.T) {
			header := http.Header{}
			for name, value := range v.Headers {
				header.Set(name, value)
			}
			check := WebhookCheck{v.Secrets, time.Duration(v.Tolerance) * time.Second, time.Unix(v.Now, 0)}
			if _, err := VerifyWebhook(header, []byte(v.Body), check); outcome(err) != v.Outcome {
				t.Error(outcome(err), v.Why)
			}
		})
	}
}
