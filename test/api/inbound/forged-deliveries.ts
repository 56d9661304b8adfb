import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Secret } from '../../../src/kernel/secret.ts';
import { signAdminToken, signJoinToken } from '../../../src/platform/livekit/livekit-token.ts';
import {
  digestOf,
  EU_RETIRED,
  EU_SIGN,
  EU_VERIFY,
  eventBody,
  part,
  tokenFor,
  US_SIGN,
  type SentDelivery,
  type TokenParts,
} from './delivery.ts';

export interface Forgery extends SentDelivery {
  readonly name: string;
  /** What it is answered with; 401 unless something else is wrong first. */
  readonly status: number;
}

/** Deliveries that differ from a genuine one in one thing that must be refused, for each kind of event. */
export function forgeDeliveries(): Forgery[] {
  const bodies = {
    'room event': () => eventBody('room_finished'),
    'participant event': () => eventBody('participant_joined', { participant: { sid: 'PA_bbbbbbbbbbbb', identity: 'g:ada', joinedAt: '1795233951' } }),
    'track event': () => eventBody('track_published', { participant: { sid: 'PA_bbbbbbbbbbbb', identity: 'g:ada' }, track: { sid: 'TR_cccccccccccc' } }),
  };
  return Object.entries(bodies).flatMap(([kind, makeBody]) =>
    [...badAlgorithms, ...badKeys, ...badTimes, ...badDigests, ...badShapes, ...damagedBodies, ...badAddresses].flatMap((forge) =>
      Object.entries(forge(makeBody())).map(([name, forgery]) => ({
        region: 'eu-fra',
        status: 401,
        ...forgery,
        name: `${kind}: ${name}`,
      })),
    ),
  );
}

type Draft = Partial<Forgery> & Pick<Forgery, 'body' | 'headers'>;
type Forge = (body: Buffer) => Readonly<Record<string, Draft>>;

function withToken(body: Buffer, token: string): Draft {
  return { body, headers: ['Authorization', token, 'Content-Type', 'application/webhook+json'] };
}

