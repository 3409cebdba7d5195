package mail

import (
	"html/template"
	"strings"
)

// Part is a paragraph, or a list.
type Part struct {
	Text  string
	Href  string // Text is a link there
	Lines []Line
	Small bool // said in passing, at the end
}

// Line is one thing of a list: what it is called, where it leads, and a
// sentence about it.
type Line struct{ Text, Href, More string }

// Text is the letter without markup.
func Text(parts []Part) string {
	var b strings.Builder
	for i, p := range parts {
		if p.Small && (i == 0 || !parts[i-1].Small) {
			b.WriteString("-- \n")
		}
		if p.Text != "" {
			b.WriteString(p.Text + "\n")
		}
		if p.Href != "" {
			b.WriteString(p.Href + "\n")
		}
		for _, l := range p.Lines {
			b.WriteString("\n・" + l.Text + "\n")
			for _, s := range []string{l.More, l.Href} {
				if s != "" {
					b.WriteString("  " + s + "\n")
				}
			}
		}
		if !p.Small {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// page is plain on purpose: mail programs keep their own letters and colours.
var page = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body>{{range .Parts}}
{{if .Text}}<p>{{if .Small}}<small>{{end}}{{if .Href}}<a href="{{.Href}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{if .Small}}</small>{{end}}</p>
{{end}}{{if .Lines}}<ul>{{range .Lines}}
<li>{{if .Href}}<a href="{{.Href}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{if .More}}<br>{{.More}}{{end}}</li>{{end}}
</ul>
{{end}}{{end}}</body></html>
`))

func html(m Message) (string, error) {
	var b strings.Builder
	err := page.Execute(&b, m)
	return b.String(), err
}
