import type { RegionEntry } from '../../../src/regions/region-document.ts';
import { regionEntrySchema } from '../../../src/regions/region-document.ts';

/** A sound document as an operator would write it. */
export function writtenRegion(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'eu-fra',
    latitude: 50.11,
    longitude: 8.68,
    jurisdiction: 'EU',
    livekit: {
      publicUrl: 'wss://fra.example',
      apiUrl: 'https://fra.internal.example',
      keys: [{ id: 'one', key: 'APIfra', secret: 'fra-secret', use: 'sign' }],
    },
    ...changes,
  };
}

export function readRegion(changes: Readonly<Record<string, unknown>> = {}): RegionEntry {
  return regionEntrySchema.parse(writtenRegion(changes));
}

/** Where the schema finds fault, as dotted paths, each once. */
export function faultPaths(changes: Readonly<Record<string, unknown>>): string[] {
  const read = regionEntrySchema.safeParse(writtenRegion(changes));
  return read.success ? [] : [...new Set(read.error.issues.map((issue) => issue.path.join('.')))];
}

export function livekitWith(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { livekit: { ...(writtenRegion()['livekit'] as object), ...changes } };
}