/** One forgery for each named variation of the token's parts. */
function vary(variations: Readonly<Record<string, TokenParts | ((body: Buffer) => TokenParts)>>): Forge {
  return (body) =>
    Object.fromEntries(
      Object.entries(variations).map(([name, parts]) => [
        name,
        withToken(body, tokenFor(body, EU_SIGN, typeof parts === 'function' ? parts(body) : parts)),
      ]),
    );
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const badAlgorithms: readonly Forge[] = [
  vary({
    'algorithm none, signed all the same': { header: { alg: 'none' } },
    'algorithm in lower case': { header: { alg: 'hs256' } },
    'algorithm with a blank': { header: { alg: 'HS256 ' } },
    'algorithm missing': { header: { typ: 'JWT' } },
    'algorithm null': { header: { alg: null } },
    'algorithm a number': { header: { alg: 256 } },
    'algorithm a list': { header: { alg: ['HS256'] } },
    'algorithm empty': { header: { alg: '' } },
    'HS384 under the same secret': { header: { alg: 'HS384' }, hash: 'sha384' },
    'HS512 under the same secret': { header: { alg: 'HS512' }, hash: 'sha512' },
    'HS256 said, SHA-512 used': { hash: 'sha512' },
    'RS256 said, HMAC used': { header: { alg: 'RS256' } },
    'a critical extension that we do not know': { header: { alg: 'HS256', crit: ['b64'], b64: false } },
    'a key of its own in the header': { header: { alg: 'HS256', jwk: { kty: 'oct', k: part('mine') } }, secret: 'mine' },
    'a key address in the header': { header: { alg: 'HS256', jku: 'http://127.0.0.1:9/keys', kid: '1' }, secret: 'mine' },
  }),
  (body) => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const claims = { iss: EU_SIGN.key, exp: nowSeconds() + 300, sha256: digestOf(body) };
    const text = (alg: string): string => `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
    const publicKey = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const rs256 = sign('sha256', Buffer.from(text('RS256')), rsa.privateKey).toString('base64url');
    const confused = createHmac('sha256', publicKey).update(text('HS256')).digest('base64url');
    return {
      'RS256 by a key of its own': withToken(body, `${text('RS256')}.${rs256}`),
      'HS256 with a public key as the secret': withToken(body, `${text('HS256')}.${confused}`),
      ...Object.fromEntries(
        ['none', 'None', 'NONE', 'nOnE'].map((alg) => [`${alg} without a signature`, withToken(body, `${text(alg)}.`)]),
      ),
    };
  },
];

const badKeys: readonly Forge[] = [
  vary({
    'a wrong secret': { secret: 'not-the-secret-0123456789abcdef01234567' },
    'an empty secret': { secret: '' },
    'the secret of another key of the region': { secret: EU_VERIFY.secret },
    'the key id as the secret': { secret: EU_SIGN.key },
    'no issuer': { claims: { iss: undefined } },
    'an empty issuer': { claims: { iss: '' } },
    'an unknown issuer': { claims: { iss: 'APIunknown' } },
    'an issuer in another case': { claims: { iss: EU_SIGN.key.toUpperCase() } },
    'an issuer that is a number': { claims: { iss: 7 } },
    'an issuer that is a list': { claims: { iss: [EU_SIGN.key] } },
    'an issuer called __proto__': { claims: { iss: '__proto__' } },
    'an issuer called constructor': { claims: { iss: 'constructor' } },
  }),
  (body) => ({
    'the key of another region': withToken(body, tokenFor(body, US_SIGN)),
    'our issuer under the key of another region': withToken(body, tokenFor(body, US_SIGN, { claims: { iss: EU_SIGN.key } })),
    'a retired key': withToken(body, tokenFor(body, EU_RETIRED)),
  }),
];

const badTimes: readonly Forge[] = [
  vary({
    'no expiry': { claims: { exp: undefined } },
    'an expiry of null': { claims: { exp: null } },
    'an expiry in words': { claims: { exp: '2099-01-01T00:00:00Z' } },
    'an expiry as digits in a text': () => ({ claims: { exp: String(nowSeconds() + 300) } }),
    'an expiry of zero': { claims: { exp: 0 } },
    'an expiry before the epoch': { claims: { exp: -1 } },
    'expired 70 s ago': () => ({ claims: { exp: nowSeconds() - 70 } }),
    'expired a day ago': () => ({ claims: { exp: nowSeconds() - 86_400 } }),
    'valid in 70 s': () => ({ claims: { nbf: nowSeconds() + 70 } }),
    'valid in a year': () => ({ claims: { nbf: nowSeconds() + 31_536_000 } }),
    'a beginning in words': { claims: { nbf: 'now' } },
  }),
];

const badDigests: readonly Forge[] = [
  vary({
    'no digest': { claims: { sha256: undefined } },
    'an empty digest': { claims: { sha256: '' } },
    'a digest of null': { claims: { sha256: null } },
    'a digest that is a number': { claims: { sha256: 1 } },
    'the digest of nothing': { claims: { sha256: digestOf(Buffer.alloc(0)) } },
    'the digest of another body': { claims: { sha256: digestOf(Buffer.from('{}')) } },
    'the digest in a list': (body) => ({ claims: { sha256: [digestOf(body)] } }),
    'the digest in hexadecimal': (body) => ({ claims: { sha256: digestOf(body, 'hex') } }),
    'the digest without padding': (body) => ({ claims: { sha256: digestOf(body).replace(/=+$/, '') } }),
    'the digest with a blank': (body) => ({ claims: { sha256: `${digestOf(body)} ` } }),
    'a SHA-512 digest': (body) => ({ claims: { sha256: digestOf(body, 'base64', 'sha512') } }),
    'a SHA-1 digest': (body) => ({ claims: { sha256: digestOf(body, 'base64', 'sha1') } }),
    'the digest under another name': (body) => ({ claims: { sha256: undefined, SHA256: digestOf(body) } }),
  }),
  (body) => {
    const key = { key: EU_SIGN.key, secret: new Secret(EU_SIGN.secret) };
    const grant = { room: 'room_01.1', canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: [], canUpdateOwnMetadata: false, hidden: false } as const;
    const participant = { identity: 'g:ada', name: 'Ada', metadata: '', attributes: {}, kind: 'standard', grant, ttlSeconds: 600, nowMs: Date.now() } as const;
    return {
      'a join token of the region': withToken(body, signJoinToken(key, participant)),
      'an agent\'s join token': withToken(body, signJoinToken(key, { ...participant, kind: 'agent' })),
      'an admin token of the region': withToken(body, signAdminToken(key, { roomCreate: true, roomList: true }, Date.now())),
    };
  },
];

const badShapes: readonly Forge[] = [
  (body) => {
    const token = tokenFor(body, EU_SIGN);
    const [head = '', claims = '', signature = ''] = token.split('.');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const shapes: Readonly<Record<string, string>> = {
      'an empty token': '',
      'the word Bearer before the token': `Bearer ${token}`,
      'the word bearer before the token': `bearer ${token}`,
      'Basic credentials': `Basic ${part('user:password')}`,
      'an API key': 'mk_0123456789_abcdefghijklmnopqrstuvwxyz',
      'a word': 'null',
      'two dots': '..',
      'one part': head,
      'two parts': `${head}.${claims}`,
      'four parts': `${token}.${signature}`,
      'five parts, as of an encrypted token': `${head}.${claims}.${signature}.${claims}.${signature}`,
      'quotes around it': `"${token}"`,
      'a trailing equals sign': `${token}=`,
      'a blank in the middle': `${head}. ${claims}.${signature}`,
      'a comma and the same again': `${token},${token}`,
      'a signature with one letter changed': `${head}.${claims}.${flipped}`,
      'a signature cut short': `${head}.${claims}.${signature.slice(0, -2)}`,
      'a signature with more behind': `${token}AA`,
      'another spelling of the same signature': `${head}.${claims}.${otherSpelling(signature)}`,
      'no signature': `${head}.${claims}.`,
      'a header that is no JSON': `${part('not json')}.${claims}.${signature}`,
      'a header that is a list': `${part([1])}.${claims}.${signature}`,
      'claims that are null': `${head}.${part('null')}.${signature}`,
      'claims that are no JSON': `${head}.${part('{')}.${signature}`,
      'header and claims exchanged': `${claims}.${head}.${signature}`,
      'eight thousand letters': `${head}.${'A'.repeat(8_000)}.${signature}`,
      'claims nested five thousand deep': `${head}.${part('['.repeat(1_000) + ']'.repeat(1_000))}.${signature}`,
    };
    return Object.fromEntries(Object.entries(shapes).map(([name, text]) => [name, withToken(body, text)]));
  },
  (body) => {
    const token = tokenFor(body, EU_SIGN);
    return {
      'no token at all': { body, headers: ['Content-Type', 'application/webhook+json'] },
      'the token in another header': { body, headers: ['Authorize', token] },
      'the token in a cookie': { body, headers: ['Cookie', `access_token=${token}`] },
      'a good header and a bad one': { body, headers: ['Authorization', token, 'Authorization', 'x'] },
      'a bad header and a good one': { body, headers: ['Authorization', 'x', 'Authorization', token] },
      'the good header twice': { body, headers: ['Authorization', token, 'Authorization', token] },
    };
  },
];

/** The last letter of a 256-bit signature carries two bits that mean nothing. */
function otherSpelling(signature: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = letters.indexOf(signature.at(-1) ?? 'A');
  return `${signature.slice(0, -1)}${letters[last ^ 1] ?? 'A'}`;
}

const damagedBodies: readonly Forge[] = [
  (body) => {
    const token = tokenFor(body, EU_SIGN);
    const text = body.toString();
    const damaged: Readonly<Record<string, Buffer>> = {
      'another event under the same token': Buffer.from(text.replace(/"event":"\w+"/, '"event":"room_started"')),
      'another room under the same token': Buffer.from(text.replace('room_01.1', 'room_02.1')),
      'one bit flipped': Buffer.from(body.map((byte, index) => (index === 10 ? byte ^ 1 : byte))),
      'written anew with blanks': Buffer.from(JSON.stringify(JSON.parse(text), null, 1)),
      'its members in another order': Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed()))),
      'a byte order mark before it': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
      'a blank before it': Buffer.concat([Buffer.from(' '), body]),
      'a line end behind it': Buffer.concat([body, Buffer.from('\n')]),
      'a NUL behind it': Buffer.concat([body, Buffer.from([0])]),
      'twice': Buffer.concat([body, body]),
      'cut in the middle': body.subarray(0, body.length / 2),
      'cut by one byte': body.subarray(0, -1),
      'nothing': Buffer.alloc(0),
      'an empty object': Buffer.from('{}'),
      'in UTF-16': Buffer.from(text, 'utf16le'),
      'escaped as JSON allows': Buffer.from(text.replace('room_01', '\\u0072oom_01')),
      'compressed, without a word': gzipSync(body),
    };
    return Object.fromEntries(Object.entries(damaged).map(([name, bytes]) => [name, withToken(bytes, token)]));
  },
  (body) => {
    const compressed = gzipSync(body);
    const huge = Buffer.concat([body.subarray(0, -1), Buffer.from(`,"x":"${'x'.repeat(256 * 1024)}"}`)]);
    const signed = (bytes: Buffer): Draft => withToken(bytes, tokenFor(bytes, EU_SIGN));
    return {
      'compressed and said so, rightly signed': {
        ...signed(compressed),
        headers: [...signed(compressed).headers, 'Content-Encoding', 'gzip'],
        status: 415,
      },
      'longer than 256 kB, rightly signed': { ...signed(huge), status: 413 },
    };
  },
];

const badAddresses: readonly Forge[] = [
  (body) => ({
    'sent to another region': { ...withToken(body, tokenFor(body, EU_SIGN)), region: 'us-iad' },
    'sent to a region that we do not have': { ...withToken(body, tokenFor(body, EU_SIGN)), region: 'xx-none', status: 404 },
    'sent to the region in capitals': { ...withToken(body, tokenFor(body, EU_SIGN)), region: 'EU-FRA', status: 404 },
    'sent to __proto__': { ...withToken(body, tokenFor(body, EU_SIGN)), region: '__proto__', status: 404 },
    'sent to constructor': { ...withToken(body, tokenFor(body, EU_SIGN)), region: 'constructor', status: 404 },
    'sent up the tree': { ...withToken(body, tokenFor(body, EU_SIGN)), region: '..%2feu-fra', status: 404 },
    'sent to a NUL': { ...withToken(body, tokenFor(body, EU_SIGN)), region: 'eu-fra%00', status: 400 },
    'sent to broken UTF-8': { ...withToken(body, tokenFor(body, EU_SIGN)), region: '%ff', status: 400 },
  }),
];
