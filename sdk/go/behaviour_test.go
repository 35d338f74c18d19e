package visavis

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	id      = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	session = "9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60"
	secret  = "the signing secret of the project"
)

func code(t *testing.T) *Result {
	t.Helper()
	pairs := []Param{{"reVerificationSessionId", session}, {"reResultCode", "q1w2"}}
	query := join(append(pairs, Param{signatureName, sign(secret, "result", id, pairs)}))
	check := Check{VerificationID: id, Secrets: []string{secret}, AnyAge: true, AnyNonce: true}
	result, err := VerifyResult(query, check)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestACodeIsNoPass(t *testing.T) {
	if code(t).Passed() || code(t).ResultCode() != "q1w2" {
		t.Error("a code must be redeemed")
	}
}

func TestTheZeroResultPassedNothing(t *testing.T) {
	if (&Result{}).Passed() {
		t.Error("nothing was verified")
	}
}

func TestAResultCannotBeChanged(t *testing.T) {
	result := code(t)
	result.Parameters()[0] = Param{"reVerificationResult", "passed"}
	if result.Passed() {
		t.Error("the parameters must be a copy")
	}
}

func TestTheZeroCheckRefuses(t *testing.T) {
	if _, err := VerifyResult("", Check{}); err == nil {
		t.Error("no verification, no secret")
	}
	for _, secrets := range [][]string{nil, {""}, {secret, ""}} {
		if _, err := VerifyResult("", Check{VerificationID: id, Secrets: secrets}); err == nil {
			t.Error(secrets)
		}
	}
}

func TestALinkHasItsOwnNonceAndHidesTheSecret(t *testing.T) {
	link, _ := NewLink("https://verify.example", id, secret)
	one, _ := link.Sign(Request{})
	other, _ := link.Sign(Request{})
	if one == other || !strings.Contains(one, "&reNonce=") {
		t.Error(one)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", link, link, link, link); strings.Contains(text, secret) {
		t.Error(text)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	link, _ := NewLink("https://verify.example", id, secret)
	for _, text := range []string{"\xff", "\xed\xa0\x80", "\xc0\xaf"} {
		for _, request := range []Request{{ExternalID: text}, {Parameters: []Param{{"a", text}}}, {Parameters: []Param{{text, "a"}}}} {
			if _, err := link.Sign(request); err == nil {
				t.Error(request)
			}
		}
	}
}

func TestACodeIsRedeemedWithTheAPIKey(t *testing.T) {
	status, answer := http.StatusOK, `{"verificationSessionId": "`+session+`", "nonce": "a"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != redeemPath || r.Header.Get("Authorization") != "ApiKey key-1" {
			t.Error(r.URL, r.Header)
		}
		w.Header().Set("Location", "https://evil.example/")
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	redeemed, err := RedeemResultCode(context.Background(), server.URL, "key-1", code(t))
	if err != nil || CompareNonce(redeemed, "a") != nil {
		t.Fatal(redeemed, err)
	}
	if CompareNonce(redeemed, "b") == nil || CompareNonce(redeemed, "") == nil {
		t.Error("the answer to another link")
	}
	for _, status = range []int{302, 401, 410, 500} {
		if _, err = RedeemResultCode(context.Background(), server.URL, "key-1", code(t)); err == nil {
			t.Error(status)
		}
	}
	status = http.StatusOK
	for _, answer = range []string{"", "[]", "null", "{", `{"verificationSessionId": "x"}`} {
		if _, err = RedeemResultCode(context.Background(), server.URL, "key-1", code(t)); err == nil {
			t.Error(answer)
		}
	}
}

func TestAnAPIKeyTravelsOverHTTPSOnly(t *testing.T) {
	for _, address := range []string{"http://verify.example", "http://localhost.evil.example", "ftp://a", ":"} {
		if _, err := RedeemResultCode(context.Background(), address, "key-1", code(t)); err == nil {
			t.Error(address)
		}
	}
	if _, err := RedeemResultCode(context.Background(), "https://a.example", "key\r\nX: y", code(t)); err == nil {
		t.Error("an API key is one line")
	}
}
