package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/timeline"
)

// listener is one open page: what it hears, with the moment it came.
type listener struct {
	conn  net.Conn
	mu    sync.Mutex
	heard map[string]time.Time // by note
}

// listen opens a live stream as a browser does and reads on by itself.
func listen(b testing.TB, addr, session string) *listener {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	check(b, err)
	_, err = fmt.Fprintf(conn, "GET /live HTTP/1.1\r\nHost: %s\r\nCookie: kizuki_session=%s\r\n\r\n", addr, session)
	check(b, err)
	l := &listener{conn: conn, heard: map[string]time.Time{}}
	ready := make(chan struct{})
	go l.read(ready)
	<-ready
	return l
}

func (l *listener) read(ready chan struct{}) {
	buf := make([]byte, 512)
	var rest []byte
	for greeted := false; ; {
		n, err := l.conn.Read(buf)
		if err != nil {
			return
		}
		rest = append(rest, buf[:n]...)
		if !greeted && bytes.Contains(rest, []byte(": hello")) {
			greeted = true
			close(ready)
		}
		for {
			i := bytes.Index(rest, []byte(`"note":"`))
			if i < 0 || len(rest) < i+28 {
				break
			}
			note, _, _ := strings.Cut(string(rest[i+8:]), `"`)
			l.mu.Lock()
			l.heard[note] = time.Now()
			l.mu.Unlock()
			rest = slices.Clone(rest[i+28:])
		}
	}
}

// inUse is the memory of heap and stacks, in bytes.
func inUse() float64 {
	for range 5 { // a collection halves a stack that is mostly unused
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}

// bareConnections is what n connections take in this process when the server
// only greets and waits: the listeners are here, too, and the test's own.
func bareConnections(b testing.TB, n int) float64 {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Write([]byte(": hello\n\n"))
				_, _ = c.Read(make([]byte, 512))
				_, _ = c.Read(make([]byte, 1))
			}()
		}
	}()
	before := inUse()
	var open []*listener
	for range n {
		open = append(open, listen(b, ln.Addr().String(), "none"))
	}
	took := inUse() - before
	for _, l := range open {
		l.conn.Close()
	}
	return took
}

// BenchmarkLive: how long news takes to 500 open pages of one node beside 100,
// and what an open page takes of memory. The aims: at most three times, and 30
// kB.
func BenchmarkLive(b *testing.B) {
	each(b, func(b *testing.B, d *db.DB, _ *sql.DB) {
		a, ctx := newApp(b, d)
		c, err := a.Contracts.Create(ctx, contract.Input{Key: "A", Name: "契約", Organization: "顧客"})
		check(b, err)
		run, stop := context.WithCancel(context.Background())
		defer stop()
		go a.Live.Run(run)
		srv := httptest.NewServer(a.Handler())
		defer srv.Close()
		defer a.Live.Close()
		session, _, err := a.Workspace.SignIn(context.Background(), "o@example.com", "correct horse battery", "bench", "127.0.0.1")
		check(b, err)
		bare := bareConnections(b, 500)
		var open []*listener
		before := inUse()
		p95 := map[int]float64{}
		for _, n := range []int{100, 500} {
			for len(open) < n {
				open = append(open, listen(b, srv.Listener.Addr().String(), session))
			}
			if n == 500 {
				each := (inUse() - before - bare) / 500 / 1024
				fmt.Printf("  %s an open page takes %.1f kB\n", b.Name(), each)
				b.ReportMetric(each, "kB/connection")
			}
			p95[n] = delivery(b, a, ctx, c, open)
		}
		fmt.Printf("  %s news reaches 100 pages in %.1f ms (p95), 500 in %.1f ms: %.2f times\n", b.Name(), p95[100], p95[500], p95[500]/p95[100])
		b.ReportMetric(p95[500]/p95[100], "times")
		for _, l := range open {
			l.conn.Close()
		}
		for b.Loop() {
		}
	})
}

// delivery posts notes and gives the p95 of the time from the answer to the
// writer to the news on each page, in milliseconds.
func delivery(b testing.TB, a *app.App, ctx context.Context, c contract.Contract, open []*listener) float64 {
	b.Helper()
	var took []float64
	for range 40 {
		n, err := a.Timeline.Post(ctx, timeline.PostInput{Contract: c.ID, Body: "先方より連絡あり"})
		check(b, err)
		written := time.Now()
		time.Sleep(500 * time.Millisecond)
		for _, l := range open {
			l.mu.Lock()
			at, ok := l.heard[n.ID.String()]
			l.mu.Unlock()
			if !ok {
				b.Fatalf("a page did not hear of a note within half a second")
			}
			took = append(took, max(0, at.Sub(written).Seconds()*1000))
		}
	}
	slices.Sort(took)
	return took[len(took)*95/100]
}
