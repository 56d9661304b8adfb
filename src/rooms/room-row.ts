import type { RoomId } from '../kernel/ids.ts';
import type { Access, Room, RoomSettings } from './room.ts';
import { type TenantRules, readTenantRules } from './tenant-rules.ts';

/** A room with its tenant's policy, as both drivers give it. */
export interface RoomRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly slug: string;
  readonly name: string;
  readonly access: string | null;
  readonly settings: unknown;
  readonly created_by: string;
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly tenant_policy: unknown;
  readonly tenant_revision: number;
}

/** The columns of `RoomRow`, from `room r` and `tenant t`. */
export const ROOM_COLUMNS = `r.id, r.tenant_id, r.slug, r.name, r.access, r.settings, r.created_by, r.revision,
  r.created_at, r.updated_at, t.policy AS tenant_policy, t.revision AS tenant_revision`;

/** A room and the policy of the tenant it belongs to, of one moment. */
export interface TenantRoom {
  readonly room: Room;
  readonly tenant: TenantRules;
  readonly tenantRevision: number;
}

/** A row in our own words; a policy that this release cannot read refuses every region. */
export function fromRow(row: RoomRow): TenantRoom {
  // The check constraint and the schemas bound what can stand in the columns.
  const stored = row.settings as RoomSettings;
  const settings = row.access === null ? stored : { ...stored, access: row.access as Access };
  return {
    room: {
      id: row.id as RoomId,
      tenantId: row.tenant_id,
      slug: row.slug,
      name: row.name,
      settings,
      createdBy: row.created_by,
      revision: row.revision,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    tenant: readTenantRules(row.tenant_policy),
    tenantRevision: row.tenant_revision,
  };
}
