import { AppError } from '../kernel/app-error.ts';
import { hasScope } from '../platform/http/actor.ts';
import { ANYONE, type Call, type Route, defineRoute, scopes } from '../platform/http/route.ts';
import { ownTenant } from '../tenants/tenants-module.ts';
import type { PlacementOutcome } from './placement.ts';
import type { PlacementEvaluation } from './placement-evaluation.ts';
import { decisionListSchema, evaluateSchema, nearestSchema } from './placement-schemas.ts';
import type { PlacementService } from './placement-service.ts';

/** A region's health changes within seconds; that is when to ask again. */
const RETRY_AFTER_SECONDS = 3;

export function createPlacementRoutes(options: {
  readonly placements: Pick<PlacementService, 'findNearest'>;
  readonly evaluation: PlacementEvaluation;
}): Route[] {
  const { placements, evaluation } = options;
  return [
    defineRoute({
      method: 'post',
      path: '/v1/placements/evaluate',
      operationId: 'evaluatePlacement',
      summary: 'Where would these clients go, and why? Nothing is stored',
      tag: 'Placement',
      access: scopes('rooms:read', 'ops:read'),
      request: { body: evaluateSchema },
      responses: { 200: { description: 'One decision for each client, in their order', schema: decisionListSchema } },
      problems: ['room.not-found', 'region.unknown'],
      handler: async ({ body }, call) => {
        const decisions = await evaluation.evaluate(tenantOf(call, body.room), body);
        return { status: 200, body: { decisions } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/regions/nearest',
      operationId: 'findNearestRegion',
      summary: 'The region that the caller would be sent to',
      tag: 'Regions',
      access: ANYONE,
      cors: true,
      responses: { 200: { description: 'The region, and those that come after it', schema: nearestSchema, headers: ['Cache-Control'] } },
      problems: ['placement.no-region'],
      handler: (_, call) => ({
        status: 200,
        body: toNearest(placements.findNearest(call)),
        headers: { 'Cache-Control': 'no-store' },
      }),
    }),
  ];
}

/**
 * Whose rooms and rules are asked about: a tenant's key asks as its tenant, an operator's about no tenant and so
 * about no room.
 */
function tenantOf(call: Call, room: string | undefined): string | null {
  if (hasScope(call.actor, 'rooms:read')) return ownTenant(call);
  if (room === undefined) return call.actor.kind === 'api-key' ? call.actor.tenantId : null;
  throw new AppError('auth.forbidden', { detail: 'Asking about a room needs the scope rooms:read.' });
}

function toNearest({ winner, rule, reason, candidates }: PlacementOutcome): object {
  if (winner === null) {
    throw new AppError('placement.no-region', { detail: reason, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  const others = candidates.filter((candidate) => candidate.eligible && candidate.region !== winner);
  return { region: winner, rule, reason, alternatives: others.map((candidate) => candidate.region) };
}
