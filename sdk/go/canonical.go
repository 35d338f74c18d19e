// Package visavis signs verification links and checks the results that come back, for relying sites.
//
// It needs nothing but the standard library. All of it belongs on a server: the signing secret must
// never reach a browser.
package visavis

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Param is one name and value of a query, both UTF-8.
type Param struct{ Name, Value string }

const signatureName = "reSignature"

var (
	verificationID = regexp.MustCompile(`\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`)
	errMalformed   = errors.New("malformed query")
)

func isReserved(name string) bool {
	return len(name) > 2 && name[:2] == "re" && 'A' <= name[2] && name[2] <= 'Z'
}

// parse reads a raw query as the service does: + is a space, blank values are kept, empty segments
// say nothing. Malformed escapes, bytes that are not UTF-8 and what no URL may hold are refused.
func parse(query string) ([]Param, error) {
	var pairs []Param
	for _, segment := range strings.Split(query, "&") {
		if segment == "" {
			continue
		}
		name, value, _ := strings.Cut(segment, "=")
		decodedName, errName := decode(name)
		decodedValue, errValue := decode(value)
		if errName != nil || errValue != nil {
			return nil, errMalformed
		}
		pairs = append(pairs, Param{decodedName, decodedValue})
	}
	return pairs, nil
}

func decode(text string) (string, error) {
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < 0x21 || c > 0x7e:
			return "", errMalformed
		case c == '+':
			decoded = append(decoded, ' ')
		case c == '%':
			if i+2 >= len(text) {
				return "", errMalformed
			}
			octet, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", errMalformed
			}
			decoded = append(decoded, octet[0])
			i += 2
		default:
			decoded = append(decoded, c)
		}
	}
	if !utf8.Valid(decoded) { // refuses surrogates and overlong forms too
		return "", errMalformed
	}
	return string(decoded), nil
}

func encode(text string) string {
	const digits = "0123456789ABCDEF"
	var encoded strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			encoded.WriteByte(c)
		} else {
			encoded.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return encoded.String()
}

func join(pairs []Param) string {
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		parts[i] = encode(pair.Name) + "=" + encode(pair.Value)
	}
	return strings.Join(parts, "&")
}

// canonical returns the one text for these pairs, in whatever order they came.
func canonical(pairs []Param) string {
	signed := withoutSignature(pairs)
	sort.Slice(signed, func(i, j int) bool {
		if signed[i].Name != signed[j].Name {
			return signed[i].Name < signed[j].Name
		}
		return signed[i].Value < signed[j].Value
	})
	return join(signed)
}

func withoutSignature(pairs []Param) []Param {
	signed := make([]Param, 0, len(pairs))
	for _, pair := range pairs {
		if pair.Name != signatureName {
			signed = append(signed, pair)
		}
	}
	return signed
}

// sign returns 64 lower-case hexadecimal digits; kind is "request" or "result".
func sign(secret, kind, id string, pairs []Param) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("visavis-" + kind + "-v1\n" + id + "\n" + canonical(pairs)))
	return hex.EncodeToString(mac.Sum(nil))
}

func first(pairs []Param, name string) (string, bool) {
	for _, pair := range pairs {
		if pair.Name == name {
			return pair.Value, true
		}
	}
	return "", false
}

func checkSecrets(secrets []string) error {
	if len(secrets) == 0 {
		return errors.New("secrets: at least one")
	}
	for _, secret := range secrets {
		if secret == "" {
			return errors.New("secrets: none of them may be empty")
		}
	}
	return nil
}
