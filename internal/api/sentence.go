package api

import (
	"context"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"kizuki/internal/web/words"
)

// complaint is a message of huma's validation and the sentence people read in
// its place; what stands in the message where the pattern has a group fills
// the blank named Value.
type complaint struct {
	pattern *regexp.Regexp
	key     string
}

var complaints = []complaint{
	says(validation.MsgExpectedRequiredProperty, "err.required"),
	says("required %s parameter is missing", "err.required"),
	says("request body is required", "err.required"),
	says(validation.MsgUnexpectedProperty, "api.err.unexpected"),
	says("unknown query parameter", "api.err.unexpected"),
	says(validation.MsgExpectedOneOf, "api.err.one_of"),
	says(validation.MsgExpectedMinimumNumber, "api.err.minimum"),
	says(validation.MsgExpectedMaximumNumber, "api.err.maximum"),
	says(validation.MsgExpectedMinLength, "api.err.min_length"),
	says(validation.MsgExpectedMaxLength, "api.err.max_length"),
	says(validation.MsgExpectedRFC3339Date, "api.err.date"),
	says(validation.MsgExpectedRFC3339DateTime, "api.err.instant"),
	says("invalid date/time for format %s", "api.err.instant"),
	says(validation.MsgExpectedBoolean, "api.err.boolean"),
	says("invalid boolean", "api.err.boolean"),
	says(validation.MsgExpectedInteger, "api.err.integer"),
	says("invalid integer", "api.err.integer"),
	says(validation.MsgExpectedNumber, "api.err.number"),
	says(validation.MsgExpectedString, "api.err.string"),
	says(validation.MsgExpectedArray, "api.err.array"),
	says(validation.MsgExpectedObject, "api.err.object"),
	says("expected at most one value, but received multiple values", "api.err.once"),
	says("cannot read multipart form: %s", "api.err.multipart"),
	says("unknown content type%s", "err.unsupported"),
}

var verb = regexp.MustCompile(`%[a-z]`)

func says(message, key string) complaint {
	return complaint{regexp.MustCompile("^" + verb.ReplaceAllString(regexp.QuoteMeta(message), "(.*)") + "$"), key}
}

// detail turns what huma found into the member's language. What has no
// sentence of its own, broken JSON above all, is said to be unreadable; the
// parser's own words would be English and speak of Go's types.
func detail(ctx context.Context, err error) ProblemDetail {
	d, message := ProblemDetail{Field: "body", Key: "api.err.unreadable"}, err.Error()
	if h, ok := err.(huma.ErrorDetailer); ok {
		m := h.ErrorDetail()
		d.Field, message = m.Location, m.Message
	}
	for _, c := range complaints {
		found := c.pattern.FindStringSubmatch(message)
		if found == nil {
			continue
		}
		d.Key = c.key
		if len(found) > 1 {
			d.Args = map[string]any{"Value": strings.TrimPrefix(found[1], ", ")} // "" may be one of an enum
		}
		break
	}
	if d.Key == "err.required" && d.Args != nil { // huma names the object, people miss the field
		name := d.Args["Value"].(string)
		if !strings.HasSuffix(d.Field, name) && strings.HasPrefix(message, "expected") {
			d.Field += "." + name
		}
		d.Args = nil
	}
	d.Detail = words.Say(ctx, d.Key, d.Args)
	return d
}
