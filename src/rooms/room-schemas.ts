import { z } from 'zod';
import { ROOM_SLUG } from '../kernel/ids.ts';
import { isWithinDepth } from '../platform/http/json-body.ts';
import { nameSchema, pageSchema, timeSchema } from '../platform/http/wire.ts';
import { ACCESS_MODES, PIN_FALLBACKS, REGION_MODES, TRACK_SOURCES } from './room.ts';

/** Bytes of a room's metadata, and of an agent's, as JSON. */
const METADATA_BYTES = 16 * 1024;
/** Levels of arrays and objects in metadata. */
const METADATA_DEPTH = 32;
/** Far above what a LiveKit node holds; a larger figure is a slip. */
const MAX_PARTICIPANTS = 100_000;
const MAX_EMPTY_TIMEOUT_SECONDS = 86_400;
const MAX_RETENTION_DAYS = 3650;
const MAX_AGENTS = 20;
/** ISO 3166-1 knows 249 countries; no deployment has more regions or jurisdictions. */
const MAX_LIST = 250;

const slugSchema = z.string().regex(ROOM_SLUG, 'must be 1 to 63 of a-z 0-9 -, beginning and ending with a letter or digit');
const regionIdSchema = z.string().min(1).max(200);
const regionIdsSchema = z.array(regionIdSchema).max(MAX_LIST);
const fitsMetadata = (value: unknown): boolean => Buffer.byteLength(JSON.stringify(value) ?? '') <= METADATA_BYTES;
const isShallow = (value: unknown): boolean => isWithinDepth(value, METADATA_DEPTH);
const tooDeep = `must have at most ${METADATA_DEPTH} levels`;
const tooLong = `must be at most ${METADATA_BYTES} bytes of JSON`;

const regionShape = {
  mode: z.enum(REGION_MODES),
  id: regionIdSchema.optional(),
  fallback: z.enum(PIN_FALLBACKS).optional(),
  clientChoice: z.boolean().optional(),
};
const residencyShape = {
  jurisdictions: z.array(z.string().min(1).max(200)).max(MAX_LIST).optional(),
  regions: regionIdsSchema.optional(),
  deny: regionIdsSchema.optional(),
};
const permissionsShape = {
  publish: z.boolean().optional(),
  sources: z.array(z.enum(TRACK_SOURCES)).max(TRACK_SOURCES.length).optional(),
  data: z.boolean().optional(),
};
const recordingShape = {
  auto: z.boolean().optional(),
  layout: z.string().min(1).max(100).optional(),
  audioOnly: z.boolean().optional(),
  retentionDays: z.int().min(1).max(MAX_RETENTION_DAYS).optional(),
};
const agentSchema = z.strictObject({
  name: nameSchema,
  metadata: z.string().refine(fitsMetadata, tooLong).optional(),
});

function contentShape(minEmptyTimeoutSeconds: number) {
  return {
    slug: slugSchema.optional(),
    name: nameSchema.optional(),
    access: z.enum(ACCESS_MODES).optional(),
    region: z.strictObject({ ...regionShape, mode: z.enum(REGION_MODES).default('auto') }).optional(),
    residency: z.strictObject(residencyShape).optional(),
    maxParticipants: z.int().min(1).max(MAX_PARTICIPANTS).optional(),
    emptyTimeoutSeconds: z.int().min(minEmptyTimeoutSeconds).max(MAX_EMPTY_TIMEOUT_SECONDS).optional(),
    permissions: z.strictObject(permissionsShape).optional(),
    recording: z.strictObject(recordingShape).optional(),
    agents: z.array(agentSchema).max(MAX_AGENTS).optional(),
    invitedCountries: z.array(z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code as in "DE"')).max(MAX_LIST).optional(),
    metadata: z.unknown().refine(fitsMetadata, tooLong).refine(isShallow, tooDeep).optional(),
  };
}

/** Every member may be left out, or be `null` to clear it. */
function clearable<S extends z.ZodRawShape>(shape: S): { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K]>> } {
  // The same names with other schemas: TypeScript keeps no names through a list.
  const entries = Object.entries(shape).map(([key, schema]) => [key, (schema as z.ZodType).nullable().optional()]);
  return Object.fromEntries(entries) as { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K]>> };
}

export type RoomSchemas = ReturnType<typeof createRoomSchemas>;

/** The bodies of create and patch; the smallest empty time-out is the deployment's. */
export function createRoomSchemas({ minEmptyTimeoutSeconds }: { readonly minEmptyTimeoutSeconds: number }) {
  const shape = contentShape(minEmptyTimeoutSeconds);
  const content = z.strictObject(shape).superRefine(({ region }, issues) => {
    if (region?.mode === 'pinned' && region.id === undefined) {
      issues.addIssue({ code: 'custom', path: ['region', 'id'], message: 'is needed where the mode is "pinned"' });
    }
    if (region?.mode === 'auto' && region.id !== undefined) {
      issues.addIssue({ code: 'custom', path: ['region', 'id'], message: 'needs the mode "pinned"' });
    }
  });
  const patch = z.strictObject({
    ...clearable(shape),
    region: z.strictObject(clearable(regionShape)).nullable().optional(),
    residency: z.strictObject(clearable(residencyShape)).nullable().optional(),
    permissions: z.strictObject(clearable(permissionsShape)).nullable().optional(),
    recording: z.strictObject(clearable(recordingShape)).nullable().optional(),
  });
  return { content: content.meta({ id: 'RoomContent' }), patch: patch.meta({ id: 'RoomPatch' }) };
}

const liveSchema = z
  .object({ sessionId: z.string(), epoch: z.int(), region: z.string(), startedAt: timeSchema, participants: z.int() })
  .meta({ id: 'LiveSession', description: 'The open session; its room is entered by a join.' });

export const roomSchema = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    slug: z.string(),
    name: z.string(),
    access: z.enum(ACCESS_MODES),
    region: z.object({ ...regionShape, fallback: z.enum(PIN_FALLBACKS), clientChoice: z.boolean() }),
    residency: z.object(residencyShape).nullable(),
    maxParticipants: z.int().nullable(),
    emptyTimeoutSeconds: z.int(),
    permissions: z.object({ publish: z.boolean(), sources: z.array(z.enum(TRACK_SOURCES)), data: z.boolean() }),
    recording: z.object({
      auto: z.boolean(),
      layout: z.string().nullable(),
      audioOnly: z.boolean(),
      retentionDays: z.int().nullable(),
    }),
    agents: z.array(z.object({ name: z.string(), metadata: z.string().optional() })),
    invitedCountries: z.array(z.string()),
    metadata: z.unknown(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    revision: z.int(),
    live: liveSchema.nullable(),
  })
  .meta({ id: 'Room' });

function sourced<T extends z.ZodType>(value: T) {
  return z.object({ value, source: z.enum(['deployment', 'tenant', 'room']), lockedBy: z.enum(['tenant']).nullable() });
}

const values = roomSchema.shape;
export const effectivePolicySchema = z
  .object({
    access: sourced(values.access),
    region: sourced(values.region),
    residency: sourced(values.residency),
    maxParticipants: sourced(values.maxParticipants),
    emptyTimeoutSeconds: sourced(values.emptyTimeoutSeconds),
    permissions: sourced(values.permissions),
    recording: sourced(values.recording),
    agents: sourced(values.agents),
    invitedCountries: sourced(values.invitedCountries),
    metadata: sourced(values.metadata),
  })
  .meta({ id: 'EffectivePolicy' });

export const roomPageSchema = pageSchema(roomSchema);
export const roomParamsSchema = z.strictObject({ room: z.string() });
