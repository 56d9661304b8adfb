import { z } from 'zod';
import type { Instance } from '../coordination/instance.ts';
import type { LeaderElection } from '../coordination/leader.ts';
import { type Route, defineRoute, scopes } from '../platform/http/route.ts';
import { isoTime, timeSchema } from '../platform/http/wire.ts';

const instanceSchema = z.object({
  id: z.string(),
  pid: z.int(),
  startedAt: timeSchema,
  version: z.string(),
  leads: z.array(z.string()),
});

/** Which process answered, and what it leads. */
export function createInstanceRoutes({ instance, leader }: { readonly instance: Instance; readonly leader: LeaderElection }): Route[] {
  const { id, pid, startedAt, version } = instance;
  return [
    defineRoute({
      method: 'get',
      path: '/internal/instance-info',
      operationId: 'getInstanceInfo',
      summary: 'The process that answers, and the tasks it leads',
      tag: 'Operators',
      access: scopes('ops:read'),
      responses: { 200: { description: 'This process', schema: instanceSchema } },
      handler: () => ({ status: 200, body: { id, pid, version, startedAt: isoTime(startedAt), leads: leader.leads() } }),
    }),
  ];
}
