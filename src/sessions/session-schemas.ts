import { z } from 'zod';
import { isoTime, isoTimeOrNull, pageQuerySchema, timeSchema } from '../platform/http/wire.ts';
import { CLOSE_REASONS, type Session } from './session.ts';

export const sessionSchema = z
  .object({
    id: z.string(),
    roomId: z.string(),
    epoch: z.int().min(1),
    region: z.string(),
    openedAt: timeSchema,
    closedAt: timeSchema.nullable(),
    closeReason: z.enum(CLOSE_REASONS).nullable(),
    decisionId: z.string(),
  })
  .meta({ id: 'Session' });

export const opsSessionSchema = sessionSchema
  .extend({ tenantId: z.string(), liveAt: timeSchema.nullable(), participants: z.int() })
  .meta({ id: 'OperatorSession' });

export const opsSessionQuerySchema = pageQuerySchema.extend({
  region: z.string().optional(),
  tenant: z.string().optional(),
  open: z.enum(['true', 'false']).optional(),
});

export function toWire(session: Session): z.output<typeof sessionSchema> {
  const { id, roomId, epoch, region, closeReason, decisionId } = session;
  return { id, roomId, epoch, region, decisionId, closeReason, openedAt: isoTime(session.openedAt), closedAt: isoTimeOrNull(session.closedAt) };
}

export function toOpsWire(session: Session): z.output<typeof opsSessionSchema> {
  return { ...toWire(session), tenantId: session.tenantId, liveAt: isoTimeOrNull(session.liveAt), participants: session.inside };
}
