-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "deployment" (
    "one" INTEGER NOT NULL DEFAULT 1,
    "id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("one")
);

-- CreateTable
CREATE TABLE "generation" (
    "one" INTEGER NOT NULL DEFAULT 1,
    "regions" BIGINT NOT NULL DEFAULT 0,
    "keys" BIGINT NOT NULL DEFAULT 0,
    "tenants" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "generation_pkey" PRIMARY KEY ("one")
);

-- CreateTable
CREATE TABLE "instance" (
    "boot" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_pkey" PRIMARY KEY ("boot")
);

-- CreateTable
CREATE TABLE "leader" (
    "task" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "term" BIGINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "leader_pkey" PRIMARY KEY ("task")
);

-- CreateTable
CREATE TABLE "tenant" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "policy" JSONB NOT NULL DEFAULT '{}',
    "limits" JSONB NOT NULL DEFAULT '{}',
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT,
    "tenant_id" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "region" (
    "id" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "secrets" JSONB NOT NULL DEFAULT '{}',
    "admin_state" TEXT NOT NULL DEFAULT 'enabled',
    "revision" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "region_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "region_revision" (
    "n" INTEGER NOT NULL,
    "author" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "diff" JSONB NOT NULL,
    "documents" JSONB NOT NULL,

    CONSTRAINT "region_revision_pkey" PRIMARY KEY ("n")
);

-- CreateTable
CREATE TABLE "region_health" (
    "region_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'unknown',
    "reason" TEXT NOT NULL DEFAULT '',
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "proven_at" TIMESTAMPTZ(3),
    "load" DOUBLE PRECISION,
    "load_at" TIMESTAMPTZ(3),
    "participants" INTEGER,
    "rooms" INTEGER,
    "probes" JSONB NOT NULL DEFAULT '[]',
    "last_sign_at" TIMESTAMPTZ(3),
    "dark_since" TIMESTAMPTZ(3),
    "last_failure_at" TIMESTAMPTZ(3),

    CONSTRAINT "region_health_pkey" PRIMARY KEY ("region_id")
);

-- CreateTable
CREATE TABLE "data_key" (
    "id" TEXT NOT NULL,
    "master_key_id" TEXT NOT NULL,
    "wrapped" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "room" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "access" TEXT,
    "settings" JSONB NOT NULL,
    "created_by" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "room_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "region" TEXT NOT NULL,
    "decision_id" TEXT NOT NULL,
    "empty_timeout_seconds" INTEGER NOT NULL,
    "departure_timeout_seconds" INTEGER NOT NULL,
    "max_participants" INTEGER,
    "room_config" JSONB NOT NULL DEFAULT '{}',
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "live_at" TIMESTAMPTZ(3),
    "livekit_sid" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "close_reason" TEXT,
    "last_sign_at" TIMESTAMPTZ(3),
    "node_sign_at" TIMESTAMPTZ(3),
    "inside" INTEGER NOT NULL DEFAULT 0,
    "last_left_at" TIMESTAMPTZ(3),
    "participants_read_at" TIMESTAMPTZ(3),
    "doubtful_at" TIMESTAMPTZ(3),
    "hidden_at" TIMESTAMPTZ(3),
    "silent_at" TIMESTAMPTZ(3),
    "cleanup_due_at" TIMESTAMPTZ(3),
    "cleanup_attempt" INTEGER NOT NULL DEFAULT 0,
    "cleanup_absent_at" TIMESTAMPTZ(3),
    "create_called_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "participant" (
    "session_id" TEXT NOT NULL,
    "participant_sid" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "display_name" TEXT NOT NULL DEFAULT '',
    "role" TEXT,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "left_at" TIMESTAMPTZ(3),

    CONSTRAINT "participant_pkey" PRIMARY KEY ("session_id","participant_sid")
);

-- CreateTable
CREATE TABLE "decision" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "winner" TEXT,
    "body" JSONB NOT NULL,

    CONSTRAINT "decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "join_grant" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "network_prefix" TEXT,
    "entered_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbound_event" (
    "id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "error" TEXT,
    "fields" JSONB NOT NULL,
    "body" JSONB NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "inbound_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "n" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "log" TEXT NOT NULL,
    "seq" BIGINT,
    "type" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "transition" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "data" JSONB NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("n")
);

