import type { CityResponse, Reader } from 'maxmind';
import { formatIpv4 } from '../../kernel/ip-address.ts';
import { readRecord } from './geo-record.ts';

/** Zero bytes between tree and data (MaxMind DB format 2.0). */
const SEPARATOR_BYTES = 16;
/** Slices of the address space that are tried, and look-ups in each: about a thousand, some ten milliseconds. */
const SLICES = 16;
const STEPS_PER_SLICE = 64;
/** A tenth of records that say nothing is an odd file; more is the wrong kind of file. */
const MIN_USABLE_SHARE = 0.1;

/**
 * Tries a file that was just opened: its sizes must agree, and sample look-ups all over the address space must answer
 * with places. Returns what is wrong, as the end of a sentence; undefined when it is sound.
 */
export function probeFile(reader: Reader<CityResponse>, buffer: Buffer): string | undefined {
  const { binaryFormatMajorVersion, ipVersion, nodeCount, searchTreeSize } = reader.metadata;
  if (binaryFormatMajorVersion !== 2) return `has format version ${binaryFormatMajorVersion}, and 2 is understood`;
  if (ipVersion !== 4 && ipVersion !== 6) return `has an unknown IP version ${ipVersion}`;
  if (!(nodeCount > 0) || searchTreeSize + SEPARATOR_BYTES >= buffer.length) return 'is cut: its tree does not fit in it';
  const separator = buffer.subarray(searchTreeSize, searchTreeSize + SEPARATOR_BYTES);
  if (separator.some((byte) => byte !== 0)) return 'is damaged: no separator follows its tree';
  return probeRecords(reader, ipVersion);
}

function probeRecords(reader: Reader<CityResponse>, ipVersion: 4 | 6): string | undefined {
  const tally = { records: 0, usable: 0 };
  try {
    sampleIpv4(reader, tally);
    if (ipVersion === 6) sampleIpv6(reader, tally);
  } catch {
    return 'is damaged: a look-up in it failed';
  }
  if (tally.records === 0) return 'holds no records';
  return tally.usable < tally.records * MIN_USABLE_SHARE ? 'holds neither countries nor coordinates' : undefined;
}

interface Tally {
  records: number;
  usable: number;
}

function sampleIpv4(reader: Reader<CityResponse>, tally: Tally): void {
  const sliceSize = 2 ** 32 / SLICES;
  for (let slice = 0; slice < SLICES; slice += 1) {
    let address = slice * sliceSize;
    const end = address + sliceSize;
    for (let step = 0; step < STEPS_PER_SLICE && address < end; step += 1) {
      const [record, prefixLength] = reader.getWithPrefixLength(formatIpv4(address));
      count(record, tally);
      // A file of both families counts the prefix of what lies above its IPv4 part as under 1.
      address += 2 ** (32 - Math.max(1, Math.min(32, prefixLength)));
    }
  }
}

/** All of IPv6 that is routed lies in 2000::/3; its first 64 bits are walked. */
function sampleIpv6(reader: Reader<CityResponse>, tally: Tally): void {
  const sliceSize = 2n ** 61n / BigInt(SLICES);
  for (let slice = 0n; slice < SLICES; slice += 1n) {
    let high = 2n ** 61n + slice * sliceSize;
    const end = high + sliceSize;
    for (let step = 0; step < STEPS_PER_SLICE && high < end; step += 1) {
      const [record, prefixLength] = reader.getWithPrefixLength(ipv6Text(high));
      count(record, tally);
      high += 2n ** BigInt(64 - Math.max(1, Math.min(64, prefixLength)));
    }
  }
}

function ipv6Text(high: bigint): string {
  return `${high.toString(16).padStart(16, '0').replaceAll(/(.{4})/g, '$1:')}:`;
}

function count(record: unknown, tally: Tally): void {
  if (record === null) return;
  tally.records += 1;
  if (readRecord(record).state === 'known') tally.usable += 1;
}
