package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sharedData = "../../../shared/data/"

// run gives exit code, standard output and standard error of a command line.
func run(t *testing.T, stdin string, args ...string) (int, string, string) {
	t.Helper()
	cmd := exec.Command(build(t), args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

func setUp(t *testing.T) (data string) {
	t.Helper()
	data = t.TempDir()
	kizuki(t, "correct horse battery\n", "setup", "--email", "o@example.com", "--name", "岡田", "--workspace", "テスト", "--password-stdin", "--data", data)
	return data
}

func counts(t *testing.T, out string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return v
}

// The commands' main walk on the real lists: import, compare, undo to the byte,
// the guard with its own exit code.
func TestImportCommands(t *testing.T) {
	data := setUp(t)
	with := func(args ...string) []string { return append(args, "--data", data) }
	imported := func(file string) map[string]any {
		return counts(t, kizuki(t, "", with("import", "contracts", file, "--source", "gov", "--json")...))
	}
	if c := imported(sharedData + "localgovjp-2017-sjis.csv"); c["created"] != 1916.0 || c["invalid"] != 0.0 {
		t.Fatalf("%v", c)
	}
	before := kizuki(t, "", with("export", "contracts")...)
	second := imported(sharedData + "localgovjp-2019-sjis.csv")
	if second["created"] != 0.0 || second["updated"] != 272.0 || second["unchanged"] != 1644.0 {
		t.Fatalf("%v", second)
	}
	kizuki(t, "", with("import", "undo", second["id"].(string), "--json")...)
	if after := kizuki(t, "", with("export", "contracts")...); after != before {
		t.Error("undo did not bring back what was there")
	}
	short := filepath.Join(t.TempDir(), "short.csv")
	raw, err := os.ReadFile(sharedData + "localgovjp-2017-sjis.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(short, []byte(strings.Join(strings.SplitAfter(string(raw), "\n")[:100], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := run(t, "", with("import", "contracts", short, "--source", "gov", "--json")...)
	if code != 3 || out != "" || kizuki(t, "", with("export", "contracts")...) != before {
		t.Errorf("the guard: exit %d, %s", code, out)
	}
}

func TestCommandErrors(t *testing.T) {
	data := setUp(t)
	broken := filepath.Join(t.TempDir(), "broken.xlsx")
	if err := os.WriteFile(broken, []byte("PK\x03\x04 not a workbook"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"unknown command":  {"fly"},
		"no such file":     {"import", "contracts", "/nowhere.csv", "--data", data},
		"broken file":      {"import", "contracts", broken, "--data", data},
		"unknown import":   {"import", "undo", "12345", "--data", data},
		"not a date":       {"rules", "run", "--as-of", "sometime", "--data", data},
		"nobody":           {"export", "contracts", "--as", "nobody@example.com", "--data", data},
		"other workspace":  {"export", "contracts", "--workspace", "よそ", "--data", data},
		"not migrated":     {"export", "contracts", "--data", t.TempDir()},
		"second setup":     {"setup", "--email", "x@example.com", "--name", "x", "--workspace", "y", "--password-stdin", "--data", data},
		"unknown scope":    {"token", "create", "--email", "o@example.com", "--name", "x", "--scope", "all", "--data", data},
		"someone's token":  {"token", "create", "--email", "no@example.com", "--name", "x", "--data", data},
		"unknown database": {"migrate", "--database-url", "postgres://127.0.0.1:1/none"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, "correct horse battery\n", args...)
			if code != 1 || out != "" || errOut == "" || strings.Contains(errOut, "panic") {
				t.Errorf("exit %d, out %q, err %q", code, out, errOut)
			}
		})
	}
}

func TestJSONAloneOnStandardOutput(t *testing.T) {
	data := setUp(t)
	t.Setenv("KIZUKI_DATA", data) // every flag has a variable
	_, out, _ := run(t, "", "rules", "run", "--json")
	if c := counts(t, out); c["created"] != 0.0 {
		t.Errorf("%s", out)
	}
	if _, out, _ = run(t, "", "token", "create", "--email", "o@example.com", "--name", "t", "--scope", "write"); !strings.HasPrefix(out, "kzk_") || strings.Count(out, "\n") != 1 {
		t.Errorf("the token is not alone: %q", out)
	}
}

// The index is built anew from the command line, as it is beside a server.
func TestIndexRebuild(t *testing.T) {
	data := setUp(t)
	file := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(file, []byte("契約ID,契約名,会社名\nA-1,配車,みなと物流\nA-2,倉庫,しらさぎ\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kizuki(t, "", "import", "contracts", file, "--source", "s", "--json", "--data", data)
	code, out, progress := run(t, "", "index", "rebuild", "--json", "--data", data)
	if c := counts(t, out); code != 0 || c["indexed"] != 4.0 || !strings.Contains(progress, "2") {
		t.Errorf("exit %d: %s, %s", code, out, progress)
	}
}

// Wrong settings of mail stop the start, and never show the password.
func TestWrongMailSettings(t *testing.T) {
	data := setUp(t)
	for _, flags := range [][]string{{"--smtp-url", "http://user:geheim@mail.example.com"}, {"--smtp-url", "smtp://user:geheim@mail.example.com"},
		{"--smtp-url", "smtp://user:geheim@mail.example.com?from=x"}, {"--smtp-url", "smtp://user:geheim@mail.example.com?from=a@b.example&tls=maybe"},
		{"--allow-private", "inside"}} {
		code, out, said := run(t, "", append([]string{"serve", "--addr", "127.0.0.1:0", "--data", data}, flags...)...)
		if code != 1 || said == "" || strings.Contains(out+said, "geheim") {
			t.Errorf("%q: %d %s", flags, code, said)
		}
	}
}
