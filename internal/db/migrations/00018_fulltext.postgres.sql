-- +goose Up
CREATE TABLE search_doc (
  workspace_id BIGINT   NOT NULL,
  id           BIGINT   NOT NULL,
  kind         TEXT     NOT NULL,
  ref_id       BIGINT   NOT NULL,
  part         INTEGER  NOT NULL,
  parts        INTEGER  NOT NULL,
  contract_id  BIGINT,
  author_id    BIGINT,
  owner_id     BIGINT,
  t            TSVECTOR NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX search_doc_ref ON search_doc (workspace_id, ref_id, part);
CREATE INDEX search_doc_t ON search_doc USING gin (t);
