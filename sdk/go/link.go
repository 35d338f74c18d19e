package visavis

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxQueryBytes           = 8192 // the service refuses longer links
	maxExternalIDCharacters = 256
	maxCustomParameters     = 32
	defaultLifetime         = 10 * time.Minute
)

var noncePattern = regexp.MustCompile(`\A[0-9A-Fa-f]{32,128}\z`)

// Link makes signed links to one verification.
type Link struct{ baseURL, id, secret string }

// NewLink checks what it is given; secret is the signing secret of the project.
func NewLink(baseURL, verificationId, secret string) (*Link, error) {
	switch {
	case !strings.HasPrefix(baseURL, "https://") && !strings.HasPrefix(baseURL, "http://"):
		return nil, errors.New("baseURL: must begin with https://")
	case !verificationID.MatchString(verificationId):
		return nil, errors.New("verificationId: must be a lower-case dashed GUID")
	case secret == "":
		return nil, errors.New("secret: must not be empty")
	}
	return &Link{strings.TrimRight(baseURL, "/"), verificationId, secret}, nil
}

// String leaves the secret out.
func (l *Link) String() string { return "visavis.Link(" + l.baseURL + ", " + l.id + ")" }

// GoString leaves the secret out.
func (l *Link) GoString() string { return l.String() }

// Request says what a link asks for. The zero value asks for nothing but a visit: a link that is good
// for ten minutes and works once.
type Request struct {
	ExternalID string        // your own id of the person; empty: none
	Nonce      string        // kept in the visitor's session; empty: a fresh one
	Expires    time.Duration // from now; 0: ten minutes
	Reusable   bool          // no nonce: the link works until it expires
	ForEver    bool          // no expiration, and so no nonce either
	Parameters []Param       // reLocale, reDisableAgeVerifier …, or names of your own
	Now        time.Time     // the zero time: now
}

// FreshNonce returns 128 random bits.
func FreshNonce() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err) // the system has no randomness to give
	}
	return hex.EncodeToString(random)
}

// Sign returns a signed link, or an error for what the service would refuse anyway.
func (l *Link) Sign(request Request) (string, error) {
	pairs, err := l.pairs(request)
	if err != nil {
		return "", err
	}
	query := join(append(pairs, Param{signatureName, sign(l.secret, "request", l.id, pairs)}))
	if len(query) > maxQueryBytes {
		return "", fmt.Errorf("parameters: the link would be longer than %d bytes", maxQueryBytes)
	}
	return l.baseURL + "/verification/" + l.id + "?" + query, nil
}

func (l *Link) pairs(request Request) ([]Param, error) {
	var pairs []Param
	if request.ExternalID != "" {
		if utf8.RuneCountInString(request.ExternalID) > maxExternalIDCharacters {
			return nil, fmt.Errorf("ExternalID: must have 1 to %d characters", maxExternalIDCharacters)
		}
		pairs = append(pairs, Param{"reExternalId", request.ExternalID})
	}
	for _, pair := range request.Parameters {
		switch pair.Name {
		case "reExternalId", "reExpiration", "reNonce", signatureName:
			return nil, fmt.Errorf("%s: is set by a field of Request", pair.Name)
		}
		pairs = append(pairs, pair)
	}
	if err := checkPairs(pairs); err != nil {
		return nil, err
	}
	return addValidity(pairs, request)
}

func checkPairs(pairs []Param) error {
	seen, custom := map[string]bool{}, 0
	for _, pair := range pairs {
		text := pair.Name + pair.Value
		if !utf8.ValidString(pair.Name) || !utf8.ValidString(pair.Value) || strings.Contains(text, "\x00") {
			return fmt.Errorf("%q: must be UTF-8 without U+0000", pair.Name)
		}
		if !isReserved(pair.Name) {
			custom++
		} else if seen[pair.Name] {
			return fmt.Errorf("%s: can be given once only", pair.Name)
		}
		seen[pair.Name] = true
	}
	if custom > maxCustomParameters {
		return fmt.Errorf("parameters: at most %d of your own", maxCustomParameters)
	}
	return nil
}

func addValidity(pairs []Param, request Request) ([]Param, error) {
	nonce := request.Nonce
	if nonce == "" && !request.Reusable && !request.ForEver {
		nonce = FreshNonce()
	}
	if nonce != "" && (request.ForEver || request.Reusable || !noncePattern.MatchString(nonce)) {
		return nil, errors.New("Nonce: 32 to 128 hexadecimal digits, on a link that expires and works once")
	}
	if !request.ForEver {
		pairs = append(pairs, Param{"reExpiration", expiration(request)})
	}
	if nonce != "" {
		pairs = append(pairs, Param{"reNonce", nonce})
	}
	return pairs, nil
}

func expiration(request Request) string {
	now, lifetime := request.Now, request.Expires
	if now.IsZero() {
		now = time.Now()
	}
	if lifetime == 0 {
		lifetime = defaultLifetime
	}
	return strconv.FormatInt(now.Add(lifetime).Unix(), 10)
}
