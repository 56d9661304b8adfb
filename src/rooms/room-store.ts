import { Prisma } from '../generated/prisma/client.ts';
import { type RoomId, isId } from '../kernel/ids.ts';
import { type Page, type PageRequest, decodeIdCursor, toPage } from '../kernel/page.ts';
import { classifyDatabaseFailure } from '../platform/database/database-failure.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { StoredContent } from './room-content.ts';
import { slugTaken } from './room-errors.ts';
import { ROOM_COLUMNS, type RoomRow, type TenantRoom, fromRow } from './room-row.ts';
import { type TenantRules, readTenantRules } from './tenant-rules.ts';

export interface NewRoom extends StoredContent {
  readonly id: RoomId;
  readonly tenantId: string;
  readonly createdBy: string;
}

export interface RoomStore {
  /** A room that is not deleted, by id or slug, of this tenant. */
  find(tenantId: string, idOrSlug: string): Promise<TenantRoom | undefined>;
  /** The same, locked until the transaction ends. */
  lock(tenantId: string, idOrSlug: string): Promise<TenantRoom | undefined>;
  /** Newest first. */
  list(tenantId: string, page: PageRequest): Promise<Page<TenantRoom>>;
  findTenantRules(tenantId: string): Promise<TenantRules | undefined>;
  /** Tells whether the slug was free. */
  insert(room: NewRoom): Promise<boolean>;
  /**
   * Writes the content as the revision after `revision`; false when it is not at that revision, or is deleted.
   * @throws AppError `room.slug-taken`.
   */
  update(id: RoomId, revision: number, content: StoredContent): Promise<boolean>;
  /** Takes the room out of use and frees its slug; false when it is not at that revision, or is deleted. */
  remove(id: RoomId, revision: number): Promise<boolean>;
}

const SELECT = Prisma.raw(`SELECT ${ROOM_COLUMNS} FROM room r JOIN tenant t ON t.id = r.tenant_id`);

export function createRoomStore(db: Db): RoomStore {
  async function findOne(tenantId: string, idOrSlug: string, lock: Prisma.Sql): Promise<TenantRoom | undefined> {
    const name = isId('room', idOrSlug) ? Prisma.sql`r.id = ${idOrSlug}` : Prisma.sql`r.slug = ${idOrSlug}`;
    const rows = await db.$queryRaw<RoomRow[]>`
      ${SELECT} WHERE r.tenant_id = ${tenantId} AND ${name} AND r.deleted_at IS NULL ${lock}`;
    return rows[0] && fromRow(rows[0]);
  }

  return {
    find: (tenantId, idOrSlug) => findOne(tenantId, idOrSlug, Prisma.empty),
    lock: (tenantId, idOrSlug) => findOne(tenantId, idOrSlug, Prisma.sql`FOR UPDATE OF r`),
    list: (tenantId, page) => listRooms(db, tenantId, page),
    findTenantRules: async (tenantId) => {
      const tenant = await db.tenant.findUnique({ where: { id: tenantId }, select: { policy: true } });
      return tenant ? readTenantRules(tenant.policy) : undefined;
    },
    insert: async ({ id, tenantId, slug, name, createdBy, settings: { access, ...settings } }) => {
      const count = await db.$executeRaw`
        INSERT INTO room (id, tenant_id, slug, name, access, settings, created_by, created_at, updated_at)
        VALUES (${id}, ${tenantId}, ${slug}, ${name}, ${access ?? null}, ${JSON.stringify(settings)}::jsonb, ${createdBy}, now(), now())
        ON CONFLICT (tenant_id, slug) WHERE deleted_at IS NULL DO NOTHING`;
      return count === 1;
    },
    update: (id, revision, content) => updateRoom(db, id, revision, content),
    remove: async (id, revision) => {
      const count = await db.$executeRaw`
        UPDATE room SET deleted_at = now(), updated_at = now(), revision = revision + 1
        WHERE id = ${id} AND revision = ${revision} AND deleted_at IS NULL`;
      return count === 1;
    },
  };
}

async function listRooms(db: Db, tenantId: string, { limit, cursor }: PageRequest): Promise<Page<TenantRoom>> {
  const before = cursor === undefined ? undefined : decodeIdCursor(cursor, 'room');
  const from = before === undefined ? Prisma.empty : Prisma.sql`AND r.id < ${before}`;
  const rows = await db.$queryRaw<RoomRow[]>`
    ${SELECT} WHERE r.tenant_id = ${tenantId} ${from} AND r.deleted_at IS NULL ORDER BY r.id DESC LIMIT ${limit + 1}`;
  return toPage(rows.map(fromRow), limit, ({ room }) => [room.id]);
}

async function updateRoom(db: Db, id: RoomId, revision: number, content: StoredContent): Promise<boolean> {
  const { access, ...settings } = content.settings;
  try {
    const count = await db.$executeRaw`
      UPDATE room
      SET slug = ${content.slug}, name = ${content.name}, access = ${access ?? null},
          settings = ${JSON.stringify(settings)}::jsonb, revision = revision + 1, updated_at = now()
      WHERE id = ${id} AND revision = ${revision} AND deleted_at IS NULL`;
    return count === 1;
  } catch (error) {
    if (classifyDatabaseFailure(error) === 'unique') throw slugTaken(content.slug);
    throw error;
  }
}
