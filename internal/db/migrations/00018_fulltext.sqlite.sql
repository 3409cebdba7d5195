-- +goose Up
-- One row a passage; id is in the order of time, so that walking the index
-- backwards is "newest first".
CREATE TABLE search_doc (
  id           INTEGER PRIMARY KEY,
  workspace_id BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  ref_id       BIGINT  NOT NULL,
  part         INTEGER NOT NULL,
  parts        INTEGER NOT NULL,
  contract_id  BIGINT,
  author_id    BIGINT,
  owner_id     BIGINT
);
CREATE UNIQUE INDEX search_doc_ref ON search_doc (workspace_id, ref_id, part);

-- The ascii tokenizer leaves every other character alone; ours are cut in Go.
CREATE VIRTUAL TABLE search_fts USING fts5 (t, content='', contentless_delete=1, tokenize='ascii');
