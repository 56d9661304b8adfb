/** Mean radius of the earth (IUGG), kilometres; a sphere is right to 0.5 %, far below what GeoIP knows. */
const EARTH_RADIUS_KM = 6371.0088;
const RADIANS = Math.PI / 180;

/** A place as a point on the unit sphere. */
export interface SpherePoint {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** The point of a latitude and longitude in degrees. */
export function spherePoint(latitude: number, longitude: number): SpherePoint {
  const cosine = Math.cos(latitude * RADIANS);
  return {
    x: cosine * Math.cos(longitude * RADIANS),
    y: cosine * Math.sin(longitude * RADIANS),
    z: Math.sin(latitude * RADIANS),
  };
}

/** Great-circle distance, kilometres: 0 … 20,015. By the chord, which stays exact for near neighbours. */
export function distanceKm(a: SpherePoint, b: SpherePoint): number {
  const x = a.x - b.x;
  const y = a.y - b.y;
  const z = a.z - b.z;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(x * x + y * y + z * z) / 2));
}
