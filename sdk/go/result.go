package visavis

import (
	"crypto/subtle"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	defaultMaxAge = 5 * time.Minute
	clockSkew     = time.Minute // how far the service's clock may run ahead of ours
)

// Refusals of a result; compare with errors.Is.
var (
	ErrBadSignature      = errors.New("bad_signature")      // treat everything in the query as made up
	ErrWrongVerification = errors.New("wrong_verification") // signed by the service, about something else
	ErrStale             = errors.New("stale")              // issued too long ago, in the future, or unknown when
	ErrNonceMismatch     = errors.New("nonce_mismatch")     // the answer to another link
)

var (
	urlStart    = regexp.MustCompile(`\A(?:[A-Za-z][A-Za-z0-9+.-]*://|[/?])`)
	unixSeconds = regexp.MustCompile(`\A[0-9]{1,12}\z`)
)

// Check says what a result must answer to.
type Check struct {
	VerificationID string
	Secrets        []string      // the live signing secrets, two while rotating
	Nonce          string        // of this visitor's link; empty matches nothing
	AnyNonce       bool          // do not compare the nonce
	MaxAge         time.Duration // 0: five minutes
	AnyAge         bool          // accept a result that does not say when it was issued
	Now            time.Time     // the zero time: now
}

// Result is what the service says about a person. Only VerifyResult makes one that says anything; the
// zero value has passed nothing.
type Result struct{ parameters []Param }

// VerifyResult checks a URL, path or query string (r.URL.RawQuery) and returns what it says. Nothing of
// it can be read before all checks have passed.
func VerifyResult(urlOrQuery string, check Check) (*Result, error) {
	if !verificationID.MatchString(check.VerificationID) {
		return nil, errors.New("VerificationID: must be a lower-case dashed GUID")
	}
	if err := checkSecrets(check.Secrets); err != nil {
		return nil, err
	}
	pairs, err := parseStrictly(queryOf(urlOrQuery))
	if err == nil {
		err = checkSignature(pairs, check)
	}
	if err == nil && !check.AnyAge {
		err = checkAge(pairs, check)
	}
	if err == nil && !check.AnyNonce {
		nonce, _ := first(pairs, "reNonce")
		err = compareNonce(nonce, check.Nonce)
	}
	if err != nil {
		return nil, err
	}
	return &Result{withoutSignature(pairs)}, nil
}

func queryOf(urlOrQuery string) string {
	text, _, _ := strings.Cut(urlOrQuery, "#")
	if urlStart.MatchString(text) {
		_, text, _ = strings.Cut(text, "?")
	}
	return text
}

func parseStrictly(query string) ([]Param, error) {
	pairs, err := parse(query)
	if err != nil {
		return nil, ErrBadSignature
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		if isReserved(pair.Name) && seen[pair.Name] {
			return nil, ErrBadSignature
		}
		seen[pair.Name] = true
	}
	return pairs, nil
}

func checkSignature(pairs []Param, check Check) error {
	signedFor, isNamed := first(pairs, "reVerificationId")
	if !isNamed {
		signedFor = check.VerificationID
	}
	given, _ := first(pairs, signatureName)
	matches := 0
	for _, secret := range check.Secrets { // every one: time does not tell which one matched
		matches += subtle.ConstantTimeCompare([]byte(sign(secret, "result", signedFor, pairs)), []byte(given))
	}
	if matches == 0 {
		return ErrBadSignature
	}
	if signedFor != check.VerificationID {
		return ErrWrongVerification
	}
	return nil
}

func checkAge(pairs []Param, check Check) error {
	issuedAt, _ := first(pairs, "reIssuedAt")
	if !unixSeconds.MatchString(issuedAt) {
		return ErrStale
	}
	now, maxAge := check.Now, check.MaxAge
	if now.IsZero() {
		now = time.Now()
	}
	if maxAge == 0 {
		maxAge = defaultMaxAge
	}
	seconds, _ := strconv.ParseInt(issuedAt, 10, 64)
	age := now.Unix() - seconds // in seconds, as a Duration ends after 292 years
	if age < -int64(clockSkew.Seconds()) || age > int64(maxAge.Seconds()) {
		return ErrStale
	}
	return nil
}

func compareNonce(nonce, expected string) error {
	if expected == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(expected)) != 1 {
		return ErrNonceMismatch
	}
	return nil
}

// Get returns the first value of name; the configuration chooses what is included.
func (r *Result) Get(name string) string {
	value, _ := first(r.parameters, name)
	return value
}

// Passed is true only when the overall result is there and says passed.
func (r *Result) Passed() bool { return r.Get("reVerificationResult") == "passed" }

// SessionID is the dashed GUID of the session.
func (r *Result) SessionID() string { return r.Get("reVerificationSessionId") }

// ExternalID is your own id of the person, echoed.
func (r *Result) ExternalID() string { return r.Get("reExternalId") }

// CorrelationID is your own reCorrelationId, echoed.
func (r *Result) CorrelationID() string { return r.Get("reCorrelationId") }

// Age is the estimated age in whole years; false when it is not included.
func (r *Result) Age() (int, bool) {
	years, err := strconv.Atoi(r.Get("reAge"))
	return years, err == nil
}

// Gender is male or female; empty when the estimate was not confident.
func (r *Result) Gender() string { return r.Get("reGender") }

// FaceID has 32 hexadecimal digits.
func (r *Result) FaceID() string { return r.Get("reFaceId") }

// FailedReason says why it failed, in the service's stable vocabulary.
func (r *Result) FailedReason() string { return r.Get("reFailedReason") }

// ResultCode is the single-use code, when the verification delivers one instead of a result.
func (r *Result) ResultCode() string { return r.Get("reResultCode") }

// Parameters returns every signed pair, in the order of the URL.
func (r *Result) Parameters() []Param { return append([]Param(nil), r.parameters...) }
