import { z } from 'zod';
import { ACCESS_MODES, TRACK_SOURCES } from './room.ts';

/** What a tenant's rooms start from and, for regions and residency, may only narrow. */
const tenantRulesSchema = z.strictObject({
  regions: z.strictObject({ allow: z.array(z.string()).optional(), deny: z.array(z.string()).optional() }).optional(),
  /** Read by the placements, which refuse every region when they do not understand it. */
  residency: z.unknown().optional(),
  access: z.enum(ACCESS_MODES).optional(),
  permissions: z
    .strictObject({
      publish: z.boolean().optional(),
      sources: z.array(z.enum(TRACK_SOURCES)).optional(),
      data: z.boolean().optional(),
    })
    .optional(),
  maxParticipants: z.int().min(1).optional(),
  recording: z
    .strictObject({
      auto: z.boolean().optional(),
      layout: z.string().optional(),
      audioOnly: z.boolean().optional(),
      retentionDays: z.int().min(1).optional(),
    })
    .optional(),
});

export interface TenantRules extends Omit<z.output<typeof tenantRulesSchema>, 'regions'> {
  readonly regions: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
}

/** A rule that nobody understands may forbid anything: no region, and nobody but members. */
const UNREADABLE: TenantRules = { regions: { allow: [] }, residency: undefined, access: 'restricted' };

/** Reads a stored tenant policy; one that this release does not wholly understand refuses every region. */
export function readTenantRules(stored: unknown): TenantRules {
  const result = tenantRulesSchema.safeParse(stored);
  if (!result.success) return UNREADABLE;
  const { allow, deny } = result.data.regions ?? {};
  return {
    ...result.data,
    regions: { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) },
  };
}
