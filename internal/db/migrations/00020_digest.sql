-- +goose Up
-- What a member hears of, by kind of notice: in the inbox, in the daily
-- message, both or not at all. Without a row all is heard but what happens on
-- contracts one follows.
CREATE TABLE notice_choice (
  workspace_id BIGINT  NOT NULL,
  member_id    BIGINT  NOT NULL,
  kind         TEXT    NOT NULL,
  inbox        BOOLEAN NOT NULL,
  message      BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, member_id, kind),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

-- How the daily message comes. Hours are those of the member's own day; quiet
-- hours that begin and end together are none.
CREATE TABLE digest_choice (
  workspace_id BIGINT  NOT NULL,
  member_id    BIGINT  NOT NULL,
  way          TEXT    NOT NULL CHECK (way IN ('mail', 'slack', 'webhook', 'none')),
  hour         INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
  quiet_from   INTEGER NOT NULL CHECK (quiet_from BETWEEN 0 AND 23),
  quiet_to     INTEGER NOT NULL CHECK (quiet_to BETWEEN 0 AND 23),
  webhook      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, member_id),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

-- The one message of a member's day; the row is there before anything is sent.
CREATE TABLE digest_sent (
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  day          TEXT   NOT NULL,
  at           BIGINT NOT NULL,
  outcome      TEXT   NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'nothing', 'left', 'late', 'off')),
  upto         BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, member_id, day),
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

-- Links that let somebody choose a new password, by their digest.
CREATE TABLE password_reset (
  hash       TEXT   PRIMARY KEY,
  account_id BIGINT NOT NULL REFERENCES account (id),
  expires_at BIGINT NOT NULL
);
CREATE INDEX password_reset_account ON password_reset (account_id);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

-- The link that goes out by mail is another than the one shown to copy.
ALTER TABLE invite ADD COLUMN mail_hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX invite_mailed ON invite (mail_hash) WHERE mail_hash <> '';
