import { ANYONE, type Route, defineRoute } from '../platform/http/route.ts';
import { idParamsSchema } from '../platform/http/wire.ts';
import { unknownRegion } from './region-directory.ts';
import { publicRegionListSchema } from './region-schemas.ts';
import { toPublicRegion } from './region-wire.ts';
import type { RegionView } from './region.ts';

const NO_STORE = { 'Cache-Control': 'no-store' } as const;

/** What anybody may ask of regions. Both answers come from memory. */
export function createRegionRoutes(options: {
  readonly listViews: () => readonly RegionView[];
  readonly findView: (id: string) => RegionView | undefined;
}): Route[] {
  const { listViews, findView } = options;
  return [
    defineRoute({
      method: 'get',
      path: '/v1/regions',
      operationId: 'listRegions',
      summary: 'Regions, by id, with the address to measure the distance by',
      tag: 'Regions',
      access: ANYONE,
      cors: true,
      responses: { 200: { description: 'The regions', schema: publicRegionListSchema, headers: ['Cache-Control'] } },
      handler: () => ({
        status: 200,
        body: { items: listViews().map(toPublicRegion) },
        headers: { 'Cache-Control': 'public, max-age=30' },
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/healthz/regions/{id}',
      operationId: 'checkRegion',
      summary: 'Whether a region takes new sessions: for DNS and balancer checks',
      tag: 'Regions',
      access: ANYONE,
      request: { params: idParamsSchema },
      responses: { 200: { description: 'It does' }, 503: { description: 'It does not' } },
      problems: ['region.unknown'],
      handler: ({ params }) => {
        const view = findView(params.id);
        if (view === undefined) throw unknownRegion('path');
        if (view.accepting) return { status: 200, headers: NO_STORE };
        return { status: 503, headers: { ...NO_STORE, 'Retry-After': '2' } };
      },
    }),
  ];
}
