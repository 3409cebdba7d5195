-- +goose Up
-- One contract that came from one owner to the next, or from nobody. Those of
-- one act share batch_id. It waits for the new owner until settled_at; of one
-- contract only one waits. A handover that was taken back is not kept: the
-- trail has what happened.
CREATE TABLE handover (
  workspace_id BIGINT  NOT NULL,
  id           BIGINT  NOT NULL,
  batch_id     BIGINT  NOT NULL,
  contract_id  BIGINT  NOT NULL,
  from_id      BIGINT, -- nobody owned it before
  to_id        BIGINT  NOT NULL,
  at           BIGINT  NOT NULL,
  by_id        BIGINT, -- an import, the system
  words        TEXT    NOT NULL DEFAULT '',
  followed     BOOLEAN NOT NULL DEFAULT FALSE, -- it made the former owner a follower
  settled_at   BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, contract_id) REFERENCES contract (workspace_id, id),
  FOREIGN KEY (workspace_id, from_id) REFERENCES member (workspace_id, id),
  FOREIGN KEY (workspace_id, to_id) REFERENCES member (workspace_id, id)
);
CREATE UNIQUE INDEX handover_open ON handover (workspace_id, contract_id) WHERE settled_at = 0;
CREATE INDEX handover_contract ON handover (workspace_id, contract_id, at, id);
CREATE INDEX handover_waiting ON handover (workspace_id, to_id, at, id) WHERE settled_at = 0;
CREATE INDEX handover_at ON handover (workspace_id, at, id);
CREATE INDEX handover_batch ON handover (workspace_id, batch_id);
CREATE INDEX handover_by ON handover (workspace_id, by_id, at);

-- Who stands in for a member on which days, both included, in the workspace's
-- zone. Days of one member do not overlap.
CREATE TABLE cover (
  workspace_id BIGINT NOT NULL,
  id           BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  deputy_id    BIGINT NOT NULL,
  from_date    TEXT   NOT NULL,
  to_date      TEXT   NOT NULL,
  words        TEXT   NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  read_at      BIGINT NOT NULL DEFAULT 0, -- the one who was away has seen what was done
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id),
  FOREIGN KEY (workspace_id, deputy_id) REFERENCES member (workspace_id, id),
  CHECK (from_date <= to_date),
  CHECK (member_id <> deputy_id)
);
CREATE INDEX cover_member ON cover (workspace_id, member_id, to_date);
CREATE INDEX cover_deputy ON cover (workspace_id, deputy_id, to_date);