-- CreateTable
CREATE TABLE "event_counter" (
    "log" TEXT NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_counter_pkey" PRIMARY KEY ("log")
);

-- CreateIndex
CREATE INDEX "api_key_tenant_id_id_idx" ON "api_key"("tenant_id", "id" DESC);

-- CreateIndex
CREATE INDEX "audit_entry_tenant_id_id_idx" ON "audit_entry"("tenant_id", "id" DESC);

-- CreateIndex
CREATE INDEX "room_tenant_id_id_idx" ON "room"("tenant_id", "id" DESC);

-- CreateIndex
CREATE INDEX "room_updated_at_idx" ON "room"("updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "room_slug_live_key" ON "room"("tenant_id", "slug") WHERE (deleted_at IS NULL);

-- CreateIndex
CREATE INDEX "session_tenant_id_id_idx" ON "session"("tenant_id", "id" DESC);

-- CreateIndex
CREATE INDEX "session_open_by_region_idx" ON "session"("region") WHERE (closed_at IS NULL);

-- CreateIndex
CREATE INDEX "session_closed_at_idx" ON "session"("closed_at") WHERE (closed_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "session_cleanup_idx" ON "session"("region", "cleanup_due_at") WHERE (cleanup_due_at IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "session_room_id_epoch_key" ON "session"("room_id", "epoch");

-- CreateIndex
CREATE UNIQUE INDEX "session_open_key" ON "session"("room_id") WHERE (closed_at IS NULL);

-- CreateIndex
CREATE INDEX "participant_inside_idx" ON "participant"("session_id") WHERE (left_at IS NULL);

-- CreateIndex
CREATE INDEX "decision_room_id_id_idx" ON "decision"("room_id", "id" DESC);

-- CreateIndex
CREATE INDEX "decision_at_idx" ON "decision"("at");

-- CreateIndex
CREATE INDEX "join_grant_session_id_at_idx" ON "join_grant"("session_id", "at");

-- CreateIndex
CREATE INDEX "join_grant_at_idx" ON "join_grant"("at");

-- CreateIndex
CREATE INDEX "inbound_event_due_idx" ON "inbound_event"("due_at") WHERE (state = 'pending');

-- CreateIndex
CREATE INDEX "inbound_event_region_id_idx" ON "inbound_event"("region", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "inbound_event_region_event_id_key" ON "inbound_event"("region", "event_id");

-- CreateIndex
CREATE UNIQUE INDEX "event_id_key" ON "event"("id");

-- CreateIndex
CREATE INDEX "event_unsequenced_idx" ON "event"("n") WHERE (seq IS NULL);

-- CreateIndex
CREATE INDEX "event_at_idx" ON "event"("at");

-- CreateIndex
CREATE UNIQUE INDEX "event_log_seq_key" ON "event"("log", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "event_log_subject_kind_subject_id_transition_key" ON "event"("log", "subject_kind", "subject_id", "transition");



-- What every deployment begins with.
INSERT INTO "deployment" ("id") VALUES ('dep-' || gen_random_uuid());
INSERT INTO "generation" ("one") VALUES (1);
INSERT INTO "tenant" ("id", "name") VALUES ('default', 'Default');

-- States are closed sets: a row that no release knows is refused here, not found out later.
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_one" CHECK ("one" = 1);
ALTER TABLE "generation" ADD CONSTRAINT "generation_one" CHECK ("one" = 1);
ALTER TABLE "region" ADD CONSTRAINT "region_admin_state" CHECK ("admin_state" IN ('enabled', 'cordoned', 'disabled'));
ALTER TABLE "room" ADD CONSTRAINT "room_access" CHECK ("access" IN ('public', 'trusted', 'restricted'));
ALTER TABLE "session" ADD CONSTRAINT "session_epoch" CHECK ("epoch" > 0);
ALTER TABLE "session" ADD CONSTRAINT "session_closed" CHECK (("closed_at" IS NULL) = ("close_reason" IS NULL));
ALTER TABLE "inbound_event" ADD CONSTRAINT "inbound_event_state" CHECK ("state" IN ('pending', 'done', 'failed', 'unreadable'));
