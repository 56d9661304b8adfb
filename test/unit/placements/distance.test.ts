import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceKm, spherePoint } from '../../../src/placements/distance.ts';

const between = (a: readonly [number, number], b: readonly [number, number]) => distanceKm(spherePoint(...a), spherePoint(...b));
const place = fc.tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }));
/** Near the antipode half a chord differs from 1 by the square of the angle: rounded at 2^-53, by some 12,742 km × 2^-26. */
const ROUNDING_KM = 0.001;

describe('great-circle distance', () => {
  it.each<[string, readonly [number, number], readonly [number, number], number]>([
    ['London to New York', [51.5074, -0.1278], [40.7128, -74.006], 5570],
    ['a quarter of the equator', [0, 0], [0, 90], 10_008],
    ['pole to pole', [90, 0], [-90, 0], 20_015],
    ['over the date line', [0, 179.5], [0, -179.5], 111],
    ['nowhere', [12.5, 77.6], [12.5, 77.6], 0],
  ])('%s', (_, a, b, km) => expect(between(a, b)).toBeCloseTo(km, -0.7));

  it('keeps its precision for neighbours: a metre is a metre', () => {
    expect(between([50, 8], [50 + 1 / 111_195, 8])).toBeCloseTo(0.001, 6);
  });

  it('is a metric on the sphere', () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        const direct = between(a, c);
        expect(direct).toBeGreaterThanOrEqual(0);
        expect(direct).toBeLessThanOrEqual(20_016);
        expect(Math.abs(direct - between(c, a))).toBeLessThan(ROUNDING_KM);
        expect(direct).toBeLessThanOrEqual(between(a, b) + between(b, c) + ROUNDING_KM);
      }),
    );
  });
});
