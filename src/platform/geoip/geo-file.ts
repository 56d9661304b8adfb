import { readFile, stat } from 'node:fs/promises';
import { type CityResponse, Reader } from 'maxmind';
import { probeFile } from './geo-file-probe.ts';
import { createPlaceCache } from './place-cache.ts';

/** An opened file, known to be sound. */
export interface GeoFile {
  readonly path: string;
  readonly bytes: number;
  readonly builtAt: Date;
  readonly databaseType: string;
  /** 4: only IPv4 can be asked. 6: IPv6, and IPv4 where the file holds both. */
  readonly ipVersion: 4 | 6;
  readonly nodeCount: number;
  /** Changes when the file on disk changes. */
  readonly signature: string;
  /** The raw record, or null. The caller asks only for addresses of a family that the file has. */
  get(address: string): unknown;
}

/** Why a file was not taken; `detail` is for logs. */
export class GeoFileError extends Error {
  override readonly name = 'GeoFileError';
}

/** A whole planet at street level stays under this; more is a wrong file, and reading it would end the process. */
const MAX_BYTES = 1024 * 1024 * 1024;
const GZIP = [0x1f, 0x8b];
/** Decoded records kept for each file: the same few thousand networks make most of the traffic. */
const RECORD_CACHE = 2048;

/** What tells one state of a file on disk from another; undefined when there is no file. */
export async function signatureOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * Reads and tries a file before anybody relies on it.
 * @throws GeoFileError when it is absent, empty, packed, cut, of another kind, or still being written.
 */
export async function openGeoFile(path: string): Promise<GeoFile> {
  const signature = await signatureOf(path);
  if (signature === undefined) throw new GeoFileError(`${path} is not there`);
  const buffer = await readWhole(path);
  if ((await signatureOf(path)) !== signature) throw new GeoFileError(`${path} changed while it was read`);
  const reader = openReader(path, buffer);
  const { ipVersion, buildEpoch, databaseType, nodeCount } = reader.metadata;
  const problem = probeFile(reader, buffer);
  if (problem !== undefined) throw new GeoFileError(`${path} ${problem}`);
  return {
    path,
    bytes: buffer.length,
    builtAt: buildEpoch,
    databaseType,
    ipVersion: ipVersion === 4 ? 4 : 6,
    nodeCount,
    signature,
    get: (address) => reader.get(address),
  };
}

async function readWhole(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size === 0) throw new GeoFileError(`${path} is empty`);
  if (size > MAX_BYTES) throw new GeoFileError(`${path} has ${size} bytes, more than any file of this kind`);
  const buffer = await readFile(path);
  if (buffer[0] === GZIP[0] && buffer[1] === GZIP[1]) throw new GeoFileError(`${path} is a gzip file; unpack it first`);
  return buffer;
}

function openReader(path: string, buffer: Buffer): Reader<CityResponse> {
  try {
    return new Reader<CityResponse>(buffer, { cache: createPlaceCache(RECORD_CACHE) });
  } catch (error) {
    throw new GeoFileError(`${path} is not a readable MaxMind-format file`, { cause: error });
  }
}
