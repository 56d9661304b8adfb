import { createTestDatabase } from '../../support/test-database.ts';
import { freePort } from '../../support/free-port.ts';
import { type TestProduct, startTestProduct } from '../../support/test-product.ts';
import { type PlaceId, type SimulatedRegions, startSimulatedRegions } from '../../support/test-regions.ts';

/** The whole product with simulated regions and the packaged GeoIP data, and addresses that this data knows. */
export interface PlacementsApi extends TestProduct {
  readonly simulated: SimulatedRegions;
  close(): Promise<void>;
}

/** Universities: they have not moved for decades, neither they nor their addresses. */
export const FROM = { munich: '129.187.255.228', newYork: '128.59.105.24', singapore: '137.132.21.27', unknown: '10.1.2.3' } as const;

export async function startPlacementsApi(
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly changes?: Readonly<Partial<Record<PlaceId, Readonly<Record<string, unknown>>>>>;
  } = {},
): Promise<PlacementsApi> {
  const port = await freePort();
  const database = await createTestDatabase();
  const simulated = await startSimulatedRegions(['eu-fra', 'us-iad', 'ap-sin'], port);
  const regions = simulated.regions.map((region) => ({
    id: region.id,
    document: { ...region.document, ...options.changes?.[region.id as PlaceId] },
  }));
  const product = await startTestProduct({ databaseUrl: database.url, port, regions, environment: options.environment ?? {} });
  return {
    ...product,
    simulated,
    close: async () => {
      await product.stop();
      await simulated.close();
      await database.drop();
    },
  };
}
