package demo

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed data
var files embed.FS

// moment is a point of time counted from today: the day (0 = today, negative
// before it) and the minutes of the day, written "-5 15:10".
type moment struct{ day, min int }

func (m *moment) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	var hour int
	n, err := fmt.Sscanf(s, "%d %d:%d", &m.day, &hour, &m.min)
	if err != nil || n != 3 || hour > 23 || m.min > 59 {
		return fmt.Errorf("demo: %q is no moment", s)
	}
	m.min += hour * 60
	return nil
}

func (m moment) compare(o moment) int {
	return cmp.Or(cmp.Compare(m.day, o.day), cmp.Compare(m.min, o.min))
}

func (m moment) after(minutes int) moment { return moment{m.day, m.min + minutes} }

// person is one of the team.
type person struct {
	ID, Name, Kana, Role string
	Joins                int // day
}

// mail is what the person signs in with.
func (p person) mail() string { return p.ID + "@" + host }

// team is who works there and what they keep of a contract.
type team struct {
	Workspace string
	People    []person
	Units     []unit
	Fields    []struct {
		Key, Type, Ja, En string
		Options           []string
		Indexed           bool
	}
}

type unit struct {
	Name    string
	Members []string
}

type organization struct {
	Name, Kana string
	Closing    int
}

// story is one contract and everything that happened to it.
type story struct {
	ID         string
	Key        string // {Y} is the year of the first use
	Org        string
	Name       string
	Department string
	Owner      string
	OwnerFirst string `json:"owner_first"`
	Story      string
	Renews     string // see term
	Starts     *int   // day, where there is no renewal to count back from
	Months     int    // of a term; 0 = 12
	Terms      int    // how many so far, with the open one
	Notice     int    // days before the renewal, negative; 0 = none
	Status     string
	Phase      string
	Amount     string
	Currency   string
	Domain     string
	Fields     map[string]string
	Was        map[string]string // other values before the second import
	First      map[string]string // other values before the first, too
	Ends       *moment
	EndWords   string `json:"end_words"`
	Unlisted   bool   // in no import
	Gone       bool   // not in the second import
	Imported   int    // the import that brought it; 0 = made by hand
	People     []stakeholder
	Trail      []entry
}

// stakeholder is a person at the customer.
type stakeholder struct {
	Name, Kana, Title, Role, Mail string
	From                          *moment // with the contract if nil
	Later                         *struct {
		At          moment
		Title, Role string
	}
}

// entry is one thing somebody did: exactly one of Say, Outlook, Phase, Set and
// Task is given.
type entry struct {
	At    moment
	By    string
	Say   string
	Hunch string
	Re    []entry

	Outlook, Why string
	Phase        string
	Set          map[string]string

	Task   string
	Due    int // day
	Min    int
	For    string // By if ""
	Parts  []string
	Done   *moment
	Skip   *moment
	Snooze *moment
	Until  int // day
	Words  string
}

// ruling is the rules and what people said to the tasks they made.
type ruling struct {
	Rules []struct {
		Name, By, On, Phase string
		Live                moment
		Steps               []struct {
			ID   string
			Days int
			Task string
			Min  int
		}
	}
	Open    []string // STORY/STEP left undone
	Answers []answer
}

type answer struct {
	Of    string // STORY/STEP
	Year  int    // how many terms ago
	Skip  bool
	Words string
}

// bringing is the two lists the source sent.
type bringing struct {
	Source, By, File string
	At               []moment
	Columns          [][2]string // header, what of a contract
	Read             moment      // until when everybody has read the inbox
}

// world is all of the data.
type world struct {
	team    team
	orgs    []organization
	stories []story
	rules   ruling
	imports bringing
}

func load() (world, error) {
	var w world
	for name, to := range map[string]any{"people": &w.team, "organizations": &w.orgs, "rules": &w.rules, "imports": &w.imports} {
		if err := read("data/"+name+".json", to); err != nil {
			return w, err
		}
	}
	names, err := fs.Glob(files, "data/contracts/*.json")
	if err != nil {
		return w, err
	}
	for _, name := range names {
		var list []story
		if err := read(name, &list); err != nil {
			return w, err
		}
		w.stories = append(w.stories, list...)
	}
	return w, nil
}

func read(name string, to any) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// value is an attribute or field as it was before import n (1 or 2), or is
// now (3).
func (s story) value(name string, n int) string {
	if v, ok := s.First[name]; ok && n < 2 {
		return v
	}
	if v, ok := s.Was[name]; ok && n < 3 {
		return v
	}
	switch name {
	case "status":
		return s.Status
	case "phase":
		return s.Phase
	case "amount":
		return s.Amount
	case "currency":
		return cmp.Or(s.Currency, "JPY")
	case "owner":
		if n < 2 && s.OwnerFirst != "" {
			return s.OwnerFirst
		}
		return s.Owner
	}
	return s.Fields[strings.TrimPrefix(name, "field:")]
}
