-- +goose Up
-- What was written and is not in the index yet. Writers only add rows, each with
-- an id of its own, so that none waits for another and the indexer takes away
-- exactly what it has read.
CREATE TABLE search_pending (
  workspace_id BIGINT NOT NULL,
  kind         TEXT   NOT NULL,
  ref_id       BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, kind, ref_id, id)
);

-- One row a workspace: indexers take turns on it.
CREATE TABLE search_state (
  workspace_id BIGINT NOT NULL PRIMARY KEY,
  turn         BIGINT NOT NULL DEFAULT 0
);

-- What was looked for and not found: words and a count a day, no person.
CREATE TABLE search_miss (
  workspace_id BIGINT  NOT NULL,
  day          TEXT    NOT NULL,
  words        TEXT    NOT NULL,
  times        INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, day, words)
);
