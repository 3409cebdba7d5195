package intakehttp_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// A list is larger than any other form: the page takes it, up to its own
// limit, and says so beyond.
func TestLargeUploadOnThePage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		for size, want := range map[int]int{3 << 20: http.StatusOK, 66 << 20: http.StatusRequestEntityTooLarge} {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("file", "list.csv")
			if err != nil {
				t.Fatal(err)
			}
			row := "K1,アルファ," + strings.Repeat("長い備考", 60_000) + "\n"
			_, _ = io.WriteString(part, "契約ID,会社名,備考\n"+strings.Repeat(row, size/len(row)+1))
			if err := form.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequest("POST", a.Server.URL+"/import", &body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", form.FormDataContentType())
			if p := a.Browser(who.Member).Do(r); p.Status != want {
				t.Errorf("%d MB: %d %s", size>>20, p.Status, p.Find(".empty").Text())
			}
		}
	})
}
