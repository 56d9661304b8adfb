
ALTER TABLE "member" ADD CONSTRAINT "member_role" CHECK ("role" IN ('owner', 'moderator', 'participant', 'viewer'));
ALTER TABLE "ban" ADD CONSTRAINT "ban_subject" CHECK (("identity" IS NULL) <> ("user_id" IS NULL));
ALTER TABLE "lobby_request" ADD CONSTRAINT "lobby_request_status" CHECK ("status" IN ('waiting', 'admitted', 'denied', 'expired'));
