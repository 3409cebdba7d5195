// Command retrieval measures how well search answers questions: it loads
// passages as notes, asks for the best match with each question as plain text
// and prints how often the right passage comes first, among five, among ten,
// and the mean reciprocal rank.
//
//	go run ./bench/retrieval passages.jsonl questions.jsonl
//
// A line of passages is {"id": …, "text": …}, of questions {"question": …,
// "id": …} with the id of the passage that answers it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/search"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func main() {
	url := flag.String("database-url", "", "PostgreSQL address; a temporary SQLite file without it")
	misses := flag.Int("misses", 0, "print so many questions whose passage is not first")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *url, flag.Arg(0), flag.Arg(1), *misses); err != nil {
		fmt.Fprintln(os.Stderr, "retrieval:", err)
		os.Exit(1)
	}
}

type line struct {
	ID       key    `json:"id"`
	Relevant key    `json:"relevant_id"`
	Text     string `json:"text"`
	Question string `json:"question"`
}

// key is an id as text or number.
type key string

func (k *key) UnmarshalJSON(raw []byte) error {
	*k = key(strings.Trim(string(raw), `"`))
	return nil
}

func read(path string) (out []line, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var l line
		if err := d.Decode(&l); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(out)+1, err)
		}
		out = append(out, l)
	}
}

func run(out io.Writer, url, passagePath, questionPath string, misses int) error {
	passages, err := read(passagePath)
	if err != nil {
		return err
	}
	questions, err := read(questionPath)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "kizuki-retrieval-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	a, err := app.Open(context.Background(), app.Config{Dir: dir, DatabaseURL: url, Relaxed: true, Migrate: true})
	if err != nil {
		return err
	}
	defer a.Close()
	actor, err := a.Workspace.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "R", Name: "R",
		Mail: fmt.Sprintf("r%d@example.com", time.Now().UnixNano()), Password: "correct horse battery"})
	if err != nil {
		return err
	}
	ctx := who.With(context.Background(), actor)
	notes, err := load(ctx, a, passages)
	if err != nil {
		return err
	}
	return ask(ctx, out, a, notes, questions, misses)
}

// load writes the passages as notes of one moment, so that age says nothing.
func load(ctx context.Context, a *app.App, passages []line) (map[id.ID]key, error) {
	c, err := a.Contracts.Create(ctx, contract.Input{Key: "R", Name: "R", Organization: "R"})
	if err != nil {
		return nil, err
	}
	ws, now, notes := who.From(ctx).Workspace, db.Micros(time.Now()), make(map[id.ID]key, len(passages))
	rows := make([][]any, len(passages))
	for i, p := range passages {
		ref := id.New()
		notes[ref] = p.ID
		rows[i] = []any{ws, ref, c.ID, who.From(ctx).Member, now, p.Text, "{}"}
	}
	err = a.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return db.Bulk(ctx, tx, `INSERT INTO note (workspace_id, id, contract_id, author_id, at, body, context)`, "", rows)
	})
	if err != nil {
		return nil, err
	}
	_, err = a.Search.Rebuild(ctx, func(search.Progress) {})
	return notes, err
}

func ask(ctx context.Context, out io.Writer, a *app.App, notes map[id.ID]key, questions []line, misses int) error {
	var at [4]int // right at 1, 5, 10, ever
	var mrr float64
	start := time.Now()
	for _, q := range questions {
		want := q.Relevant
		if want == "" {
			want = q.ID
		}
		res, err := a.Search.Find(ctx, search.Query{Q: q.Question, Sort: search.Best, Kind: "note", Limit: 50})
		if err != nil {
			return fmt.Errorf("%s: %w", q.Question, err)
		}
		rank := 0
		for i, h := range res.Hits {
			if notes[h.ID] == want {
				rank = i + 1
				break
			}
		}
		for i, most := range []int{1, 5, 10, 50} {
			if rank > 0 && rank <= most {
				at[i]++
			}
		}
		if rank > 0 {
			mrr += 1 / float64(rank)
		}
		if rank != 1 && misses > 0 {
			misses--
			fmt.Fprintf(out, "  %d  %s\n", rank, q.Question)
		}
	}
	n := float64(max(1, len(questions)))
	_, err := fmt.Fprintf(out, "%d passages, %d questions, %.1f ms each\nR@1 %.3f  R@5 %.3f  R@10 %.3f  R@50 %.3f  MRR %.3f\n", len(notes), len(questions),
		time.Since(start).Seconds()*1000/n, float64(at[0])/n, float64(at[1])/n, float64(at[2])/n, float64(at[3])/n, mrr/n)
	return err
}
