import { type IpWords, parseIpRange } from '../../src/kernel/ip-address.ts';

/** What a record may hold: enough for the two shapes of GeoIP data. */
export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

export interface MmdbOptions {
  /** 6: the tree holds both families, IPv4 under ::/96, as MaxMind's own files do. */
  readonly ipVersion: 4 | 6;
  readonly networks: Readonly<Record<string, MmdbValue>>;
  readonly builtAt?: Date;
  readonly databaseType?: string;
}

type Branch = Node | number | undefined;
interface Node {
  left: Branch;
  right: Branch;
}

const RECORD_SIZE = 24;
const SEPARATOR = Buffer.alloc(16);
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** Writes a small file in the MaxMind DB format 2.0, in which a later network overrides an earlier, wider one. */
export function writeMmdb({ ipVersion, networks, builtAt = new Date(), databaseType = 'test city' }: MmdbOptions): Buffer {
  const root: Node = { left: undefined, right: undefined };
  const data: Buffer[] = [];
  let dataLength = 0;
  for (const [cidr, value] of Object.entries(networks)) {
    insert(root, bitsOf(cidr, ipVersion), dataLength);
    const encoded = encode(value);
    data.push(encoded);
    dataLength += encoded.length;
  }
  const nodes = numberNodes(root);
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Math.floor(builtAt.getTime() / 1000),
    database_type: databaseType,
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: nodes.length,
    record_size: RECORD_SIZE,
  });
  return Buffer.concat([writeTree(nodes), SEPARATOR, ...data, METADATA_MARKER, metadata]);
}

function bitsOf(cidr: string, ipVersion: 4 | 6): readonly boolean[] {
  const range = parseIpRange(cidr);
  if (range === undefined) throw new Error(`${cidr} is not a range`);
  const mapped = range.family === 4 && ipVersion === 6;
  const words: IpWords = mapped ? [0, 0, 0, ...range.first] : range.first;
  const length = range.prefixLength + (mapped ? 96 : 0);
  return Array.from({ length }, (_, at) => (((words[at >> 5] ?? 0) >>> (31 - (at & 31))) & 1) === 1);
}

function insert(root: Node, bits: readonly boolean[], dataOffset: number): void {
  let node = root;
  for (const [depth, bit] of bits.entries()) {
    const side = bit ? 'right' : 'left';
    if (depth === bits.length - 1) {
      node[side] = dataOffset;
      return;
    }
    const next = node[side];
    // A wider network that stands here keeps the half that the narrower one leaves.
    const child: Node = typeof next === 'object' ? next : { left: next, right: next };
    node[side] = child;
    node = child;
  }
}

function numberNodes(root: Node): readonly Node[] {
  const nodes = [root];
  for (const node of nodes) {
    for (const child of [node.left, node.right]) if (typeof child === 'object') nodes.push(child);
  }
  return nodes;
}

function writeTree(nodes: readonly Node[]): Buffer {
  const numbers = new Map(nodes.map((node, at) => [node, at]));
  const tree = Buffer.alloc((nodes.length * RECORD_SIZE) / 4);
  const record = (branch: Branch): number => {
    if (branch === undefined) return nodes.length;
    return typeof branch === 'number' ? nodes.length + SEPARATOR.length + branch : (numbers.get(branch) ?? 0);
  };
  for (const [at, node] of nodes.entries()) {
    tree.writeUIntBE(record(node.left), at * 6, 3);
    tree.writeUIntBE(record(node.right), at * 6 + 3, 3);
  }
  return tree;
}

const TYPE = { string: 2, double: 3, uint32: 6, map: 7, array: 11 } as const;

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(TYPE.string, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return encodeNumber(value);
  if (Array.isArray(value)) return Buffer.concat([control(TYPE.array, value.length), ...value.map((item: MmdbValue) => encode(item))]);
  const entries = Object.entries(value as Readonly<Record<string, MmdbValue>>);
  return Buffer.concat([control(TYPE.map, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])]);
}

/** Whole numbers from 2 on are integers; the rest are doubles, as coordinates are. */
function encodeNumber(value: number): Buffer {
  const isCount = Number.isInteger(value) && value >= 2;
  const body = Buffer.alloc(isCount ? 4 : 8);
  if (isCount) body.writeUInt32BE(value);
  else body.writeDoubleBE(value);
  return Buffer.concat([control(isCount ? TYPE.uint32 : TYPE.double, body.length), body]);
}

/** Types over 7 are written as "extended"; sizes from 29 on take another byte (up to 284 is all that tests need). */
function control(type: number, size: number): Buffer {
  const [low, ...more] = size < 29 ? [size] : [29, size - 29];
  return type > 7 ? Buffer.from([low ?? 0, type - 7, ...more]) : Buffer.from([(type << 5) | (low ?? 0), ...more]);
}
