import { AppError } from '../kernel/app-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { GeoLocator } from '../platform/geoip/geo-locator.ts';
import { networkPrefix } from '../platform/http/client-ip.ts';
import type { RegionsService } from '../regions/regions-module.ts';
import { type DecisionDocument, toDocument } from './decision.ts';
import type { ClientPlace, PlacementRegion, PlacementRequest } from './placement.ts';
import { decidePlacement } from './placement-decision.ts';
import type { PlacementsPorts } from './placement-ports.ts';
import type { EvaluatedClient, Evaluation, RegionOverride } from './placement-schemas.ts';
import type { PlacementService } from './placement-service.ts';

export interface PlacementEvaluation {
  /**
   * Decides for each client and stores nothing. What this process has just placed does not count, so the same
   * question has the same answer.
   * @throws AppError `region.unknown` for an override of a region that nobody has, and what `findPolicy` throws.
   */
  evaluate(tenantId: string | null, evaluation: Evaluation): Promise<readonly DecisionDocument[]>;
}

export function createPlacementEvaluation(options: {
  readonly placements: Pick<PlacementService, 'listRegions' | 'completePolicy'>;
  readonly locator: () => GeoLocator;
  readonly regions: Pick<RegionsService, 'snapshot'>;
  readonly clock: Clock;
  readonly ports: PlacementsPorts;
}): PlacementEvaluation {
  const { placements, locator, regions, clock, ports } = options;
  return {
    evaluate: async (tenantId, { room, policy: wish = {}, clients, overrides }) => {
      const known = override(placements.listRegions(), overrides?.regions ?? {});
      const { roomId, policy } = await ports.findPolicy({ tenantId, room, wish });
      const whole = placements.completePolicy(policy);
      const now = new Date(clock.nowMs());
      const { revision } = regions.snapshot();
      return clients.map((client) => {
        const startedMs = clock.monotonicMs();
        const outcome = decidePlacement(requestOf(client, locator(), roomId ?? ''), whole, known, now);
        const durationMicros = Math.round((clock.monotonicMs() - startedMs) * 1000);
        return toDocument({ ...outcome, revision, durationMicros }, null);
      });
    },
  };
}

function requestOf(client: EvaluatedClient, locator: GeoLocator, seed: string): PlacementRequest {
  return {
    client: placeOf(client, locator),
    networkPrefix: client.ip === undefined ? null : (networkPrefix(client.ip) ?? null),
    clientChoice: null,
    dnsHint: client.hint === undefined ? null : { region: client.hint, source: 'host' },
    latencies: client.latencies ?? [],
    avoidRegions: [],
    recentPlacements: new Map(),
    seed,
  };
}

const NO_PLACE: ClientPlace = { country: null, latitude: null, longitude: null, accuracyKm: null };

function placeOf({ ip, country, latitude, longitude }: EvaluatedClient, locator: GeoLocator): ClientPlace {
  if (ip !== undefined) return locator.locate(ip);
  if (country !== undefined) return locator.locateCountry(country);
  if (latitude === undefined || longitude === undefined) return NO_PLACE;
  return { country: null, latitude, longitude, accuracyKm: 0 };
}

function override(
  regions: readonly PlacementRegion[],
  overrides: Readonly<Record<string, RegionOverride>>,
): readonly PlacementRegion[] {
  const stranger = Object.keys(overrides).find((id) => !regions.some((region) => region.id === id));
  if (stranger !== undefined) throw unknownOverride(stranger);
  return regions.map((region) => {
    const change = Object.hasOwn(overrides, region.id) ? overrides[region.id] : undefined;
    return change === undefined ? region : changed(region, change);
  });
}

/** A region that is said to be healthy is taken to be proven too: that is what the question means. */
function changed(region: PlacementRegion, { state, health, load }: RegionOverride): PlacementRegion {
  const proven = health === 'healthy' || health === 'degraded' || region.proven;
  return {
    ...region,
    adminState: state ?? region.adminState,
    health: health ?? region.health,
    load: load ?? region.load,
    proven,
  };
}

function unknownOverride(id: string): AppError {
  const path = `overrides.regions.${id}`;
  return new AppError('region.unknown', {
    detail: 'An override names a region that there is not.',
    errors: [{ path, message: 'there is no such region' }],
  });
}
