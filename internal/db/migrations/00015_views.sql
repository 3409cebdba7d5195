-- +goose Up
-- What leads to contracts with a hunch, and with an outlook that changed.
CREATE INDEX note_hunch ON note (workspace_id, contract_id, at, id) WHERE hunch <> '';
CREATE INDEX note_hunch_at ON note (workspace_id, at, contract_id) WHERE hunch <> '';
CREATE INDEX contract_outlook_at ON contract (workspace_id, outlook_at, id) WHERE outlook_at > 0;
