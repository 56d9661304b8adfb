-- AlterTable
ALTER TABLE "region_health" ADD COLUMN     "key_uses" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "region_source" (
    "source" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "region_ids" TEXT[],
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "region_source_pkey" PRIMARY KEY ("source")
);
