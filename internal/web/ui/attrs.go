package ui

import "strings"

// IntoDialog makes a button or link open what href answers (a DialogBody) in the
// page's dialog; without a script a link simply leads there.
func IntoDialog(href string) Attrs {
	return Attrs{"hx-get": href, "hx-target": "#dialog", "hx-swap": "innerHTML"}
}

// The sesame is written with a full brush; everything else is drawn with a line.
func iconClass(name string) string {
	if strings.HasPrefix(name, "sesame") {
		return "i ink"
	}
	return "i"
}

func choiceType(several bool) string {
	if several {
		return "checkbox"
	}
	return "radio"
}
