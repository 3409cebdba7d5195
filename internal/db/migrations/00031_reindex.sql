-- +goose Up
-- What is in the index was cut by older rules: all of it waits to be read again.
INSERT INTO search_pending (workspace_id, kind, ref_id, id)
  SELECT DISTINCT workspace_id, kind, ref_id, ref_id FROM search_doc;
