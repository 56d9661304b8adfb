import type { Work } from '../platform/database/unit-of-work.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { Room, RoomContent } from './room.ts';

export interface RoomJournalEntry {
  /** With the revision that the change has made. */
  readonly room: Pick<Room, 'id' | 'tenantId' | 'slug' | 'revision'>;
  readonly change: 'create' | 'update' | 'delete';
  readonly before?: RoomContent;
  readonly after?: RoomContent;
}

/** Writes the audit row and the event of a change. The room's row is locked by then, so its events keep the order of commits. */
export async function recordChange(work: Work, by: By, { room, change, before, after }: RoomJournalEntry): Promise<void> {
  await work.appendAudit({ ...by, action: `room.${change}`, subject: room.id, before, after, tenantId: room.tenantId });
  await work.appendEvent({
    log: room.tenantId,
    type: `room.${change}d`,
    subject: { kind: 'room', id: room.id },
    transition: `revision:${room.revision}`,
    data: { roomId: room.id, slug: room.slug, revision: room.revision },
  });
}
