package app_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// furnish puts something of each kind into the workspace and gives a contract.
func furnish(t *testing.T, a *apptest.App) contract.Contract {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := a.Ctx
	_, err := a.Fields.Create(ctx, field.Input{Key: "plan", Type: field.Text, Labels: map[string]string{"ja": "プラン"}, Indexed: true})
	must(err)
	c, err := a.Contracts.Create(ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "株式会社みなと物流",
		Owner: a.Actors[who.Owner].Member.String(), RenewalDate: "2026-03-31", Fields: map[string]any{"plan": "gold"}})
	must(err)
	_, err = a.Contacts.Add(ctx, c.ID, contact.Contact{Name: "佐藤 亮"}, "推進役")
	must(err)
	note, err := a.Timeline.Post(ctx, timeline.PostInput{Contract: c.ID, Body: "返信がいつもより短い @田村 健", Hunch: "bad", Files: uploads(t, a, ctx, "資料")})
	must(err)
	_, err = a.Timeline.Post(a.As(who.Member), timeline.PostInput{Contract: c.ID, Parent: note.ID, Body: "電話してみては"})
	must(err)
	_, err = a.Tasks.Create(ctx, task.New{Contract: c.ID, Title: "電話する", Due: "2026-02-17"})
	must(err)
	_, err = a.Rules.Create(ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: "renewal_date",
		Steps: []rule.Step{{Offset: -30, Unit: "days", Tasks: []rule.Todo{{Title: "見積もりを送る"}}}}}})
	must(err)
	given, err := a.Contracts.Create(ctx, contract.Input{Key: "H-1", Name: "引き継ぐ契約", Organization: "しらさぎ食品", Owner: a.Actors[who.Owner].Member.String()})
	must(err)
	_, err = a.Handovers.Give(ctx, handover.Input{Contracts: []id.ID{given.ID}, To: a.Actors[who.Member].Member})
	must(err)
	_, err = a.Handovers.SetCover(ctx, handover.CoverInput{Deputy: a.Actors[who.Admin].Member, From: "2026-02-17", To: "2026-02-20"})
	must(err)
	imported(t, a, "契約ID,会社名,更新日\nB-1,しらさぎ食品,2026/9/30\n")
	return c
}

// imported brings a list of the source 契約管理 and gives the contract B-1.
func imported(t *testing.T, a *apptest.App, csv string) id.ID {
	t.Helper()
	c, _ := broughtIn(t, a, csv)
	return c
}

func broughtIn(t *testing.T, a *apptest.App, csv string) (id.ID, intake.Import) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	im, err := a.Imports.Stage(a.Ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "契約管理"})
	if err == nil {
		im, err = a.Imports.Apply(a.Ctx, im.ID, intake.ApplyOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	page, err := a.Contracts.List(a.Ctx, contract.Query{Q: "B-1"})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(err, len(page.Items))
	}
	return page.Items[0].ID, im
}

// uploads are a text and a picture of a name that somebody has sent, waiting to
// be attached.
func uploads(t *testing.T, a *apptest.App, ctx context.Context, name string) []id.ID {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	var out []id.ID
	for ending, data := range map[string]string{".txt": name + "の中身", ".png": picture.String()} {
		f, err := a.Files.Upload(ctx, name+ending, strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f.ID)
	}
	return out
}
