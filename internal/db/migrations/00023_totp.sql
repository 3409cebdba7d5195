-- +goose Up
-- The second step of signing in: a secret an account shares with an app on a
-- phone, sealed. It counts once a code has confirmed it. last_step is the newest
-- thirty seconds a code was taken of, so that each is good once.
CREATE TABLE totp (
  account_id   BIGINT PRIMARY KEY REFERENCES account (id),
  secret       TEXT   NOT NULL,
  confirmed_at BIGINT NOT NULL DEFAULT 0,
  last_step    BIGINT NOT NULL DEFAULT 0
);

-- What opens once when the phone is lost.
CREATE TABLE totp_recovery (
  account_id BIGINT NOT NULL REFERENCES account (id),
  hash       TEXT   NOT NULL,
  PRIMARY KEY (account_id, hash)
);

-- Who gave the right password and still owes the code; it opens nothing else.
CREATE TABLE signin_step (
  hash         TEXT   PRIMARY KEY,
  account_id   BIGINT NOT NULL REFERENCES account (id),
  workspace_id BIGINT NOT NULL,
  member_id    BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX signin_step_account ON signin_step (account_id);
CREATE INDEX signin_step_expires ON signin_step (expires_at);
