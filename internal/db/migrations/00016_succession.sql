-- +goose Up
-- Which rows of a file go on with a contract under another key, as its next
-- term: folded key to contract, as somebody chose in the preview.
ALTER TABLE import ADD COLUMN successions JSONB NOT NULL DEFAULT '{}';
