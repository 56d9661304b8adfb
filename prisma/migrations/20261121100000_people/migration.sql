-- CreateTable
CREATE TABLE "member" (
    "room_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("room_id","user_id")
);

-- CreateTable
CREATE TABLE "ban" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "identity" TEXT,
    "user_id" TEXT,
    "until" TIMESTAMPTZ(3),
    "reason" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lifted_at" TIMESTAMPTZ(3),

    CONSTRAINT "ban_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lobby_request" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "session_id" TEXT,
    "identity" TEXT NOT NULL,
    "user_id" TEXT,
    "display_name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'waiting',
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "polled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" TEXT,

    CONSTRAINT "lobby_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_record" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" INTEGER,
    "headers" JSONB,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("scope","key")
);

-- CreateIndex
CREATE INDEX "member_tenant_id_user_id_idx" ON "member"("tenant_id", "user_id");

-- CreateIndex
CREATE INDEX "member_updated_at_idx" ON "member"("updated_at");

-- CreateIndex
CREATE INDEX "ban_in_force_idx" ON "ban"("room_id") WHERE (lifted_at IS NULL);

-- CreateIndex
CREATE INDEX "ban_created_at_idx" ON "ban"("created_at");

-- CreateIndex
CREATE INDEX "lobby_request_room_id_id_idx" ON "lobby_request"("room_id", "id" DESC);

-- CreateIndex
CREATE INDEX "lobby_waiting_idx" ON "lobby_request"("polled_at") WHERE (status = 'waiting');

-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");

ALTER TABLE "member" ADD CONSTRAINT "member_role" CHECK ("role" IN ('owner', 'moderator', 'participant', 'viewer'));
ALTER TABLE "ban" ADD CONSTRAINT "ban_subject" CHECK (("identity" IS NULL) <> ("user_id" IS NULL));
ALTER TABLE "lobby_request" ADD CONSTRAINT "lobby_request_status" CHECK ("status" IN ('waiting', 'admitted', 'denied', 'expired'));
