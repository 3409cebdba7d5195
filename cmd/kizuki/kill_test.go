package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kizuki/internal/testkit"
)

// binary is kizuki built once for all tests of this package.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kizuki-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kizuki")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
})

// node is one running server.
type node struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	log  *bytes.Buffer
}

func build(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs a server on a free port and waits until it is ready.
func start(t *testing.T, flags ...string) *node {
	t.Helper()
	n := &node{t: t, log: new(bytes.Buffer)}
	n.cmd = exec.Command(build(t), append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)...)
	pipe, err := n.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.kill() })
	address := make(chan string, 1)
	go func() {
		var line []byte
		buf := make([]byte, 1)
		for {
			if _, err := pipe.Read(buf); err != nil {
				return
			}
			line = append(line, buf[0])
			if buf[0] == '\n' {
				if _, rest, ok := strings.Cut(strings.TrimSpace(string(line)), "http://"); ok && !strings.HasPrefix(string(line), "{") {
					address <- "http://" + rest
					_, _ = io.Copy(io.Discard, pipe)
					return
				}
				line = nil
			}
		}
	}()
	select {
	case n.base = <-address:
	case <-time.After(30 * time.Second):
		t.Fatal("the server did not start")
	}
	return n
}

func (n *node) kill() {
	if n.cmd.ProcessState == nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
	}
}

// kizuki runs one command and gives its standard output.
func kizuki(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(build(t), args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("kizuki %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return strings.TrimSpace(out.String())
}

// client talks to the API; an error means that no answer came.
type client struct {
	base, token string
	http        *http.Client
}

func (c client) do(method, path, kind string, body io.Reader) (int, map[string]any, error) {
	r, err := http.NewRequest(method, c.base+"/api/v1"+path, body)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", kind)
	res, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		return res.StatusCode, nil, fmt.Errorf("%d %s", res.StatusCode, raw)
	}
	return res.StatusCode, v, nil
}

func (c client) json(method, path string, body any) (int, map[string]any, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	return c.do(method, path, "application/json", bytes.NewReader(raw))
}

// importRows sends a list whose every row carries the batch's number.
func (c client) importRows(rows, batch int) (int, map[string]any, error) {
	var file strings.Builder
	file.WriteString("契約ID,会社名,更新日,batch\n")
	for i := range rows {
		fmt.Fprintf(&file, "K%04d,顧客%d株式会社,2027-03-31,b%d\n", i, i%97, batch)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "list.csv")
	if err != nil {
		return 0, nil, err
	}
	_, _ = io.WriteString(part, file.String())
	_ = form.WriteField("source", "kill")
	_ = form.WriteField("mapping", `{"columns":{"契約ID":"key","会社名":"organization","更新日":"renewal_date","batch":"field:batch"}}`)
	if err := form.Close(); err != nil {
		return 0, nil, err
	}
	return c.do("POST", "/imports", form.FormDataContentType(), &body)
}

const killRows, killRounds = 600, 20

// A server killed at random moments during imports and notes leaves each
// import whole or not at all, and every acknowledged note.
func TestKill(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			flags := []string{"--data", t.TempDir()}
			if engine == "postgres" {
				flags = append(flags, "--database-url", testkit.PostgresURL(t))
			}
			kizuki(t, "correct horse battery\n", append([]string{"setup", "--email", "o@example.com", "--name", "O", "--workspace", "W", "--password-stdin"}, flags...)...)
			token := kizuki(t, "", append([]string{"token", "create", "--email", "o@example.com", "--name", "t", "--scope", "write"}, flags...)...)
			k := &killing{t: t, token: token, acked: map[string]string{}}
			k.first(start(t, flags...))
			for range killRounds {
				k.round(start(t, flags...))
			}
			last := start(t, flags...)
			k.check(k.client(last))
		})
	}
}

type killing struct {
	t        *testing.T
	token    string
	contract string
	batch    int
	mu       sync.Mutex
	acked    map[string]string // note id → body
}

func (k *killing) client(n *node) client {
	return client{n.base, k.token, &http.Client{Timeout: 30 * time.Second}}
}

func (k *killing) first(n *node) {
	k.t.Helper()
	status, body, err := k.client(n).json("POST", "/contracts", map[string]any{"key": "NOTES", "name": "メモ", "organization": "メモ社"})
	if err != nil || status != 201 {
		k.t.Fatal(status, body, err)
	}
	k.contract = body["id"].(string)
	n.kill()
}

// round checks what the last kill left, then writes until it is killed.
func (k *killing) round(n *node) {
	c := k.client(n)
	k.check(c)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() { k.write(ctx, c, w) })
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			k.batch++
			if _, _, err := c.importRows(killRows, k.batch); err != nil {
				return
			}
		}
	})
	time.Sleep(time.Duration(20+rand.IntN(700)) * time.Millisecond)
	n.kill()
	cancel()
	wg.Wait()
}

func (k *killing) write(ctx context.Context, c client, worker int) {
	for i := 0; ctx.Err() == nil; i++ {
		body := fmt.Sprintf("メモ %d-%d-%d", worker, k.batch, i)
		status, v, err := c.json("POST", "/contracts/"+k.contract+"/notes", map[string]any{"body": body})
		if err != nil {
			return
		}
		if status != 201 {
			k.t.Errorf("a note was refused: %d %v", status, v)
			return
		}
		k.mu.Lock()
		k.acked[v["id"].(string)] = body
		k.mu.Unlock()
	}
}

// check: every contract carries the same batch, and all of them are there or
// none; every acknowledged note is there.
func (k *killing) check(c client) {
	k.t.Helper()
	batches, total := map[string]int{}, 0
	k.walk(c, "/contracts", func(item map[string]any) {
		if item["key"] == "NOTES" {
			return
		}
		total++
		fields, _ := item["fields"].(map[string]any)
		batches[fmt.Sprint(fields["batch"])]++
	})
	if len(batches) > 1 || total != 0 && total != killRows {
		k.t.Fatalf("half an import is left: %d contracts, %v", total, batches)
	}
	found := map[string]string{}
	k.walk(c, "/contracts/"+k.contract+"/notes", func(item map[string]any) {
		found[item["id"].(string)], _ = item["body"].(string)
	})
	for ref, body := range k.acked {
		if found[ref] != body {
			k.t.Fatalf("the acknowledged note %s %q is %q", ref, body, found[ref])
		}
	}
}

func (k *killing) walk(c client, path string, f func(map[string]any)) {
	k.t.Helper()
	for cursor := ""; ; {
		status, body, err := c.json("GET", path+"?limit=200&cursor="+url.QueryEscape(cursor), nil)
		if err != nil || status != 200 {
			k.t.Fatal(status, body, err)
		}
		for _, v := range body["items"].([]any) {
			f(v.(map[string]any))
		}
		if cursor, _ = body["next"].(string); cursor == "" {
			return
		}
	}
}
