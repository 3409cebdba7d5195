// Command kizuki is the whole product: the server and the acts of its
// operator. Flags in, one call out; what it does lives in internal/.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// version is set by the build.
var version = "dev"

// Exit codes: applied, an error, stopped by a guard that a flag lets pass.
const (
	exitDone    = 0
	exitError   = 1
	exitStopped = 3
)

// common are the flags every command takes; each has a KIZUKI_ variable.
type common struct {
	Data        string `default:"./data" help:"Folder of the database and uploads."`
	DatabaseURL string `help:"PostgreSQL address; without it SQLite in the data folder." placeholder:"postgres://…"`
	Workspace   string `help:"Id or name of the workspace; needed only when there are several."`
	As          string `help:"Act as the member with this mail; the owner by default." placeholder:"EMAIL"`
	JSON        bool   `name:"json" help:"Print one JSON object on standard output."`
	Lang        string `default:"" help:"Language of messages: ja or en." env:"KIZUKI_LANG"`
	Relaxed     bool   `help:"SQLite: do not wait for the disk at each commit."`
	SecretKey   string `help:"Key that secrets in the database are sealed with, better given as KIZUKI_SECRET_KEY; without it secret.key in the data folder." placeholder:"AGE-SECRET-KEY-1…"`
	S3          s3     `embed:"" prefix:"s3-"`
}

// s3 is where attached files are kept instead of the data folder.
type s3 struct {
	Endpoint  string `default:"https://s3.amazonaws.com" help:"Address of the S3 server." env:"KIZUKI_S3_ENDPOINT"`
	Bucket    string `help:"Keep attached files in this S3 bucket; without it in the data folder." env:"KIZUKI_S3_BUCKET"`
	Region    string `help:"Region of the bucket." placeholder:"ap-northeast-1" env:"KIZUKI_S3_REGION"`
	Key       string `help:"Access key of the S3 server." env:"KIZUKI_S3_KEY"`
	Secret    string `help:"Secret key of the S3 server; better given as KIZUKI_S3_SECRET." env:"KIZUKI_S3_SECRET"`
	PathStyle bool   `help:"Put the bucket into the path of the address, as MinIO and others ask." env:"KIZUKI_S3_PATH_STYLE"`
}

type cli struct {
	common
	Serve   serveCmd   `cmd:"" help:"Serve the pages and the API."`
	Demo    demoCmd    `cmd:"" help:"Fill a demo workspace, once, and serve it."`
	Setup   setupCmd   `cmd:"" help:"Create the workspace and its owner."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date."`
	Import  importCmds `cmd:"" help:"Import contracts, or undo an import."`
	Export  exportCmds `cmd:"" help:"Export contracts."`
	Token   tokenCmds  `cmd:"" help:"API tokens."`
	Rules   rulesCmds  `cmd:"" help:"Countdown rules."`
	Index   indexCmds  `cmd:"" help:"The search index."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// run is what every command gets: where to write, and the flags in common.
type run struct {
	ctx    context.Context
	common common
	out    io.Writer
	err    io.Writer
	in     io.Reader
	log    *slog.Logger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Main runs one command line and gives its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("kizuki"), kong.DefaultEnvars("KIZUKI"), kong.Writers(out, errOut),
		kong.Description("Kizuki (気づき): customer success, self-hosted."),
		kong.Exit(func(code int) { exit = code }), kong.UsageOnError())
	if err != nil {
		panic(err) // the command tree itself is wrong
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help has been printed
		return exit
	}
	if err != nil {
		fmt.Fprintln(errOut, "kizuki:", err)
		return exitError
	}
	r := &run{ctx: words.With(ctx, words.Locale{Lang: language(c.Lang)}), common: c.common, out: out, err: errOut, in: in,
		log: slog.New(slog.NewJSONHandler(errOut, nil))}
	return r.finish(k.Run(r))
}

// finish says what went wrong in the person's language; the cause goes along
// for the operator.
func (r *run) finish(err error) int {
	if err == nil {
		return exitDone
	}
	e := web.Explain(err)
	fmt.Fprintln(r.err, "kizuki:", web.Sentence(r.ctx, e))
	for _, f := range e.Fields {
		fmt.Fprintf(r.err, "  %s: %s\n", f.Field, web.Sentence(r.ctx, f))
	}
	if e.Err != nil {
		fmt.Fprintln(r.err, "  ", e.Err)
	}
	if e.Code == errs.Stopped {
		return exitStopped
	}
	return exitError
}

func language(flag string) string {
	if flag != "" {
		return flag
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" && v != "C" && v != "C.UTF-8" && v != "POSIX" {
			return words.Match(v)
		}
	}
	return "en"
}

// config is the app's configuration of the common flags.
func (r *run) config() app.Config {
	return app.Config{Dir: r.common.Data, DatabaseURL: r.common.DatabaseURL, Relaxed: r.common.Relaxed,
		S3: blob.S3Config(r.common.S3), SecretKey: r.common.SecretKey, Version: version, Log: r.log}
}

// print writes v as the one JSON object, or the text when JSON was not asked.
func (r *run) print(v any, text string) error {
	if !r.common.JSON {
		_, err := fmt.Fprintln(r.out, text)
		return err
	}
	enc := json.NewEncoder(r.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// act opens the app beside a running server and runs f as the chosen member.
func (r *run) act(f func(ctx context.Context, a *app.App) error) error {
	a, err := app.Open(r.ctx, r.config())
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, err := a.ActAs(r.ctx, r.common.Workspace, r.common.As)
	if err != nil {
		return err
	}
	return f(ctx, a)
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(r *run) error {
	return r.print(map[string]string{"version": version}, "kizuki "+version)
}
